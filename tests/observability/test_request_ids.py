"""One request id leads through the logs of all processes."""

import functools
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.observability.conftest import Observed, until_known_to_all
from tests.waiting import eventually


def put_stream(key: httpx.Client, stream: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    body = {"content_state": {"title": "Backup", "type": "progress", "percentage": 5}}
    answer = key.put(f"/api/live-activity/stream/{stream}", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_id_of_a_push_is_in_the_logs_of_all_three_processes(observed: Observed) -> None:
    sent = observed.key.post("/api/push-notification", json={"title": "hello"}, headers={"X-Request-Id": "push-1"})
    assert sent.headers["x-request-id"] == "push-1"
    lines = until_known_to_all(observed, "push-1")
    (access,) = eventually("it is logged, after it is answered", lambda: access_lines(observed, "push-1"))
    assert (access["method"], access["route"], access["status"]) == ("POST", "/api/push-notification", 200)
    assert access["duration_ms"] > 0
    pushes = [line["message"] for line in lines if line["process"] == "delivery"]
    assert any("accepted" in message for message in pushes)


def test_so_is_the_id_of_a_live_activitys_state(observed: Observed) -> None:
    """Though the reconciler sends it, for whom all requests are one."""
    put_stream(observed.key, "backup", {"X-Request-Id": "state-1"})
    until_known_to_all(observed, "state-1")


def test_so_is_the_id_of_a_tap_on_a_webhook_action(observed: Observed) -> None:
    def taps() -> list[dict[str, Any]]:
        return [line for line in observed.logs() if line.get("route") == "/api/device/actions/{action_id}/run"]

    url = f"{observed.stack.quickstart.webhook_sink_url}/tapped"
    action = {"title": "Run", "type": "webhook", "url": url, "method": "POST"}
    answer = observed.key.post("/api/push-notification", json={"title": "tap me", "actions": [action]})
    assert answer.status_code == 200, answer.text
    shown = observed.phone.shows("tap me")
    before = len(taps())
    observed.phone.do("tap", action_id=shown["actions"][0]["id"])
    access = eventually("the tap is logged", taps, until=lambda lines: len(lines) > before)[-1]
    lines = until_known_to_all(observed, access["request_id"])
    assert any("webhook call: succeeded" in line["message"] for line in lines if line["process"] == "delivery")


def test_requests_that_share_a_call_of_the_delivery_service_keep_each_its_own(observed: Observed) -> None:
    names = [f"together-{number}" for number in range(8)]

    def send(name: str) -> int:
        body = {"title": name}
        return observed.key.post("/api/push-notification", json=body, headers={"X-Request-Id": name}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(send, names)) == [200] * 8
    for name in names:
        lines = until_known_to_all(observed, name)
        own = [line for line in lines if line["process"] == "delivery"]
        assert len(own) == len({line["message"] for line in own})


def test_an_id_that_could_forge_a_line_is_not_taken(observed: Observed) -> None:
    answer = observed.key.get("/api/status", headers={"X-Request-Id": "a b"})
    assert answer.headers["x-request-id"] != "a b"


def test_every_line_is_an_object_that_says_when_where_and_what(observed: Observed) -> None:
    observed.key.post("/api/push-notification", json={"title": "hello"})
    for line in observed.logs():
        assert {"time", "level", "process", "logger", "message"} <= line.keys(), line


def test_no_secret_and_no_push_token_is_in_the_logs_of_any_process(observed: Observed) -> None:
    """At the most talkative level."""
    observed.key.post("/api/push-notification", json={"title": "hello"}, headers={"X-Request-Id": "secret-1"})
    until_known_to_all(observed, "secret-1")
    tokens = [request["token"] for request in observed.team.simulator.get("/apns/requests").json()["requests"]]
    assert tokens
    wrong = observed.team.anybody.post("/api/sessions", json={"email": "x@example.com", "password": "a wrong guess"})
    assert wrong.status_code == 401
    log = observed.stack.stderr
    for secret in (observed.stack.api_key, observed.stack.owner_password, "a wrong guess", *tokens):
        assert secret not in log
    assert not re.search(r"(ask|dev|ses|inv|whsec)_[A-Za-z0-9]", log)


def test_what_no_request_waits_for_has_no_id(observed: Observed) -> None:
    """Connections to APNs outlive the push that was the first to need one."""
    observed.key.post("/api/push-notification", json={"title": "hello"})
    connected = [line for line in observed.logs() if line["message"].startswith("connected to ")]
    assert connected
    assert not [line for line in connected if "request_id" in line or "trace_id" in line]


def access_lines(observed: Observed, request_id: str) -> list[dict[str, Any]]:
    """What the access log says of a request."""
    return [line for line in observed.lines_of(request_id) if line["logger"] == "gateway.access"]


def test_the_access_log_names_no_path_query_or_credential(observed: Observed) -> None:
    phone = observed.phone.device_id
    observed.team.owner.get(f"/api/delivery-log?device_id={phone}", headers={"X-Request-Id": "log-1"})
    observed.team.owner.get(f"/nowhere/{phone}", headers={"X-Request-Id": "log-2"})
    for name in ("log-1", "log-2"):
        (line,) = eventually("it is logged, after it is answered", functools.partial(access_lines, observed, name))
        assert phone not in str(line)
        assert "earer" not in str(line)
