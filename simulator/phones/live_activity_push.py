"""Decodes a push for a Live Activity as iOS does.

Source: Apple, "Starting and updating Live Activities with ActivityKit push notifications".
"""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from simulator.phones.content_state import ContentState, Decodable, Number, Text

LATEST = 253_402_300_799
"""The last second of the year 9999: later ones cannot be written as dates."""

UnixSeconds = Annotated[Number, Field(ge=0, le=LATEST)]
UnixTimestamp = Annotated[int, Field(ge=0, le=LATEST)]


class Attributes(Decodable):
    """The fixed attributes of an activity."""

    activity_id: Annotated[Text, Field(min_length=1, max_length=200)]


class StartPush(Decodable):
    """The keys of `aps`, apart from `alert`, of a push that starts an activity."""

    event: Literal["start"]
    timestamp: UnixTimestamp
    attributes_type: Text = Field(alias="attributes-type")
    attributes: Attributes
    content_state: ContentState = Field(alias="content-state")
    stale_date: UnixSeconds | None = Field(None, alias="stale-date")
    relevance_score: Number | None = Field(None, alias="relevance-score")
    input_push_channel: Text | None = Field(None, alias="input-push-channel")
    """The broadcast channel that the activity listens to, from iOS 18 on."""


class UpdatePush(Decodable):
    """The same of a push that updates one."""

    event: Literal["update"]
    timestamp: UnixTimestamp
    content_state: ContentState = Field(alias="content-state")
    stale_date: UnixSeconds | None = Field(None, alias="stale-date")
    relevance_score: Number | None = Field(None, alias="relevance-score")


class EndPush(Decodable):
    """The same of a push that ends one."""

    event: Literal["end"]
    timestamp: UnixTimestamp
    content_state: ContentState | None = Field(None, alias="content-state")
    """Apple: should be there."""
    dismissal_date: UnixSeconds | None = Field(None, alias="dismissal-date")


_change: TypeAdapter[UpdatePush | EndPush] = TypeAdapter(Annotated[UpdatePush | EndPush, Field(discriminator="event")])


def decode_start(aps: Any) -> StartPush | None:
    """`aps` of a start as iOS and the app decode it; None if they cannot."""
    try:
        return StartPush.model_validate(aps)
    except ValidationError:
        return None


def decode_change(aps: Any) -> UpdatePush | EndPush | None:
    """`aps` of an update or end as iOS and the app decode it; None if they cannot."""
    try:
        return _change.validate_python(aps)
    except ValidationError:
        return None


def event_of(aps: Any) -> Any:
    """The event of a push: `start`, `update` or `end`, unchecked."""
    return aps.get("event") if isinstance(aps, dict) else None


def alert_of(aps: Any) -> dict[str, str | None] | None:
    """The alert that the phone shows with the push, as `{title, body, sound}`; None if there is none."""
    alert = aps.get("alert") if isinstance(aps, dict) else None
    if not isinstance(alert, dict):
        return None
    said = {key: _text(alert.get(key)) for key in ("title", "body", "sound")}
    return said if said["title"] or said["body"] else None


def _text(value: Any) -> str | None:
    # JSON can hold lone surrogates, which cannot be written to a text file.
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None
