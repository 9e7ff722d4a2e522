"""What is wrong with a request that was composed, all of it at once: what core would tell one thing at a time.

Only what a form can know by itself. Core has the last word.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from admin_ui.sending.api_request import ApiRequest, Operation

AN_HTTPS_URL = "Write a URL that begins with https://"
STATE = "content_state"
STEPWISE = ("segmented_progress", "counter", "timer", "countdown")


def violations(request: ApiRequest) -> dict[str, str]:
    """By the path of the API's field: what to change, in a sentence."""
    found = _of_push(request.body) if request.operation is Operation.PUSH else _of_activity(request)
    return dict(found)


def _of_push(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not body["title"].strip():
        yield "title", "Write a title."
    for name in ("media", "redirection"):
        if name in body and not _is_https(body[name]):
            yield name, AN_HTTPS_URL
    actions = body.get("actions", ())
    if actions and "media" in body:
        yield "media", "Media and buttons cannot go together: empty this, or remove the buttons."
    if not body.get("badge", 0) >= 0:
        yield "badge", "Write a number from 0."
    for place, action in enumerate(actions):
        yield from _of_action(action, f"actions[{place}]")


def _of_activity(request: ApiRequest) -> Iterator[tuple[str, str]]:
    body = request.body
    if request.operation in {Operation.STREAM, Operation.END_STREAM} and not request.stream_key.strip():
        yield "stream_key", "Write a key: it names the thing that the stream is about."
    if request.operation in {Operation.UPDATE, Operation.END} and not body["activity_id"].strip():
        yield "activity_id", "Write the id that the start has answered."
    yield from _of_state(body["content_state"])
    if "action" in body:
        yield from _of_action(body["action"], "action")


def _of_state(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not state["title"].strip():
        yield f"{STATE}.title", "Write a title."
    if state["type"] in STEPWISE:
        yield from _of_steps(state)
    if state["type"] == "progress":
        yield from _of_progress(state)
    for place, metric in enumerate(state.get("metrics", ())):
        yield from _of_metric(metric, f"{STATE}.metrics[{place}]")


def _of_steps(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("number_of_steps", "current_step"):
        if state.get(name, 0) < 1:
            yield f"{STATE}.{name}", "Write a number from 1."
    if 1 <= state.get("number_of_steps", 0) < state.get("current_step", 0):
        yield f"{STATE}.current_step", f"Write {state['number_of_steps']} at most: there are no more steps."


def _of_progress(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not 0 <= state.get("percentage", 0) <= 100:
        yield f"{STATE}.percentage", "Write a number from 0 to 100."
    if "percentage" not in state and not {"value", "upper_limit"} <= state.keys():
        yield f"{STATE}.percentage", "Write a percentage, or a value with its upper limit."


def _of_metric(metric: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if not metric["label"].strip():
        yield f"{path}.label", "Write a label."
    if "value" not in metric:
        yield f"{path}.value", "Write a value."
    elif metric.get("unit") == "%" and not 0 <= metric["value"] <= 100:
        yield f"{path}.value", "Write a number from 0 to 100."


def _of_action(action: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if not action["title"].strip():
        yield f"{path}.title", "Write what the button says."
    if not _is_https(action["url"]):
        yield f"{path}.url", AN_HTTPS_URL


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)
