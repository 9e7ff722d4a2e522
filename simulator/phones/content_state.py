"""Decodes a Live Activity's state as the app does.

iOS decodes `content-state` with Swift's plain JSONDecoder. It silently drops the push if a required key is missing or a
known key has the wrong type. It ignores keys that the app does not know; null counts as missing.

This is as strict as the strictest app, one that declares its types by the letter of docs/device-protocol.md. The app of
`ios/` decodes more; `decoding.json` among the fixtures of its tests says what.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model, model_validator
from smith.core.v1.live_activity_pb2 import LiveActivityContentState, LiveActivityType

from service_kit.json_mapping.contract import fields_of, text_form_of


def _unicode(text: str) -> str:
    # JSON can hold lone surrogates, which are not valid text. The error raised here is a ValueError.
    text.encode()
    return text


Text = Annotated[str, AfterValidator(_unicode)]
Number = int | float
KINDS: dict[int, Any] = {
    FieldDescriptor.CPPTYPE_STRING: Text,
    FieldDescriptor.CPPTYPE_INT32: int,
    FieldDescriptor.CPPTYPE_DOUBLE: Number,
    FieldDescriptor.CPPTYPE_BOOL: bool,
    # The app shows a color that it does not know as its default.
    FieldDescriptor.CPPTYPE_ENUM: Text,
}
KEPT_BY_THE_SERVER = {
    "auto_dismiss_minutes",
    "auto_dismiss_seconds",
    "counts_down",
    "is_running",
    "duration_seconds",
}
"""Fields of a request that tell phones nothing."""
ALWAYS_SENT = {"type"}
"""Fields that a request may leave out, and a push never does."""


class Decodable(BaseModel):
    """An object that is decoded as by Swift."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False, extra="ignore", populate_by_name=True)


class Action(Decodable):
    """The card's button."""

    id: Annotated[Text, Field(min_length=1)]
    title: Text
    type: Literal["open_url", "webhook"]
    url: Text | None = None

    @model_validator(mode="after")
    def _open_url_has_a_url(self) -> "Action":
        if self.type == "open_url" and self.url is None:
            raise ValueError("open_url needs a url")
        return self


class Timer(Decodable):
    """The window of a timer, in UNIX seconds."""

    counts_down: bool
    starts_at: Number
    ends_at: Number | None = None
    paused_at: Number | None = None


class Shown(Decodable):
    """Everything that a card can show: the API's own fields, the timer, and the buttons."""

    action: Action | None = None
    secondary_action: Action | None = None
    timer: Timer | None = None

    def shown(self) -> dict[str, Any]:
        """The API's own keys that are set, and the timer, without the buttons."""
        return self.model_dump(exclude_none=True, exclude={"action", "secondary_action"})

    def actions(self) -> list[dict[str, Any]]:
        """The buttons, each as `{id, title, type, url?}`."""
        return [one.model_dump(exclude_none=True) for one in (self.action, self.secondary_action) if one]


def _with_fields(base: type[Decodable], message: Descriptor) -> type[Any]:
    fields: dict[str, Any] = {}
    for field in fields_of(message):
        if field.name in KEPT_BY_THE_SERVER:
            continue
        one, is_required = _type_of(field), field.name in ALWAYS_SENT or _is_required(field)
        if text_form_of(field) is not None:
            one |= Text
        fields[field.name] = (one, ...) if is_required else (one | None, None)
    return create_model(message.name, __base__=base, **fields)


def _type_of(field: FieldDescriptor) -> Any:
    if field.message_type is not None:
        one: Any = _with_fields(Decodable, field.message_type)
    elif field.enum_type is LiveActivityType.DESCRIPTOR:
        prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
        one = Literal[tuple(value.name.removeprefix(prefix).lower() for value in field.enum_type.values[1:])]
    else:
        one = KINDS[field.cpp_type]
    return list[one] if field.is_repeated else one


def _is_required(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


if TYPE_CHECKING:
    ContentState = Shown
else:
    ContentState = _with_fields(Shown, LiveActivityContentState.DESCRIPTOR)


def decode(value: Any) -> ContentState | None:
    """`value` as the app decodes it; None if it cannot."""
    try:
        return ContentState.model_validate(value)
    except ValidationError:
        return None
