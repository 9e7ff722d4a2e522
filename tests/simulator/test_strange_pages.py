"""The control API takes orders from programs, and from no page that a browser on this machine happens to show."""

from pathlib import Path

import httpx
import pytest

from tests.simulator.conftest import Handset
from tests.simulator.process import SimulatorProcess
from tests.waiting import LONG

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
CURL = {"user-agent": "curl/8.9.1", "content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}


def asks(simulator: SimulatorProcess, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> int:
    return httpx.request(method, f"{simulator.url}{path}", headers=headers, content=body, timeout=LONG).status_code


@pytest.mark.parametrize("path", ["/phones", "/mails", "/clock", "/healthz"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8090", 200),
        ("localhost:8090", 200),
        ("LOCALHOST", 200),
        ("[::1]:8090", 200),
        ("evil.example", 421),
        ("evil.example:8090", 421),
        ("127.0.0.1.evil.example", 421),
        ("[::1].evil.example", 421),
        ("localhost@evil.example", 421),
        ("192.0.2.1", 421),
    ],
)
def test_another_name_for_this_machine_is_refused(
    simulator: SimulatorProcess, path: str, host: str, status: int
) -> None:
    """DNS rebinding makes one."""
    assert asks(simulator, "GET", path, {"host": host}) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example", "content-type": "text/plain"}, 403),
        ({"origin": "https://evil.example", **JSON}, 403),
        ({"origin": "null", **JSON}, 403),
        ({"origin": "http://127.0.0.1:1", **JSON}, 403),
        ({"sec-fetch-site": "cross-site", **JSON}, 403),
        ({"sec-fetch-site": "same-site", **JSON}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "multipart/form-data; boundary=x"}, 415),
        # Browsers of old say nothing but their name.
        ({"user-agent": FIREFOX, "content-type": "application/x-www-form-urlencoded"}, 415),
        ({"user-agent": FIREFOX}, 415),
        ({"referer": "http://evil.example/", **CURL}, 415),
        ({"sec-ch-ua": "x", **CURL}, 415),
        (CURL, 200),
        (JSON, 200),
        ({"content-type": "application/json; charset=utf-8"}, 200),
        ({}, 200),
    ],
    ids=str,
)
def test_what_a_page_can_send_without_asking_first_changes_nothing(
    simulator: SimulatorProcess, handset_of_many: Handset, headers: dict[str, str], status: int
) -> None:
    path = f"/phones/{handset_of_many.id}/settings"
    simulator.http.post(path, json={"offline": False}).raise_for_status()
    assert asks(simulator, "POST", path, headers, b'{"offline": true}') == status
    assert simulator.http.get(f"/phones/{handset_of_many.id}").json()["settings"]["offline"] is (status == 200)


def test_a_page_reads_nothing(simulator: SimulatorProcess) -> None:
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert asks(simulator, "GET", "/mails", headers) == 403


@pytest.mark.slow
def test_the_name_that_others_know_it_by_is_its_own(tmp_path: Path) -> None:
    """As in containers; and on any address of the machine, each of them."""
    process = SimulatorProcess(tmp_path, SMITH_SIMULATOR_NAME="simulator", SMITH_SIMULATOR_BIND_HOST="0.0.0.0")
    process.start()
    process.url = process.url.replace("0.0.0.0", "127.0.0.1")
    try:
        statuses = [
            asks(process, "GET", "/phones", {"host": host}) for host in ("simulator:8090", "192.0.2.1:8090", "x")
        ]
        assert statuses == [200, 200, 421]
    finally:
        process.stop()
