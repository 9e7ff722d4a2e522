"""The playground: what is composed is seen, written down, sent, and what is refused is told where it belongs."""

import json
from typing import Any

import pytest
from nicegui import ElementFilter, ui
from nicegui.testing import User

from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.sending.to_core import NotSendable, to_message
from service_kit.json_mapping import decoder_for, parse_object

STATE = {
    "title": "Deploy", "subtitle": "main", "type": "segmented_progress", "number_of_steps": 4, "current_step": 2,
    "color": "lime", "step_color": "red", "step_colors": ["green", "blue"], "auto_dismiss_minutes": 2,
}  # fmt: skip
ACTION = {"title": "Go", "type": "webhook", "url": "https://a.example/", "method": "GET", "body": {"n": 2**70, "é": []}}
TARGET = {"target": {"channels": ["ops"]}}
"""Bodies with every field that the forms know."""


@pytest.mark.parametrize(
    "request_",
    [
        ApiRequest(
            Operation.PUSH,
            {
                "title": "T", "subtitle": "S", "message": "M", "media": "https://a.example/x.png", "badge": 3,
                "redirection": "https://a.example/", "sound": "ping", "payload": {"a": [1.5, None]},
                "actions": [ACTION, {"title": "O", "type": "open_url", "url": "https://b.example/"}], **TARGET,
            },
        ),
        ApiRequest(Operation.START, {"content_state": STATE, "action": ACTION, "alert": {"title": "A"}, **TARGET}),
        ApiRequest(Operation.UPDATE, {"activity_id": "abc", "content_state": {"title": "T", "percentage": 42.5}}),
        ApiRequest(
            Operation.END, {"activity_id": "abc", "content_state": {"title": "T", "value": 3, "upper_limit": 7}}
        ),
        ApiRequest(
            Operation.STREAM,
            {"content_state": {"title": "T", "type": "metrics", "metrics": [{"label": "C", "value": 9, "unit": "%"}]}},
        ),
        ApiRequest(Operation.END_STREAM, {"content_state": STATE, "alert": {"title": "A", "body": "B"}}),
        ApiRequest(Operation.BADGE, {"badge": 0}),
        ApiRequest(Operation.BADGE, {"badge": 3, **TARGET}),
    ],
)  # fmt: skip
def test_core_is_asked_for_exactly_what_the_shown_request_asks_for(request_: ApiRequest) -> None:
    message = to_message(request_)
    decoded = type(message)()
    decoder_for(message.DESCRIPTOR).fill(decoded, parse_object(json.dumps(request_.body).encode()))
    assert _comparable(message) == _comparable(decoded)


def _comparable(message: Any) -> Any:
    """The message with its JSON objects as values: their spelling does not matter."""
    text = type(message)()
    text.CopyFrom(message)
    found = []
    for action in [*getattr(text, "actions", ()), getattr(text, "action", None), text]:
        for name in ("body", "payload"):
            if action is not None and name in action.DESCRIPTOR.fields_by_name and action.HasField(name):
                found.append(json.loads(getattr(action, name).json))
                action.ClearField(name)
    return text, found


@pytest.mark.parametrize("number", [2**31, -(2**40), 1.5])
def test_numbers_that_no_request_can_carry_are_told_at_their_field(number: float) -> None:
    with pytest.raises(NotSendable, match=r"^content_state\.number_of_steps must be a whole number"):
        to_message(ApiRequest(Operation.START, {"content_state": {**STATE, "number_of_steps": number}}))
    with pytest.raises(NotSendable, match=r"^badge must be"):
        to_message(ApiRequest(Operation.PUSH, {"title": "x", "badge": number}))


def code(user: User) -> str:
    """The code that is shown."""
    with user:
        (block,) = [one for one in ElementFilter(kind=ui.element) if one.tag == "pre"]
        return "".join(child.text for child in block.descendants())  # type: ignore[attr-defined]


def errors(user: User) -> dict[str, str]:
    """The errors at the form's fields."""
    with user:
        inputs = [one for one in ElementFilter(kind=ui.element) if getattr(one, "error", None)]
    return {" ".join(one._markers): str(one.error) for one in inputs}  # type: ignore[attr-defined]


async def test_preview_and_code_follow_what_is_written(owner: User) -> None:
    await owner.open("/playground")
    owner.find(marker="title").type(" again")
    await owner.should_see("Build failed 🚨 again")
    assert '"title": "Build failed 🚨 again"' in code(owner)
    for language, call in {"Python": "notifications.send(", "Node": "await activitysmith", "CLI": "--title"}.items():
        owner.find(kind=ui.tab, content=language).click()
        assert call in code(owner)
        assert "🚨 again" in code(owner)


async def test_a_live_activity_has_the_fields_of_its_type(owner: User) -> None:
    await owner.open("/playground")
    owner.find(kind=ui.tab, content="Live Activity").click()
    await owner.should_see(marker="content_state.number_of_steps")
    await owner.should_not_see(marker="content_state.percentage")
    owner.find(marker="content_state.type").click()
    owner.find("Progress").click()
    await owner.should_see(marker="content_state.percentage")
    await owner.should_see("42%")
    assert '"percentage": 42' in code(owner)
    assert "number_of_steps" not in code(owner)


async def test_json_that_is_none_is_told_at_once_and_not_sent(owner: User) -> None:
    await owner.open("/playground")
    owner.find(marker="payload").type("{nothing")
    assert set(errors(owner)) == {"payload"}
    owner.find("Send the push").click()
    await owner.should_see("Write a JSON object")
    await owner.should_not_see("Apple has accepted")
