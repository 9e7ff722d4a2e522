"""A request as code for backends: curl, the official SDKs, the CLI. Each can be run without changes."""

import re
import shlex
from collections.abc import Mapping
from typing import Any

from admin_ui.activity_types.registry import TYPES
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.sending.literals import javascript, json_text, python, python_string, string

PYTHON_CALLS = {
    Operation.BADGE: "badge_count",
    Operation.PUSH: "notifications.send",
    Operation.START: "live_activities.start",
    Operation.UPDATE: "live_activities.update",
    Operation.END: "live_activities.end",
    Operation.STREAM: "live_activities.stream",
    Operation.END_STREAM: "live_activities.end_stream",
}
NODE_CALLS = {
    Operation.BADGE: "badgeCount",
    Operation.PUSH: "notifications.send",
    Operation.START: "liveActivities.start",
    Operation.UPDATE: "liveActivities.update",
    Operation.END: "liveActivities.end",
    Operation.STREAM: "liveActivities.stream",
    Operation.END_STREAM: "liveActivities.endStream",
}
CLI_COMMANDS = {
    Operation.BADGE: "badge",
    Operation.PUSH: "push",
    Operation.START: "activity start",
    Operation.UPDATE: "activity update",
    Operation.END: "activity end",
    Operation.STREAM: "activity stream",
    Operation.END_STREAM: "activity end-stream",
}
HOLDERS = {Operation.BADGE: "notifications"}
"""A resource whose host is the client's, for calls of the client itself."""
BY_ITS_PLACE = (Operation.BADGE, "badge")
"""The field for which the CLI has no option."""
CHANNELS = "target"
"""The field that the CLI has another word for."""


def in_all_languages(request: ApiRequest, gateway_url: str) -> dict[str, str]:
    """The request by the name of the language; `gateway_url` is where backends find the API."""
    return {
        "curl": curl(request, gateway_url),
        "Python": python_sdk(request, gateway_url),
        "Node": node_sdk(request, gateway_url),
        "CLI": cli(request, gateway_url),
    }


def curl(request: ApiRequest, gateway_url: str) -> str:
    """A command for any POSIX shell; the key is taken from `ACTIVITYSMITH_API_KEY`."""
    lines = [
        f"curl -X {request.method} {shlex.quote(gateway_url + request.path)}",
        '-H "Authorization: Bearer $ACTIVITYSMITH_API_KEY"',
    ]
    if request.body:
        lines += [
            '-H "Content-Type: application/json"',
            '-H "Prefer: handling=strict"',
            f"--data-raw {shlex.quote(json_text(request.body, '  '))}",
        ]
    return " \\\n  ".join(lines)


def python_sdk(request: ApiRequest, gateway_url: str) -> str:
    """A program for the official Python SDK."""
    resource = HOLDERS.get(request.operation) or PYTHON_CALLS[request.operation].partition(".")[0]
    arguments = [python_string(request.stream_key)] if _is_stream(request) else []
    if request.operation is Operation.BADGE:
        arguments.append(python(request.body["badge"]))
        arguments += [f"channels={python(request.channels, '  ')}"] if request.channels else []
    elif request.body:
        arguments.append(python(request.body, "  "))
    return "\n".join(
        [
            "import os",
            "from activitysmith import ActivitySmith",
            "",
            'activitysmith = ActivitySmith(api_key=os.environ["ACTIVITYSMITH_API_KEY"])',
            f"activitysmith.{resource}._api.api_client.configuration.host = {python_string(f'{gateway_url}/api')}",
            "",
            *_remark(request, "#"),
            f"activitysmith.{PYTHON_CALLS[request.operation]}(",
            *(f"  {argument}," for argument in arguments),
            ")",
        ]
    )


def node_sdk(request: ApiRequest, gateway_url: str) -> str:
    """A program (an ES module) for the official Node SDK."""
    resource = HOLDERS.get(request.operation) or NODE_CALLS[request.operation].partition(".")[0]
    arguments = [string(request.stream_key)] if _is_stream(request) else []
    if request.operation is Operation.BADGE:
        arguments.append(javascript(request.body["badge"]))
        arguments += [javascript({"channels": request.channels})] if request.channels else []
    elif request.body:
        arguments.append(javascript(request.body))
    return "\n".join(
        [
            'import ActivitySmith from "activitysmith";',
            "",
            "const activitysmith = new ActivitySmith({ apiKey: process.env.ACTIVITYSMITH_API_KEY });",
            f"activitysmith.{resource}.api.configuration.configuration.basePath = {string(f'{gateway_url}/api')};",
            "",
            *_remark(request, "//"),
            f"await activitysmith.{NODE_CALLS[request.operation]}({', '.join(arguments)});",
        ]
    )


def cli(request: ApiRequest, gateway_url: str) -> str:
    """A command of `activitysmith`."""
    lines = [f"activitysmith {CLI_COMMANDS[request.operation]}"]
    if _is_stream(request):
        lines[0] += f" {shlex.quote(request.stream_key)}"
    if request.operation is Operation.BADGE:
        lines[0] += f" {_cli_value('badge', request.body['badge'])}"
    lines.append(f"--base-url {shlex.quote(gateway_url)}")
    options = {name: value for name, value in request.body.items() if (request.operation, name) != BY_ITS_PLACE}
    lines += [f"--{_cli_option(name)} {shlex.quote(_cli_value(name, value))}" for name, value in options.items()]
    return " \\\n  ".join(lines)


def _is_stream(request: ApiRequest) -> bool:
    return request.operation in {Operation.STREAM, Operation.END_STREAM}


def _remark(request: ApiRequest, comment: str) -> list[str]:
    state = request.body.get("content_state")
    kind = state.get("type") if isinstance(state, Mapping) else None
    if kind is None or TYPES[kind].is_known_to_sdks:
        return []
    return [f"{comment} The current SDKs do not support type {kind} with steps: use curl for it."]


def _cli_option(name: str) -> str:
    return "channels" if name == CHANNELS else name.replace("_", "-")


def _cli_value(name: str, value: Any) -> str:
    if name == CHANNELS:
        return ",".join(value.get("channels", ()))
    if name == "content_state":
        # The CLI is documented with camel case here.
        return json_text({_camel(key): item for key, item in value.items()})
    return value if isinstance(value, str) else json_text(value)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)
