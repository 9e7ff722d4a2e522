"""One trace leads from a client through all processes to APNs, and carries nothing private."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.observability.collector import Span
from tests.observability.conftest import Observed
from tests.stack import Stack
from tests.waiting import LONG, eventually

PUSH = "POST /api/push-notification"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def of_client(trace_id: str = TRACE, *, sampled: bool = True) -> dict[str, str]:
    """The header of a client that traces."""
    return {"traceparent": f"00-{trace_id}-{PARENT}-{'01' if sampled else '00'}"}


def until_apns(observed: Observed, trace_id: str, pushes: int = 1) -> dict[str, Span]:
    """The spans of the trace, once so many requests to APNs are among them, and each span's parent."""

    def complete(spans: dict[str, Span]) -> bool:
        sent = [span for span in spans.values() if span.name == "POST /3/device"]
        parents = {span.parent_id for span in spans.values()}
        return len(sent) >= pushes and parents <= {*spans, PARENT}

    return eventually(f"{trace_id} is complete", lambda: observed.collector.trace(trace_id), until=complete)


def path_to(spans: dict[str, Span], name: str) -> list[tuple[str, str]]:
    """Service and name of each span from the root to the one with this name."""
    span: Span | None = next(span for span in spans.values() if span.name == name)
    path: list[tuple[str, str]] = []
    while span is not None:
        path.insert(0, (span.service, span.name))
        span = spans.get(span.parent_id)
    return path


SEND = "PushNotificationService/SendPushNotification"


def test_a_push_is_one_trace_from_the_client_to_apns(observed: Observed) -> None:
    answer = observed.key.post(
        "/api/push-notification", json={"title": "traced"}, headers={**of_client(), "X-Request-Id": "traced-1"}
    )
    assert answer.status_code == 200
    spans = until_apns(observed, TRACE)
    assert path_to(spans, "POST /3/device") == [
        ("smith-gateway", PUSH),
        ("smith-gateway", SEND),
        ("smith-core", SEND),
        ("smith-delivery", "push"),
        ("smith-delivery", "POST /3/device"),
    ]
    root = next(span for span in spans.values() if span.name == PUSH)
    assert root.parent_id == PARENT
    assert root.attributes["http.response.status_code"] == 200
    assert {span.attributes.get("smith.request_id") for span in spans.values()} <= {"traced-1", None}
    line = eventually("the trace is in the logs", lambda: [x for x in observed.logs() if x.get("trace_id") == TRACE])
    assert {entry["request_id"] for entry in line} == {"traced-1"}


def test_a_live_activitys_state_is_one_trace_as_well(observed: Observed) -> None:
    trace_id = "a" * 32
    body = {"content_state": {"title": "Backup", "type": "progress", "percentage": 5}}
    answer = observed.key.put("/api/live-activity/stream/traced", json=body, headers=of_client(trace_id))
    assert answer.status_code == 200, answer.text
    services = [service for service, _ in path_to(until_apns(observed, trace_id), "POST /3/device")]
    assert services == ["smith-gateway", "smith-gateway", "smith-core", "smith-delivery", "smith-delivery"]


def test_pushes_that_share_a_call_keep_each_its_own_trace(observed: Observed) -> None:
    traces = [f"{number:032x}" for number in range(1, 9)]

    def send(trace_id: str) -> int:
        headers = of_client(trace_id)
        return observed.key.post("/api/push-notification", json={"title": trace_id}, headers=headers).status_code

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(send, traces)) == [200] * 8
    for trace_id in traces:
        spans = until_apns(observed, trace_id)
        assert len([span for span in spans.values() if span.name == SEND]) == 2
        assert path_to(spans, "POST /3/device")[0] == ("smith-gateway", PUSH)


def test_what_a_client_does_not_sample_is_not_sent(observed: Observed) -> None:
    quiet, loud = "b" * 32, "c" * 32
    for trace_id, sampled in ((quiet, False), (loud, True)):
        headers = of_client(trace_id, sampled=sampled)
        assert observed.key.post("/api/push-notification", json={"title": "t"}, headers=headers).status_code == 200
    until_apns(observed, loud)
    assert not observed.collector.trace(quiet)


@pytest.mark.parametrize("broken", ["", "00-zz-zz-01", f"00-{'0' * 32}-{PARENT}-01", "x" * 3000])
def test_a_header_that_cannot_be_read_begins_a_new_trace(observed: Observed, broken: str) -> None:
    name = f"broken-{len(broken)}"
    headers = {"traceparent": broken, "X-Request-Id": name}
    assert observed.key.get("/api/no-such-thing", headers=headers).status_code == 404
    eventually(
        "a trace of its own",
        lambda: [s for s in list(observed.collector.spans) if s.attributes.get("smith.request_id") == name],
    )


def test_spans_carry_no_secrets_tokens_or_contents(observed: Observed) -> None:
    trace_id = "d" * 32
    secret_path = f"{observed.stack.quickstart.webhook_sink_url}/very-private-path"
    action = {"title": "Run", "type": "webhook", "url": secret_path, "method": "POST"}
    body = {"title": "what nobody should read", "actions": [action]}
    assert observed.key.post("/api/push-notification", json=body, headers=of_client(trace_id)).status_code == 200
    shown = observed.phone.shows("what nobody should read")
    observed.phone.do("tap", action_id=shown["actions"][0]["id"])
    until_apns(observed, trace_id)
    eventually("the tap is traced", lambda: [span for span in list(observed.collector.spans) if span.name == "webhook"])
    tokens = [request["token"] for request in observed.team.simulator.get("/apns/requests").json()["requests"]]
    assert tokens
    everything = b"".join(observed.collector.bodies)
    secrets = [observed.stack.api_key, observed.stack.owner_password, "very-private-path", shown["actions"][0]["id"]]
    for secret in [*secrets, "what nobody should read", *tokens]:
        assert secret.encode() not in everything


def test_questions_about_health_are_neither_traced_nor_warned_about(observed: Observed) -> None:
    """Not even those that were answered 503 while the server was starting."""
    observed.stack.wait_answering()
    trace_id = "f" * 32
    assert observed.key.get("/api/nothing", headers=of_client(trace_id)).status_code == 404
    eventually("a later trace is there", lambda: observed.collector.trace(trace_id))
    assert not [span for span in list(observed.collector.spans) if span.name.endswith("z")]
    asked = [line for line in observed.logs() if line.get("route") == "/readyz"]
    assert asked
    assert {line["level"] for line in asked} == {"info"}


def test_requests_that_fail_are_marked_by_whose_fault_it_is(observed: Observed) -> None:
    trace_id = "e" * 32
    answer = observed.key.get("/api/live-activity/" + "x" * 32, headers=of_client(trace_id))
    assert answer.status_code in (404, 405)
    spans = eventually("the trace is there", lambda: observed.collector.trace(trace_id))
    assert not any(span.failed for span in spans.values())


# --- when it is off, or cannot be ---


def run(code: str, said: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Runs Python with this environment and no other setting; `said` is on its standard input."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SMITH_", "OTEL_"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=clean | env,
        input=said,
        capture_output=True,
        text=True,
        timeout=3 * LONG,
        check=False,
    )


CONFIGURED = """
from service_kit import tracing
tracing.configure("test")
"""
ALL_THREE = """
import json, os, sys
import gateway.wiring, core_service.app.wiring, delivery_service.wiring
from service_kit import tracing
# Importing them takes a second: one process does, and has a child for each environment.
for env in json.loads(sys.stdin.read()):
    if os.fork() == 0:
        os.environ.update(env)
        tracing.configure("test")
        said = tracing.is_on(), any(name.startswith("opentelemetry.sdk") for name in sys.modules)
        print(*said, flush=True)
        os._exit(0)
    assert os.wait()[1] == 0
"""
COLLECTORS: list[tuple[dict[str, str], str]] = [
    ({}, "False False"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, "True True"),
    ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}, "True True"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}, "False False"),
    ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"}, "False False"),
]


@pytest.mark.thorough
def test_nothing_is_loaded_unless_a_collector_is_named() -> None:
    said = run(ALL_THREE, json.dumps([env for env, _ in COLLECTORS])).stdout.splitlines()
    assert said == [expected for _, expected in COLLECTORS]


OF_LIBRARIES = """
from opentelemetry import trace
from service_kit import tracing
tracing.configure("test")
with tracing.span("ours", trace.SpanKind.SERVER) as ours:
    with trace.get_tracer("fastapi").start_as_current_span("/reset?secret") as theirs:
        print(ours.is_recording(), theirs.is_recording())
tracing.shutdown()
"""


@pytest.mark.thorough
def test_what_libraries_would_tell_of_requests_is_not_recorded() -> None:
    """FastAPI, beneath the admin, traces by itself and keeps whole URLs, which may hold secrets."""
    assert run(OF_LIBRARIES, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1").stdout.strip() == "True False"


@pytest.fixture
def without_the_extra(tmp_path: Path) -> dict[str, str]:
    """An environment in which OpenTelemetry's SDK cannot be imported, and a collector is named."""
    (tmp_path / "opentelemetry" / "sdk").mkdir(parents=True)
    (tmp_path / "opentelemetry" / "sdk" / "__init__.py").write_text("raise ImportError('not here')\n")
    return {"PYTHONPATH": str(tmp_path), "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}


@pytest.mark.parametrize("module", ["gateway", "core_service", "delivery_service"])
def test_a_process_says_what_to_install(without_the_extra: dict[str, str], module: str) -> None:
    settings = {"SMITH_DATABASE_URL": "postgresql://127.0.0.1:1/x"} | without_the_extra
    ended = run(f"import runpy; runpy.run_module('{module}', run_name='__main__')", **settings)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert "pip install '.[tracing]'" in line
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in line


def test_so_does_smith_up(without_the_extra: dict[str, str]) -> None:
    with Stack(**without_the_extra) as stack:
        process = stack.launch()
        assert process.wait(90) == 2
        assert "smith up: OTEL_EXPORTER_OTLP_ENDPOINT is set" in stack.stderr
        assert "[tracing]" in stack.stderr


def test_a_protocol_that_is_not_spoken_is_refused() -> None:
    ended = run(CONFIGURED, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1", OTEL_EXPORTER_OTLP_PROTOCOL="grpc")
    assert ended.returncode == 2
    assert "http/protobuf" in ended.stderr


EXPORT_SECONDS = str(int(2 * LONG))
"""How long the exporter may take, instead of ten seconds: to wait for that is longer than a busy machine takes."""
AWAY = """
import time
from service_kit import tracing
from opentelemetry.trace import SpanKind
tracing.configure("test")
began = time.monotonic()
for _ in range(20000):
    with tracing.span("x", SpanKind.SERVER):
        pass
spent = time.monotonic() - began
import gc
from opentelemetry.sdk.trace import ReadableSpan
kept = sum(isinstance(thing, ReadableSpan) for thing in gc.get_objects())
began = time.monotonic()
tracing.shutdown()
print(spent, kept, time.monotonic() - began)
"""


@pytest.mark.thorough
def test_a_collector_that_takes_nothing_neither_blocks_nor_fills_memory() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as mute:
        endpoint = f"http://127.0.0.1:{mute.getsockname()[1]}"
        told = run(AWAY, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_EXPORTER_OTLP_TIMEOUT=EXPORT_SECONDS).stdout
    spent, kept, shutdown = map(float, told.split())
    assert spent < LONG
    assert kept < 3000
    assert shutdown < LONG


@pytest.mark.thorough
def test_a_gateway_whose_collector_is_away_stops_in_time(tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("SMITH_", "OTEL_"))}
    env |= {
        "SMITH_GATEWAY_PORT": "0",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "OTEL_EXPORTER_OTLP_TIMEOUT": EXPORT_SECONDS,
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "gateway"], env=env, stderr=log)
    try:
        eventually("it serves", lambda: "serving on" in (tmp_path / "log").read_text())
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(3 * LONG) == 0
        assert time.monotonic() - began < LONG
    finally:
        process.kill()
        process.wait()
