"""The contact address for push services is one that Apple takes, or the operator is told."""

import pytest

from service_kit.web_push_subject import PLACEHOLDER, first_public, why_refused


@pytest.mark.parametrize(
    "subject",
    [
        "mailto:operator@example.com",
        "mailto:o.p+push@mail.example.co.uk",
        "https://push.example.com",
        "https://push.example.com/contact?x=1",
        "https://push.example.com:8443/",
        "https://xn--bcher-kva.example",
        "https://local.example.com",
    ],
)
def test_an_address_of_the_public_internet_is_taken(subject: str) -> None:
    assert why_refused(subject) == ""


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "operator@example.com",
        "http://push.example.com",
        "ftp://push.example.com",
        "mailto:",
        "mailto:operator",
        "mailto:@example.com",
        "mailto:a b@example.com",
        "mailto:<operator@example.com>",
        "mailto:operator@localhost",
        "mailto:operator@LOCALHOST",
        "mailto:operator@server.local",
        "mailto:operator@server.local.",
        "mailto:operator@server.invalid",
        "mailto:operator@server.test",
        "mailto:operator@server.internal",
        "mailto:operator@server",
        "mailto:operator@192.168.1.2",
        "mailto:operator@[::1]",
        "https://",
        "https://localhost:8080",
        "https://app.localhost",
        "https://127.0.0.1",
        "https://[::1]/",
        "https://[::1",
        "https://203.0.113.9",
        "https://a..example.com",
        "https://bücher.example",
        "mailto:operator@example.com\r\nX-Evil: 1",
        "mailto:" + "a" * 600 + "@example.com",
    ],
)
def test_what_apple_refuses_is_refused_with_a_sentence(subject: str) -> None:
    assert why_refused(subject).startswith(("it must be", "its host must be"))


def test_the_first_public_address_is_the_default() -> None:
    assert first_public("", "Server <push@example.com>", "https://b.example.com") == "mailto:push@example.com"
    assert first_public(
        "ActivitySmith <activitysmith@localhost>", "http://127.0.0.1:8080", "https://b.example.com"
    ) == ("https://b.example.com")
    assert first_public("", "http://127.0.0.1:8080") == PLACEHOLDER
    assert why_refused(PLACEHOLDER)
