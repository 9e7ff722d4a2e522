"""Which addresses a phone cannot reach, and which only some phones can."""

import pytest

from service_kit.reach import doubts_for_phones, unreachable_for_phones


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000", "http://127.8.9.1", "https://localhost", "http://localhost.:8000", "http://a.localhost",
        "http://[::1]:8000", "http://0.0.0.0:8000", "http://[::]:8000", "http://[::ffff:127.0.0.1]:8000",
    ],
)  # fmt: skip
def test_an_address_of_the_machine_itself_is_none_that_a_phone_can_reach(url: str) -> None:
    assert unreachable_for_phones(url).startswith(f"No phone can reach {url}")
    assert "SMITH_GATEWAY_URL" in unreachable_for_phones(url)


@pytest.mark.parametrize(
    ("url", "doubt"),
    [
        ("https://push.example.com", ""),
        ("https://203.0.114.9:8443", ""),
        ("http://push.example.com", "not https"),
        ("https://192.168.1.20:8000", "same network"),
        ("https://100.64.0.1", ""),
        ("https://[fd00::1]", "same network"),
        ("https://server.local", "same network"),
        ("https://gateway", "same network"),
    ],
)
def test_any_other_address_is_taken_for_reachable_and_doubts_are_named(url: str, doubt: str) -> None:
    assert unreachable_for_phones(url) == ""
    said = doubts_for_phones(url)
    assert (doubt in said) if doubt else said == ""


def test_plain_http_in_the_own_network_has_both_doubts() -> None:
    said = doubts_for_phones("http://10.0.0.5:8000")
    assert "same network" in said
    assert "not https" in said
