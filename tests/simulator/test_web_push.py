"""What the simulated push service accepts and refuses, each kind in its own words, and how it fails on demand."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.simulator.app_server import AppServer, notification
from tests.simulator.browser import PairedBrowser
from tests.simulator.conftest import MakeBrowser
from tests.simulator.gateway import StandInGateway
from tests.simulator.process import SimulatorProcess
from tests.stack import free_ports

KINDS = ["apple", "chrome", "firefox"]


def faults(browser: PairedBrowser, *chosen: dict[str, Any]) -> None:
    """Sets faults."""
    response = browser.simulator.http.post("/web-push/faults", json={"faults": chosen})
    assert response.status_code == 200, response.text


def test_an_accepted_message_has_a_place_and_is_logged(make_browser: MakeBrowser) -> None:
    browser = make_browser("chrome")
    answer = browser.push(notification(), urgency="very-low", topic="abc", ttl="7")
    endpoint = browser.reports[0]["endpoint"]
    assert answer.status_code == 201
    assert answer.headers["location"].startswith(endpoint.partition("/wpush/")[0])
    subscription = endpoint.rpartition("/")[2]
    (seen,) = browser.simulator.http.get("/web-push/requests", params={"subscription": subscription}).json()["requests"]
    assert (seen["status"], seen["urgency"], seen["topic"], seen["ttl"]) == (201, "very-low", "abc", "7")


@pytest.mark.parametrize(
    ("claims", "apple", "chrome", "firefox"),
    [
        ({"aud": "https://example.com"}, 403, 403, 401),
        ({"exp": -5}, 403, 403, 401),
        ({"exp": 25 * 3600}, 403, 403, 401),
        ({"exp": None}, 403, 403, 401),
        ({"sub": None}, 403, 201, 401),
        ({"sub": "ops@example.com"}, 403, 201, 401),
        ({"sub": "mailto:ops@localhost"}, 403, 201, 201),
        ({"sub": "mailto:ops@smith.local"}, 403, 201, 201),
        ({"sub": "https://smith.example.com"}, 201, 201, 201),
    ],
)
def test_what_a_signature_must_say(
    make_browser: MakeBrowser, claims: dict[str, Any], apple: int, chrome: int, firefox: int
) -> None:
    if claims.get("exp") is not None:
        # From now on: an hour may have gone by since the tests were collected.
        claims = {"exp": int(time.time()) + claims["exp"]}
    answers = [make_browser(kind).push(notification(), claims=claims) for kind in KINDS]
    assert [one.status_code for one in answers] == [apple, chrome, firefox]
    if apple == 403:
        assert answers[0].json() == {"reason": "BadJwtToken"}


def test_another_key_than_the_one_subscribed_with_is_refused(make_browser: MakeBrowser) -> None:
    stranger = AppServer()
    answers = [stranger.push(make_browser(kind).reports[0], notification()) for kind in KINDS]
    assert [one.status_code for one in answers] == [400, 403, 403]
    assert answers[0].json() == {"reason": "VapidPkHashMismatch"}
    assert "do not correspond" in answers[1].text


def test_a_signature_by_another_key_than_it_names_is_refused(make_browser: MakeBrowser) -> None:
    browser, stranger = make_browser("firefox"), AppServer()
    forged = stranger.vapid(browser.reports[0]["endpoint"]).replace(stranger.public_key, browser.server.public_key)
    assert browser.push(notification(), authorization=forged).status_code == 401
    assert browser.push(notification(), authorization=None).status_code == 401
    assert browser.push(notification(), authorization="vapid t=x, k=y").status_code == 401
    assert browser.titles() == []


@pytest.mark.parametrize(
    ("headers", "apple", "chrome", "firefox"),
    [
        ({"ttl": None}, 400, 400, 400),
        ({"ttl": "-1"}, 400, 400, 400),
        ({"urgency": "urgent"}, 400, 400, 400),
        ({"topic": "x" * 33}, 400, 400, 400),
        ({"topic": "a.b"}, 400, 400, 400),
        ({"topic": "mail-batch-10"}, 400, 201, 201),
        ({"topic": "x" * 32}, 201, 201, 201),
        ({"content_encoding": None}, 400, 400, 415),
        ({"content_encoding": "aesgcm"}, 400, 400, 415),
    ],
)
def test_what_the_headers_must_be(
    make_browser: MakeBrowser, headers: dict[str, str | None], apple: int, chrome: int, firefox: int
) -> None:
    answers = [make_browser(kind).push(notification(), **headers) for kind in KINDS]
    assert [one.status_code for one in answers] == [apple, chrome, firefox]
    if "topic" in headers and apple == 400:
        assert answers[0].json() == {"reason": "BadWebPushTopic"}


def test_more_than_4096_bytes_are_refused_however_many_come(make_browser: MakeBrowser) -> None:
    for kind in KINDS:
        browser = make_browser(kind)
        assert browser.push(b"", body=b"x" * 4097).status_code == 413
        assert browser.push(b"", body=b"x" * 1_000_000).status_code == 413


def test_an_endpoint_that_never_was_is_a_404(make_browser: MakeBrowser) -> None:
    browser = make_browser("chrome")
    unknown = browser.reports[0] | {"endpoint": browser.reports[0]["endpoint"] + "0"}
    assert browser.server.push(unknown, notification()).status_code == 404


def test_faults_are_used_up_one_request_at_a_time(make_browser: MakeBrowser) -> None:
    chrome, apple = make_browser("chrome"), make_browser("apple")
    faults(chrome, {"kind": "chrome", "status": 429, "retry_after": "7", "count": 2}, {"kind": "apple", "status": 503})
    answers = [chrome.push(notification()) for _ in range(3)]
    assert [one.status_code for one in answers] == [429, 429, 201]
    assert answers[0].headers["retry-after"] == "7"
    assert [apple.push(notification()).status_code for _ in range(2)] == [503, 503]
    chrome.simulator.http.delete("/web-push/faults")
    assert apple.push(notification()).status_code == 201


def test_a_reason_is_answered_as_the_kind_writes_it(make_browser: MakeBrowser) -> None:
    apple = make_browser("apple")
    faults(apple, {"status": 403, "reason": "BadJwtToken", "count": 1})
    assert apple.push(notification()).json() == {"reason": "BadJwtToken"}


def test_a_connection_that_is_cut_gives_no_answer_although_the_message_arrived(make_browser: MakeBrowser) -> None:
    browser = make_browser("chrome")
    faults(browser, {"action": "cut", "count": 1})
    with pytest.raises(httpx.TransportError):
        browser.push(notification("arrived"))
    assert browser.titles() == ["arrived"]


def test_a_delayed_answer_comes_later_than_the_message(make_browser: MakeBrowser) -> None:
    browser = make_browser("chrome")
    faults(browser, {"delay_seconds": 0.5, "count": 1})
    begun = time.monotonic()
    browser.pushed(notification())
    # Its clock counts whole milliseconds.
    assert time.monotonic() - begun >= 0.49


@pytest.mark.parametrize(
    "body", [{"faults": [{"status": 99}]}, {"faults": [{"count": 0}]}, {"faults": [{"kind": "edge"}]}, {"faults": {}}]
)
def test_a_fault_that_makes_no_sense_is_refused(make_browser: MakeBrowser, body: dict[str, Any]) -> None:
    response = make_browser("chrome").simulator.http.post("/web-push/faults", json=body)
    assert response.status_code == 400
    assert response.json()["message"].startswith("faults")


def test_browsers_and_what_is_held_for_them_outlive_a_restart(
    tmp_path: Path, gateway: StandInGateway, app_server: AppServer
) -> None:
    (port,) = free_ports(1)
    settings = {"SMITH_GATEWAY_URL": gateway.url, "SMITH_WEBPUSH_SIMULATOR_PORT": str(port)}
    process = SimulatorProcess(tmp_path, **settings).start()
    browser = PairedBrowser.pair(process, gateway, app_server, "firefox")
    browser.pushed(notification("before"))
    browser.settings(offline=True)
    browser.pushed(notification("held", tag="n-2"))
    process.stop()
    browser.simulator = SimulatorProcess(tmp_path, **settings).start()
    try:
        assert browser.titles() == ["before"]
        browser.settings(offline=False)
        assert browser.titles() == ["before", "held"]
        browser.pushed(notification("after", tag="n-3"))
        assert browser.titles() == ["before", "held", "after"]
    finally:
        browser.simulator.stop()
