"""What Prometheus is told by a running server, and what the dashboard and the documentation make of it."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.observability.conftest import PROCESSES, Observed
from tests.stack import Stack, free_ports
from tests.waiting import LONG, eventually

QUEUES = {"notifications", "badges", "live_activities", "webhooks"}
ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"\b(?:smith|process|python)_[a-z0-9_]+\b")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",), "info": ("_info", "")}
UUID_OR_TOKEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{32}|(?:ask|dev|ses|inv|whsec)_")


def families(observed: Observed, process: str) -> dict[str, Metric]:
    """The metrics of a process by the names of their families."""
    return {family.name: family for family in text_string_to_metric_families(observed.metrics(process))}


def value(observed: Observed, process: str, name: str, **labels: str) -> float:
    """The sum of the samples with this name and these labels."""
    samples = [sample for family in families(observed, process).values() for sample in family.samples]
    return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())


@pytest.fixture(scope="module")
def used(observed: Observed) -> Observed:
    """The server after a push, a Live Activity, a tap on a webhook action, and a few refusals."""
    url = f"{observed.stack.quickstart.webhook_sink_url}/measured"
    action = {"title": "Run", "type": "webhook", "url": url, "method": "POST"}
    assert observed.key.post("/api/push-notification", json={"title": "measured", "actions": [action]}).is_success
    shown = observed.phone.shows("measured")
    observed.phone.do("tap", action_id=shown["actions"][0]["id"])
    body = {"content_state": {"title": "Backup", "type": "progress", "percentage": 5}}
    assert observed.key.put("/api/live-activity/stream/measured", json=body).is_success
    assert observed.key.post("/api/push-notification", json={"title": ""}).status_code == 400
    assert observed.key.get(f"/nowhere/{observed.phone.device_id}").status_code == 404
    assert observed.team.anybody.get("/api/status").status_code == 401
    calls = "smith_webhook_calls_total"
    eventually("the webhook call is counted", lambda: value(observed, "delivery", calls, result="succeeded"))
    return observed


def test_requests_are_counted_by_route_and_status(used: Observed) -> None:
    def count(**labels: str) -> float:
        return value(used, "gateway", "smith_gateway_requests_total", **labels)

    route = {"method": "POST", "route": "/api/push-notification"}
    before = count(**route, status="200"), count(**route, status="400"), count(route="other", status="404")
    used.key.post("/api/push-notification", json={"title": "one"})
    used.key.post("/api/push-notification", json={"title": ""})
    used.key.get("/nowhere")
    after = count(**route, status="200"), count(**route, status="400"), count(route="other", status="404")
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1]
    observed = value(used, "gateway", "smith_gateway_request_duration_seconds_count", **route)
    assert observed == count(**route)


def test_core_counts_its_calls_by_method_and_code_and_errors_by_reason(used: Observed) -> None:
    method = "PushNotificationService/SendPushNotification"
    assert value(used, "core", "smith_core_calls_total", method=method, code="OK") >= 1
    assert value(used, "core", "smith_core_calls_total", method=method, code="INVALID_ARGUMENT") >= 1
    assert value(used, "core", "smith_core_call_duration_seconds_count", method=method) >= 2
    assert value(used, "core", "smith_core_errors_total", reason="INVALID_REQUEST") >= 1
    assert value(used, "core", "smith_core_errors_total", reason="UNAUTHENTICATED") >= 1
    # The phone reports its tokens whenever it comes to it.
    eventually(
        "no call is in progress",
        lambda: value(used, "core", "smith_core_calls_in_progress"),
        until=lambda count: count == 0,
    )


def test_the_queues_are_told_of_once_they_were_read(used: Observed) -> None:
    eventually("the queues are read", lambda: value(used, "core", "smith_queue_read_timestamp_seconds"))
    told = families(used, "core")
    for name in ("smith_queue_depth", "smith_queue_oldest_due_seconds", "smith_queue_in_progress"):
        assert {sample.labels["queue"] for sample in told[name].samples} == QUEUES


def test_the_pools_of_connections_are_told_of(used: Observed) -> None:
    for pool in ("requests", "batches"):
        assert 1 <= value(used, "core", "smith_database_pool_size", pool=pool) <= 10
        assert value(used, "core", "smith_database_pool_requests_total", pool=pool) > 0


def test_delivery_counts_pushes_and_webhook_calls_by_outcome(used: Observed) -> None:
    def accepted() -> float:
        return value(used, "delivery", "smith_apns_pushes_total", environment="sandbox", outcome="accepted", reason="")

    before = accepted()
    notified = used.key.post("/api/push-notification", json={"title": "one"}).json()["devices_notified"]
    assert notified >= 1
    assert accepted() - before == notified
    assert value(used, "delivery", "smith_apns_push_duration_seconds_count", environment="sandbox") >= accepted()
    assert value(used, "delivery", "smith_apns_connections", environment="sandbox") >= 1
    # What a phone is owed besides is sent whenever its turn comes.
    eventually("no push is under way", lambda: value(used, "delivery", "smith_apns_streams"), until=lambda n: n == 0)
    assert value(used, "delivery", "smith_webhook_call_duration_seconds_count") >= 1


def test_a_route_that_is_stopped_is_told_of_until_it_works_again(used: Observed) -> None:
    def stopped() -> float:
        return value(used, "core", "smith_apns_lines_stopped")

    assert stopped() == 0
    used.team.faults(tokens={"*": [{"status": 403, "reason": "InvalidProviderToken"}]})
    try:
        used.key.post("/api/push-notification", json={"title": "stopped"})
        eventually("an alarm", stopped)
        labels = {"environment": "sandbox", "reach": "environment", "reason": "InvalidProviderToken"}
        assert value(used, "core", "smith_apns_lines_stopped", **labels) == 1
        refused = {"outcome": "misconfigured", "reason": "InvalidProviderToken"}
        assert value(used, "delivery", "smith_apns_pushes_total", **refused) >= 1
    finally:
        used.team.no_faults()
    eventually("no alarm", stopped, until=lambda count: count == 0)


@pytest.mark.parametrize("process", PROCESSES)
def test_no_label_holds_what_a_client_chose_or_an_id(used: Observed, process: str) -> None:
    hostile = {"X-Request-Id": "chosen-by-a-client", "Traceparent": "chosen-by-a-client"}
    used.key.get("/api/chosen-by-a-client?chosen-by-a-client=1", headers=hostile)
    text = used.metrics(process)
    assert "chosen-by-a-client" not in text
    assert used.phone.device_id not in text
    assert not UUID_OR_TOKEN.search(text)


@pytest.mark.parametrize("process", PROCESSES)
def test_memory_and_processor_time_are_told_of(used: Observed, process: str) -> None:
    assert value(used, process, "process_resident_memory_bytes") > 10_000_000
    assert value(used, process, "process_cpu_seconds_total") > 0


def exported(observed: Observed) -> set[str]:
    """Every name that a query can use, of all processes, whether it has values yet or not."""
    names: set[str] = set()
    for process in PROCESSES:
        for name, family in families(observed, process).items():
            names |= {name + suffix for suffix in SUFFIXES.get(family.type, ("",))}
            names |= {sample.name for sample in family.samples}
    return names


def queries() -> Iterator[str]:
    """What the dashboard asks Prometheus."""
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "activitysmith.json").read_text())
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def test_the_dashboard_asks_for_nothing_that_is_not_there(used: Observed) -> None:
    asked = {name for query in queries() for name in NAME.findall(query)}
    assert len(asked) > 30
    assert asked <= exported(used), asked - exported(used)


def test_every_label_that_the_dashboard_asks_for_is_there(used: Observed) -> None:
    told: dict[str, Any] = {
        label: True
        for process in PROCESSES
        for family in families(used, process).values()
        for sample in family.samples
        for label in sample.labels
    }
    grouped = {label.strip() for query in queries() for found in re.findall(r"by \(([^)]*)\)", query)
               for label in found.split(",")}  # fmt: skip
    assert grouped - {"instance"} <= set(told) | {"bound", "reach", "reason"}


def test_the_documentation_names_every_metric_and_no_other(used: Observed) -> None:
    text = (ROOT / "docs" / "observability.md").read_text()
    documented = {name for name in NAME.findall(text) if name.startswith("smith_")}
    ours = {name for process in PROCESSES for name in families(used, process) if name.startswith("smith_")}
    told = exported(used)
    assert documented <= told | ours, documented - told - ours
    named = {name.removesuffix("_total") for name in documented}
    assert ours <= named, ours - named


def test_a_port_for_metrics_that_is_taken_is_named_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with Stack(SMITH_CORE_METRICS_PORT=port) as stack:
            assert stack.launch().wait(90) == 2
            assert f"port {port}" in stack.stderr
            assert "SMITH_CORE_METRICS_PORT" in stack.stderr


def test_one_port_for_all_processes_is_refused() -> None:
    with Stack(SMITH_METRICS_PORT=str(free_ports(1)[0])) as stack:
        assert stack.launch().wait(90) == 2
        assert "SMITH_GATEWAY_METRICS_PORT" in stack.stderr


@pytest.mark.thorough
def test_unused_connections_keep_others_from_reading_for_some_seconds_only(used: Observed) -> None:
    url = httpx.URL(used.metrics_url("gateway"))
    held = [socket.create_connection((url.host, url.port), timeout=LONG) for _ in range(60)]
    try:
        eventually("it can be read again", lambda: readable(str(url)))
    finally:
        for connection in held:
            connection.close()


def readable(url: str) -> bool:
    """Whether the metrics can be read now."""
    try:
        return httpx.get(url, timeout=10, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
