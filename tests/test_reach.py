"""Which addresses a phone cannot reach, and which only some phones can."""

import pytest

from service_kit.reach import (
    doubts_for_browsers,
    doubts_for_phones,
    is_for_this_computer,
    unreachable_for_browsers,
    unreachable_for_phones,
)


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


@pytest.mark.parametrize("url", ["http://10.0.0.5:8000", "http://server.local", "http://gateway", "http://[fd00::1]"])
def test_plain_http_in_the_own_network_can_be_read_by_others_there(url: str) -> None:
    said = doubts_for_phones(url)
    assert "same network" in said
    assert "read along" in said
    assert "refuses" not in said


@pytest.mark.parametrize(
    "url", ["http://203.0.114.9", "http://100.64.0.1", "http://server.lan", "http://a.b", "http://a.tail1.ts.net"]
)
def test_plain_http_elsewhere_is_refused_to_the_app(url: str) -> None:
    assert "iOS refuses it to the app" in doubts_for_phones(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://127.8.9.1", "https://localhost", "http://a.localhost", "http://[::1]:8000"]
)
def test_browsers_receive_at_an_address_of_their_own_computer_there_alone(url: str) -> None:
    assert is_for_this_computer(url)
    said = unreachable_for_browsers(url)
    assert said.startswith(f"At {url} only browsers on the server's own computer receive.")
    assert "SMITH_GATEWAY_URL" in said


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://push.example.com", "https addresses only"),
        ("http://192.168.1.20:8000", "https addresses only"),
        ("http://server.local", "https addresses only"),
        ("http://0.0.0.0:8000", "No browser can reach"),
        ("https://[::]", "No browser can reach"),
        ("https:///phone", "No browser can reach"),
    ],
)
def test_browsers_receive_at_no_other_address_without_https(url: str, why: str) -> None:
    assert not is_for_this_computer(url)
    said = unreachable_for_browsers(url)
    assert why in said
    assert "docs/web-push.md" in said


@pytest.mark.parametrize(
    ("url", "doubts"),
    [
        ("https://push.example.com", []),
        ("https://machine.tail1234.ts.net", []),
        ("https://203.0.114.9:8443", ["certificate"]),
        ("https://192.168.1.20", ["same network", "certificate"]),
        ("https://server.local", ["same network", "certificate"]),
    ],
)
def test_at_an_https_address_browsers_receive_and_doubts_are_named(url: str, doubts: list[str]) -> None:
    assert unreachable_for_browsers(url) == ""
    assert not is_for_this_computer(url)
    said = doubts_for_browsers(url)
    assert all(doubt in said for doubt in doubts)
    assert bool(said) == bool(doubts)
