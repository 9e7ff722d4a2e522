"""The control API answers whatever it is sent, and the webhook sink keeps what it gets."""

import http.client
import json
import socket
import ssl
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.simulator.conftest import Handset
from tests.simulator.process import SimulatorProcess
from tests.waiting import LONG

POSTS = [
    "/apns/faults", "/web-push/faults", "/browsers", "/phones", "/phones/{id}/settings", "/phones/{id}/tap",
    "/phones/{id}/rotate-start-token", "/clock",
]  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000, b'{"a":' * 5000, b'{"unknown":1}'])
def test_a_broken_body_is_a_400(simulator: SimulatorProcess, handset_of_many: Handset, path: str, body: bytes) -> None:
    response = simulator.http.post(path.format(id=handset_of_many.id), content=body)
    assert response.status_code == 400
    assert set(response.json()) == {"error", "message"}


@pytest.mark.parametrize("path", POSTS)
def test_a_body_over_256_kb_is_a_413(simulator: SimulatorProcess, handset_of_many: Handset, path: str) -> None:
    response = simulator.http.post(path.format(id=handset_of_many.id), content=b" " * (256 * 1024 + 1))
    assert response.status_code == 413
    assert set(response.json()) == {"error", "message"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/phones/nobody", 404),
        ("POST", "/phones/nobody/tap", 404),
        ("POST", "/phones/nobody/settings", 404),
        ("POST", "/phones/nobody/open", 404),
        ("POST", "/phones/nobody/notifications/clear", 404),
        ("POST", "/phones/nobody/notifications/a/dismiss", 404),
        ("GET", "/phones/changes?wait_seconds=31", 400),
        ("GET", "/phones/changes?wait_seconds=-1", 400),
        ("POST", "/phones/nobody/live-activities/a/dismiss", 404),
        ("POST", "/phones/nobody/live-activities/a/rotate-token", 404),
        ("GET", "/browsers/nobody", 404),
        ("POST", "/browsers/nobody/tap", 404),
        ("POST", "/browsers/nobody/settings", 404),
        ("POST", "/browsers/nobody/notifications/a/dismiss", 404),
        ("GET", "/browsers/changes?wait_seconds=31", 400),
        ("GET", "/web-push/requests?limit=1001", 400),
        ("GET", "/nothing", 404),
        ("PUT", "/phones", 405),
        ("GET", "/apns/requests?limit=0", 400),
        ("GET", "/apns/requests?limit=x", 400),
        ("GET", "/apns/requests?limit=10001", 400),
        ("POST", "/webhooks/no%20spaces", 400),
    ],
)
def test_a_wrong_address_gets_a_json_error(simulator: SimulatorProcess, method: str, path: str, status: int) -> None:
    response = simulator.http.request(method, path)
    assert response.status_code == status
    assert set(response.json()) == {"error", "message"}


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    ["tokens", "settings", "connections", "pairing_code", "name", "action_id", "notification_id", "offline", "old"]
)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(POSTS), body=st.dictionaries(names, documents, max_size=3))
def test_no_body_causes_an_internal_error(
    simulator: SimulatorProcess, handset_of_many: Handset, path: str, body: dict[str, Any]
) -> None:
    response = simulator.http.post(path.format(id=handset_of_many.id), content=json.dumps(body).encode())
    # 503: the gateway that the phones would call is not there.
    assert response.status_code < 500 or response.status_code == 503


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_mistake_of_ours(simulator: SimulatorProcess) -> None:
    host, port = simulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"POST /phones HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    assert simulator.http.get("/healthz").status_code == 200
    assert not [line for line in simulator.lines if "Traceback" in line]


def test_it_is_alive(simulator: SimulatorProcess) -> None:
    assert simulator.http.get("/healthz").json() == {"status": "ok"}


@pytest.mark.thorough
@pytest.mark.slow
def test_an_idle_connection_is_kept_for_longer_than_clients_keep_it(simulator: SimulatorProcess) -> None:
    """Most for five seconds. What is sent at the moment of a connection's end is lost."""
    connection = http.client.HTTPConnection(simulator.url.removeprefix("http://"), timeout=LONG)
    try:
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b'{"status":"ok"}'
        connection.sock.settimeout(6)
        with pytest.raises(TimeoutError):
            connection.sock.recv(1)
    finally:
        connection.close()


def test_the_sink_keeps_calls_of_any_method_newest_last(simulator: SimulatorProcess) -> None:
    url = "/webhooks/any-method"
    port = simulator.sink_url.rpartition(":")[2]
    assert simulator.http.get("/webhooks").json() == {"url": f"https://localhost:{port}/webhooks"}
    assert simulator.http.get(url).json() == {"calls": []}
    trust = ssl.create_default_context(cafile=simulator.folder / "simulator" / "ca.pem")
    with httpx.Client(base_url=simulator.sink_url, verify=trust, timeout=LONG) as caller:
        caller.post(url, content='{"é":1}'.encode(), headers={"x-mine": "yes"})
        caller.put(url, content=b"put")
        caller.get(url, params={"q": "1"})
        caller.get(url)
    calls = simulator.http.get(url).json()["calls"]
    assert [(call["method"], call["query"], call["body"]) for call in calls] == [
        ("POST", "", '{"é":1}'),
        ("PUT", "", "put"),
        ("GET", "q=1", ""),
        ("GET", "", ""),
    ]
    assert calls[0]["headers"]["x-mine"] == "yes"
    assert calls[0]["received_at"] < calls[3]["received_at"]


@pytest.mark.slow
def test_the_sink_keeps_the_last_1000_calls(simulator: SimulatorProcess) -> None:
    with httpx.Client(base_url=simulator.url, timeout=LONG) as client:
        for number in range(1003):
            client.post("/webhooks/many", content=str(number))
        calls = client.get("/webhooks/many").json()["calls"]
    assert [call["body"] for call in calls] == [str(number) for number in range(3, 1003)]


def test_the_sink_answers_as_it_is_told(simulator: SimulatorProcess) -> None:
    url = "/webhooks/told"
    answers = [{"status": 503, "headers": {"Retry-After": "7"}}, {"status": 201, "body": "made"}]
    assert simulator.http.post(f"{url}/answers", json={"answers": answers}).json() == {"answers": 2}
    first, second, third = (simulator.http.post(url) for _ in range(3))
    assert (first.status_code, first.headers["retry-after"]) == (503, "7")
    assert (second.status_code, second.text) == (201, "made")
    assert (third.status_code, third.json()) == (200, {"received": True})


def test_a_call_over_256_kb_is_refused(simulator: SimulatorProcess) -> None:
    assert simulator.http.post("/webhooks/big", content=b"x" * (256 * 1024 + 1)).status_code == 413
    assert simulator.http.get("/webhooks/big").json() == {"calls": []}
