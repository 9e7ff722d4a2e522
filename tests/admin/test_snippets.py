"""What is shown as curl and as code can be run as it stands, and sends exactly the request that was composed."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.sending.snippets import cli, curl, in_all_languages, node_sdk, python_sdk

NASTY = [
    "it's",
    '"quoted" $HOME `id` $(id) \\ \\n !!',
    "two\nlines\tand\ra tab",
    "@file",
    "-x",
    "Build Failed 🚨 \u202eright to left",
    "\x00\x1b[31m\u2028\x7f",
    "</script><b>${x}",
    "\U000e0041",
]


class Gateway:
    """Keeps what it is sent and answers that all is well."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, str | None, Any]] = []
        self.preferences: list[str | None] = []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                return

            def take(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                document = json.loads(body) if body else None
                gateway.preferences.append(self.headers["prefer"])
                gateway.requests.append((self.command, self.path, self.headers["authorization"], document))
                operation = "ended" if self.command == "DELETE" else "updated"
                answer = json.dumps({**ANSWER, "operation": operation}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_PUT = do_DELETE = take  # noqa: N815 - names that the library wants

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def last(self) -> tuple[str, str, str | None, Any]:
        """The one request that came."""
        requests, self.requests = self.requests, []
        (request,) = requests
        return request


ANSWER = {
    "success": True, "notification_id": "n", "devices_notified": 1, "devices_queued": 0, "users_notified": 1,
    "timestamp": "2026-11-23T12:00:00.000Z", "stream_key": "k", "activity_id": "a",
    "badge": 0, "devices_updated": 1, "users_updated": 1, "effective_channel_slugs": [],
}  # fmt: skip


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """Listens on a free port."""
    gateway = Gateway()
    yield gateway
    gateway.server.shutdown()
    gateway.server.server_close()


def push(text: str) -> ApiRequest:
    """A push with `text` everywhere that text can be."""
    return ApiRequest(
        Operation.PUSH,
        {
            "title": text,
            "message": text,
            "actions": [
                {
                    "title": text,
                    "type": "webhook",
                    "url": "https://example.com/a?b=c&d='e'",
                    "method": "POST",
                    "body": {text: [text, None, True, 1.5, {}], "__proto__": text},
                }
            ],
            "badge": 0,
            "target": {"channels": ["ops", "devs"]},
        },
    )


SDK_EXTRAS = ("counts_down", "is_running")

STATE = {"title": "Deploy", "type": "segmented_progress", "number_of_steps": 4, "current_step": 2, "color": "lime"}
METRICS = {"title": "Health", "type": "metrics", "metrics": [{"label": "CPU", "value": 9.5, "unit": "%"}]}
REQUESTS = [
    ApiRequest(Operation.PUSH, {"title": "Hello"}),
    ApiRequest(Operation.START, {"content_state": STATE, "target": {"channels": ["ops"]}}),
    ApiRequest(Operation.START, {"content_state": {"title": "Up", "type": "progress", "value": 3, "upper_limit": 7}}),
    ApiRequest(Operation.UPDATE, {"activity_id": "abc", "content_state": {"title": "Deploy", "percentage": 60}}),
    ApiRequest(Operation.END, {"activity_id": "abc", "content_state": {**STATE, "auto_dismiss_minutes": 1}}),
    ApiRequest(Operation.STREAM, {"content_state": METRICS}, "prod-web-1"),
    ApiRequest(Operation.END_STREAM, {}, "prod-web-1"),
    ApiRequest(Operation.BADGE, {"badge": 0}),
    ApiRequest(Operation.BADGE, {"badge": 3, "target": {"channels": ["ops", "devs"]}}),
    ApiRequest(Operation.END_STREAM, {"content_state": METRICS}, "prod-web-1"),
]


def sent(request: ApiRequest) -> tuple[str, str, str, Any]:
    """What a backend has to send for it."""
    return request.method, request.path, "Bearer ask_secret", dict(request.body) or None


def run_curl(request: ApiRequest, gateway: Gateway) -> tuple[str, str, str | None, Any]:
    """What arrives when a shell runs the command."""
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "ACTIVITYSMITH_API_KEY": "ask_secret"}
    subprocess.run(["/bin/sh", "-c", curl(request, gateway.url)], env=environment, check=True, capture_output=True)
    return gateway.last()


@pytest.mark.parametrize("request_", [*REQUESTS, *map(push, NASTY)])
def test_a_shell_that_runs_the_curl_command_sends_the_request(gateway: Gateway, request_: ApiRequest) -> None:
    assert run_curl(request_, gateway) == sent(request_)


@pytest.mark.parametrize("language", ["curl", "CLI"])
def test_a_shell_that_runs_a_command_has_misspelt_fields_refused(gateway: Gateway, language: str) -> None:
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "ACTIVITYSMITH_API_KEY": "ask_secret"}
    command = in_all_languages(REQUESTS[0], gateway.url)[language]
    subprocess.run(["/bin/sh", "-c", command], env=environment, check=True, capture_output=True)
    gateway.last()
    assert gateway.preferences[-1] == "handling=strict"


def test_a_stream_key_that_the_api_refuses_still_breaks_nothing(gateway: Gateway) -> None:
    request = ApiRequest(Operation.STREAM, {"content_state": STATE}, "a b/../'$(id)?#é")
    assert run_curl(request, gateway)[1] == "/api/live-activity/stream/a%20b%2F..%2F%27%24%28id%29%3F%23%C3%A9"


@pytest.mark.parametrize("request_", [*REQUESTS, *map(push, NASTY)])
def test_the_official_python_sdk_sends_the_request(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, request_: ApiRequest
) -> None:
    monkeypatch.setenv("ACTIVITYSMITH_API_KEY", "ask_secret")
    exec(python_sdk(request_, gateway.url), {})  # noqa: S102 - it is what the page shows
    method, path, authorization, body = gateway.last()
    # The SDK adds two fields of its own to every state, which the server takes.
    for name in SDK_EXTRAS if body and "content_state" in body else ():
        del body["content_state"][name]
    assert (method, path, authorization, body) == sent(request_)


WITH_ALL_OPTIONS = [
    ApiRequest(Operation.PUSH, {"title": "x", "payload": {"a": [1]}, "badge": 0, "sound": "chime.caf"}),
    ApiRequest(Operation.START, {"content_state": STATE, "action": {"title": "t"}, "alert": {"title": "it's"}}),
]


@pytest.mark.parametrize("request_", [*REQUESTS, *WITH_ALL_OPTIONS, push("it's $HOME `id` \\ 🚨 \u2028\n-x")])
def test_a_shell_that_runs_the_cli_command_sends_the_request(gateway: Gateway, request_: ApiRequest) -> None:
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    environment = {"PATH": path, "ACTIVITYSMITH_API_KEY": "ask_secret"}
    command = cli(request_, gateway.url)
    subprocess.run(["/bin/sh", "-c", command], env=environment, check=True, capture_output=True)
    method, route, authorization, body = gateway.last()
    if body and "content_state" in body:
        # The documentation of the CLI is in camel case, which the server takes as well.
        state = {re.sub("([A-Z])", r"_\1", name).lower(): value for name, value in body["content_state"].items()}
        assert "numberOfSteps" in body["content_state"] or "number_of_steps" not in state
        body["content_state"] = state
    assert (method, route, authorization, body) == sent(request_)


def test_the_node_sdk_is_asked_for_a_number_by_its_own_call() -> None:
    code = node_sdk(ApiRequest(Operation.BADGE, {"badge": 3, "target": {"channels": ["ops"]}}), "http://gateway")
    assert code.splitlines()[-3:] == ["await activitysmith.badgeCount(3, {", '  channels: ["ops"]', "});"]


def test_code_says_where_the_sdks_differ_from_this_server() -> None:
    legacy = ApiRequest(Operation.START, {"content_state": {**STATE, "type": "counter"}})
    for code in (python_sdk(legacy, "http://gateway"), node_sdk(legacy, "http://gateway")):
        assert "counter" in code.partition("The current SDKs do not support type")[2]
    assert set(in_all_languages(legacy, "http://gateway")) == {"curl", "Python", "Node", "CLI"}
