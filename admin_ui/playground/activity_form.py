"""The form of a Live Activity: a stream, or start, update and end."""

from collections.abc import Callable, Sequence
from typing import Any

from nicegui import ui
from smith.core.v1.live_activity_pb2 import LiveActivityColor

from admin_ui.activity_types.card_type import CardType, Drawn
from admin_ui.activity_types.registry import TYPES
from admin_ui.api_contract import DEFAULT_COLOR
from admin_ui.components.card_parts import set_prop
from admin_ui.components.html import div, p
from admin_ui.playground.actions import ActionRows
from admin_ui.playground.fields import STATE, Fields, choices_of
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.texts import _

OPERATIONS = {
    "stream": _("Stream: show this state"),
    "end_stream": _("Stream: end it"),
    "start": _("Start"),
    "update": _("Update"),
    "end": _("End"),
}
REMARKS = {
    "stream": _(
        "Choose a key for the stream, and describe what its card shows now. The server starts, updates and "
        "replaces cards as needed."
    ),
    "end_stream": _("Ends the stream's card with this last state."),
    "start": _("Starts a card. The answer has its activity_id, with which you update and end it."),
    "update": _("Changes the state of an activity's card."),
    "end": _("Ends the card of an activity with a last state."),
}


MORE = _("Channels, alert, icon, tags, leaving the screen")
MARKS = {"icon": "symbol", "badge": "title"}
"""What stands out on a card, and the field of its word."""


class ActivityForm:
    """The operation and the card's content state."""

    def __init__(self, channels: Sequence[str], on_change: Callable[[], None]) -> None:
        self.fields = Fields(on_change)
        with div("composer"):
            self._draw_operation()
            self._draw_labels()
            self._draw_types(on_change)
            self._action = ActionRows(self.fields, lambda _place: "action", 1, on_change)
            with div() as self._second:
                self._second_action = ActionRows(
                    self.fields, lambda _place: "secondary_action", 1, on_change, _("Add a second button")
                )
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
        second = self._second_action.read() if self._type_chosen.has_badge else []
        if second:
            body["secondary_action"] = second[0]
        alert = {name: fields.text(f"alert.{name}") for name in ("title", "body") if fields.text(f"alert.{name}")}
        if alert:
            body["alert"] = alert
        channels = fields.words("target.channels")
        if channels and operation in {Operation.START, Operation.STREAM}:
            body["target"] = {"channels": channels}
        if tags := fields.separated("tags"):
            body["tags"] = tags
        if (metadata := fields.document("metadata")) is not None:
            body["metadata"] = metadata
        return ApiRequest(operation, body, fields.text("stream_key"))

    @property
    def operation(self) -> Operation:
        """What is to be done."""
        return Operation(self._operation.value)

    def go_on_with(self, activity_id: str) -> None:
        """Switches the form from a start to an update of the started activity."""
        self._activity_id.value = activity_id
        self._operation.value = "update"

    def _draw_operation(self) -> None:
        fields = self.fields
        with div("composer-pair"):
            self._operation = fields.choice("operation", _("What to do"), OPERATIONS, "stream")
            self._key = fields.line("stream_key", _("Stream key"), "deploy-prod")
            self._activity_id = fields.line("activity_id", "activity_id", hint=_("From the answer to the start"))
        self._remark = p("", "muted")

    def _draw_labels(self) -> None:
        fields = self.fields
        with div("composer-pair"):
            fields.line(f"{STATE}.title", _("Title"), _("Deploying to production"))
            fields.line(f"{STATE}.subtitle", _("Subtitle"), _("Run the tests"))
        with div("composer-pair"):
            labels = {name: kind.label for name, kind in TYPES.items()}
            self._type = fields.choice(f"{STATE}.type", _("Type"), labels, next(iter(TYPES)))
            default = _("{color}, the default").format(color=DEFAULT_COLOR.capitalize())
            fields.choice(f"{STATE}.color", _("Color"), choices_of(LiveActivityColor.DESCRIPTOR, default), "lime")

    def _draw_types(self, on_change: Callable[[], None]) -> None:
        self._inputs: dict[str, Drawn] = {}
        self._rows: list[tuple[ui.element, set[str]]] = []
        for kind in TYPES.values():
            # Types may share inputs: what was written for one is there for the other.
            new = [one for one in kind.inputs if one.name not in self._inputs]
            if new:
                with div(kind.row) as row:
                    self._inputs |= {one.name: one.draw(self.fields, on_change) for one in new}
                self._rows.append((row, {one.name for one in new}))

    def _draw_more(self, channels: Sequence[str]) -> None:
        fields = self.fields
        with ui.expansion(MORE).classes("composer-more") as more, div("composer"):
            self._channels = fields.choices("target.channels", _("Channels"), channels, hint=_("Everybody, if none"))
            with div("composer-pair"):
                fields.line("alert.title", _("Alert title"), hint=_("With an alert the phone makes a sound"))
                fields.line("alert.body", _("Alert text"))
            fields.number(f"{STATE}.auto_dismiss_minutes", _("Stays after its end"), hint=_("Minutes; 3 if empty"))
            self._marks = {name: self._draw_mark(name, key) for name, key in MARKS.items()}
            fields.line("tags", _("Tags"), hint=_("Words, with commas between them"))
            fields.area("metadata", _("Metadata"), hint=_("A JSON object of notes, which phones do not get"))
        fields.revealed_by(
            more.open,
            "target.channels",
            "alert.title",
            "alert.body",
            f"{STATE}.auto_dismiss_minutes",
            *(f"{STATE}.{name}.{key}" for name, key in MARKS.items()),
            "tags",
            "metadata",
        )

    def _draw_mark(self, name: str, key: str) -> ui.element:
        fields, path = self.fields, f"{STATE}.{name}"
        label, hint = (
            (_("Icon"), _("An SF Symbol, such as cloud.sun")) if name == "icon" else (_("Badge"), _("A short word"))
        )
        with div("composer-pair") as row:
            fields.line(f"{path}.{key}", label, hint=hint)
            colors = choices_of(LiveActivityColor.DESCRIPTOR, _("As the card"))
            fields.choice(f"{path}.color", _("{label} color").format(label=label), colors)
        return row

    def _mark(self, name: str, key: str) -> dict[str, str] | None:
        path = f"{STATE}.{name}"
        word, color = self.fields.text(f"{path}.{key}"), self.fields.text(f"{path}.color")
        return ({key: word} | ({"color": color} if color else {})) if word else None

    @property
    def _type_chosen(self) -> CardType:
        return TYPES[str(self._type.value)]

    def _arrange(self) -> None:
        """Shows the fields that what is chosen has."""
        operation = self.operation
        is_stream = operation in {Operation.STREAM, Operation.END_STREAM}
        self._remark.text = REMARKS[operation]
        self._key.set_visibility(is_stream)
        self._activity_id.set_visibility(operation in {Operation.UPDATE, Operation.END})
        self._channels.set_visibility(operation in {Operation.START, Operation.STREAM})
        names = self._names()
        for row, own in self._rows:
            row.set_visibility(bool(own & names))
        for name, drawn in self._inputs.items():
            drawn.element.set_visibility(name in names)
        for one in self._type_chosen.inputs:
            # Types that share an input may have other words for it.
            if "label" in (element := self._inputs[one.name].element).props:
                set_prop(element, "label", one.label)
        has_badge = self._type_chosen.has_badge
        self._marks["badge"].set_visibility(has_badge)
        self._second.set_visibility(has_badge)

    def _names(self) -> set[str]:
        return {one.name for one in TYPES[str(self._type.value)].inputs}

    def _state(self) -> dict[str, Any]:
        fields, names = self.fields, self._names()
        given: dict[str, Any] = {name: fields.text(f"{STATE}.{name}") or None for name in ("subtitle", "type", "color")}
        given["auto_dismiss_minutes"] = fields.amount(f"{STATE}.auto_dismiss_minutes")
        marks = MARKS if self._type_chosen.has_badge else {"icon": MARKS["icon"]}
        given |= {name: self._mark(name, key) for name, key in marks.items()}
        given |= {name: drawn.read() for name, drawn in self._inputs.items() if name in names}
        return {"title": fields.text(f"{STATE}.title")} | {
            name: value for name, value in given.items() if value is not None
        }
