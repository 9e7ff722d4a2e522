"""The form of a Live Activity: a stream, or start, update and end."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui

from admin_ui.components.card_reading import COLORS
from admin_ui.components.html import div, p
from admin_ui.playground.actions import ActionRows
from admin_ui.playground.fields import Fields
from admin_ui.playground.metric_rows import MetricRows
from admin_ui.sending.api_request import ApiRequest, Operation

OPERATIONS = {
    "stream": "Stream: show this state",
    "end_stream": "Stream: end it",
    "start": "Start",
    "update": "Update",
    "end": "End",
}
REMARKS = {
    "stream": "Name the thing with a key of yours and say what it looks like now. The server starts, updates and "
    "replaces cards as needed.",
    "end_stream": "Ends the stream's card with this last state.",
    "start": "Starts a card and answers its activity_id, with which you update and end it.",
    "update": "Gives the card of an activity another state.",
    "end": "Ends the card of an activity with a last state.",
}
TYPES = {
    "segmented_progress": "Steps (segmented_progress)",
    "progress": "Progress",
    "metrics": "Metrics",
    "counter": "Counter (legacy)",
    "timer": "Timer (legacy)",
    "countdown": "Countdown (legacy)",
}
STEPWISE = {"segmented_progress", "counter", "timer", "countdown"}
METRICS = [{"label": "CPU", "value": 42, "unit": "%"}, {"label": "MEM", "value": 63, "unit": "%"}]
STATE = "content_state"


class ActivityForm:
    """What is done, and the card's state."""

    def __init__(self, channels: Sequence[str], on_change: Callable[[], None]) -> None:
        self.fields = Fields(on_change)
        with div("composer"):
            self._draw_operation()
            self._draw_labels()
            self._draw_types(on_change)
            self._action = ActionRows(self.fields, lambda _: "action", 1, on_change)
            self._draw_more(channels)
        self._arrange()

    def read(self) -> ApiRequest:
        """The request as it is filled in."""
        self._arrange()
        fields, operation = self.fields, self.operation
        body: dict[str, Any] = {}
        if operation in {Operation.UPDATE, Operation.END}:
            body["activity_id"] = fields.text("activity_id")
        body[STATE] = self._state()
        actions = self._action.read()
        if actions:
            body["action"] = actions[0]
        alert = {name: fields.text(f"alert.{name}") for name in ("title", "body") if fields.text(f"alert.{name}")}
        if alert:
            body["alert"] = alert
        channels = fields.words("target.channels")
        if channels and operation in {Operation.START, Operation.STREAM}:
            body["target"] = {"channels": channels}
        return ApiRequest(operation, body, fields.text("stream_key"))

    @property
    def operation(self) -> Operation:
        """What is to be done."""
        return Operation(self._operation.value)

    def go_on_with(self, activity_id: str) -> None:
        """Goes from a start to an update of what was started."""
        self._activity_id.value = activity_id
        self._operation.value = "update"

    def _draw_operation(self) -> None:
        fields = self.fields
        with div("composer-pair"):
            self._operation = fields.choice("operation", "What to do", OPERATIONS, "stream")
            self._key = fields.line("stream_key", "Stream key", "deploy-prod")
            self._activity_id = fields.line("activity_id", "activity_id", hint="From the answer to the start")
        self._remark = p("", "muted")

    def _draw_labels(self) -> None:
        fields = self.fields
        with div("composer-pair"):
            fields.line(f"{STATE}.title", "Title", "Deploying to production")
            fields.line(f"{STATE}.subtitle", "Subtitle", "Run the tests")
        with div("composer-pair"):
            self._type = fields.choice(f"{STATE}.type", "Type", TYPES, "segmented_progress")
            fields.choice(f"{STATE}.color", "Color", _colors("Blue, the default"), "lime")

    def _draw_types(self, on_change: Callable[[], None]) -> None:
        fields = self.fields
        with div("composer-pair") as self._steps:
            fields.number(f"{STATE}.number_of_steps", "Number of steps", 5)
            fields.number(f"{STATE}.current_step", "Current step", 2)
            self._step_color = fields.choice(f"{STATE}.step_color", "Color of the current step", _colors("As the card"))
        with div("composer-pair") as self._progress:
            fields.number(f"{STATE}.percentage", "Percentage", 42)
            fields.number(f"{STATE}.value", "or value")
            fields.number(f"{STATE}.upper_limit", "of upper limit")
        with div("stack") as self._metrics:
            self._rows = MetricRows(fields, METRICS, on_change)

    def _draw_more(self, channels: Sequence[str]) -> None:
        fields = self.fields
        with ui.expansion("Channels, alert, leaving the screen").classes("composer-more") as more, div("composer"):
            self._channels = fields.choices("target.channels", "Channels", channels, hint="Everybody, if none")
            with div("composer-pair"):
                fields.line("alert.title", "Alert title", hint="With an alert the phone makes a sound")
                fields.line("alert.body", "Alert text")
            fields.number(f"{STATE}.auto_dismiss_minutes", "Stays after its end", hint="Minutes; 3 unless told")
        fields.revealed_by(more.open, "target.channels", "alert.title", "alert.body", f"{STATE}.auto_dismiss_minutes")

    def _arrange(self) -> None:
        """Shows the fields that what is chosen has."""
        operation, kind = self.operation, self._type.value
        is_stream = operation in {Operation.STREAM, Operation.END_STREAM}
        self._remark.text = REMARKS[operation]
        self._key.set_visibility(is_stream)
        self._activity_id.set_visibility(operation in {Operation.UPDATE, Operation.END})
        self._channels.set_visibility(operation in {Operation.START, Operation.STREAM})
        self._steps.set_visibility(kind in STEPWISE)
        self._step_color.set_visibility(kind == "segmented_progress")
        self._progress.set_visibility(kind == "progress")
        self._metrics.set_visibility(kind == "metrics")

    def _state(self) -> dict[str, Any]:
        fields, kind = self.fields, str(self._type.value)
        state: dict[str, Any] = {"title": fields.text(f"{STATE}.title")}
        words, numbers = ["subtitle"], ["auto_dismiss_minutes"]
        if kind == "segmented_progress":
            words.append("step_color")
        if kind in STEPWISE:
            numbers += ["number_of_steps", "current_step"]
        if kind == "progress":
            numbers += ["percentage", "value", "upper_limit"]
        state |= {name: fields.text(f"{STATE}.{name}") for name in words if fields.text(f"{STATE}.{name}")}
        state["type"] = kind
        color = fields.text(f"{STATE}.color")
        state |= {"color": color} if color else {}
        amounts = {name: fields.amount(f"{STATE}.{name}") for name in numbers}
        state |= {name: amount for name, amount in amounts.items() if amount is not None}
        if kind == "metrics":
            state["metrics"] = self._rows.read()
        return state


def _colors(none: str) -> dict[str, str]:
    return {"": none} | {color: color.capitalize() for color in COLORS}
