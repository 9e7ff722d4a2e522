"""Checks a composed request and reports all errors at once, where core reports one at a time.

These are only the rules that a form can check by itself. Core checks all.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from smith.core.v1.live_activity_pb2 import LiveActivityAction
from smith.core.v1.push_notification_pb2 import PushNotificationAction

from admin_ui.activity_types.registry import TYPES
from admin_ui.api_contract import BADGE_FIELDS, PUSH_FIELDS, STATE_FIELDS, range_problem, rules_of
from admin_ui.playground.fields import STATE
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.texts import _

ONLY_HTTPS = "^https://"
AN_HTTPS_URL = _("Write a URL that begins with https://")
A_LINK = _("Write a link, such as https://example.com or shortcuts://run-shortcut?name=Lights")


def violations(request: ApiRequest) -> dict[str, str]:
    """By the path of the API's field: what to change, in a sentence."""
    if request.operation is Operation.PUSH:
        return dict(_of_push(request.body))
    return dict(_of_badge(request.body) if request.operation is Operation.BADGE else _of_activity(request))


def _of_push(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not body["title"].strip():
        yield "title", _("Write a title.")
    for name, value in body.items():
        rules = rules_of(PUSH_FIELDS[name])
        if rules.format == "uri" and (problem := _problem_of_url(value, rules.pattern)):
            yield name, problem
    actions = body.get("actions", ())
    if actions and "media" in body:
        yield "media", _("Media and buttons cannot go together: empty this, or remove the buttons.")
    yield from _of_numbers(body, PUSH_FIELDS, "")
    for place, action in enumerate(actions):
        yield from _of_action(action, f"actions[{place}]", PushNotificationAction.DESCRIPTOR)


def _of_badge(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if body["badge"] is None:
        yield "badge", _("Write a number; 0 removes it from the icon.")
    yield from _of_numbers(body, BADGE_FIELDS, "")


def _of_activity(request: ApiRequest) -> Iterator[tuple[str, str]]:
    body = request.body
    if request.operation in {Operation.STREAM, Operation.END_STREAM} and not request.stream_key.strip():
        yield "stream_key", _("Write a key: it is the name of the stream.")
    if request.operation in {Operation.UPDATE, Operation.END} and not body["activity_id"].strip():
        yield "activity_id", _("Write the activity_id from the answer to the start.")
    yield from _of_state(body["content_state"])
    for name in ("action", "secondary_action"):
        if name in body:
            yield from _of_action(body[name], name, LiveActivityAction.DESCRIPTOR)


def _of_state(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not state["title"].strip():
        yield f"{STATE}.title", _("Write a title.")
    yield from _of_numbers(state, STATE_FIELDS, f"{STATE}.")
    for name, problem in TYPES[state["type"]].problems(state):
        yield f"{STATE}.{name}", problem


def _of_numbers(
    values: Mapping[str, Any], fields: Mapping[str, FieldDescriptor], prefix: str
) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, int | float) and (problem := range_problem(fields[name], value)):
            yield f"{prefix}{name}", problem


def _of_action(action: Mapping[str, Any], path: str, kind: Descriptor) -> Iterator[tuple[str, str]]:
    if not action["title"].strip():
        yield f"{path}.title", _("Write what the button says.")
    pattern = ONLY_HTTPS if action["type"] == "webhook" else rules_of(kind.fields_by_name["url"]).pattern
    if problem := _problem_of_url(action["url"], pattern):
        yield f"{path}.url", problem


def _problem_of_url(url: str, pattern: str) -> str:
    """What to write instead; empty if it is a URL of the kind that the pattern allows."""
    if pattern == ONLY_HTTPS:
        return "" if _is_https(url) else AN_HTTPS_URL
    is_link = re.search(pattern, url.strip()) and not re.fullmatch("https?:/*", url.strip())
    return "" if is_link else A_LINK


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)
