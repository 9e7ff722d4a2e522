"""Between fields of messages and Python values, for requests whose rules have been checked."""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from smith.core.v1.push_notification_pb2 import Tags

from service_kit.errors import InvalidRequest
from service_kit.json_mapping.contract import enum_names

T = TypeVar("T")


def given(message: Message, field: str, read: Callable[[Any, str], Any] | None = None) -> Any:
    """Returns the field's value, or what `read` makes of it and the field's name; None if it is left out."""
    if not message.HasField(field):
        return None
    value = getattr(message, field)
    return value if read is None else read(value, field)


def asked_page(request: Message) -> tuple[int | None, str | None]:
    """Returns the page's size and token; None for what is left out."""
    return given(request, "page_size"), given(request, "page_token")


def choice(message: Message, field: str, kind: Callable[[str], T]) -> T | None:
    """Returns `kind` of the documented name of an enum's value; None if it is left out."""
    return kind(_names(message.DESCRIPTOR, field)[getattr(message, field)]) if message.HasField(field) else None


def choices(message: Message, field: str, kind: Callable[[str], T]) -> list[T]:
    """The same for each item of a list."""
    names = _names(message.DESCRIPTOR, field)
    return [kind(names[number]) for number in getattr(message, field)]


@cache
def _names(kind: Descriptor, field: str) -> dict[int, str]:
    enum = kind.fields_by_name[field].enum_type
    if enum is None:
        raise TypeError(f"{field} is no enum")
    return enum_names(enum)


LATEST = 253_402_300_799
"""Seconds of the last moment of the year 9999."""


def to_timestamp(time: dt.datetime | None) -> Timestamp | None:
    """The same moment; None stays None, which leaves a field out."""
    if time is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp


def read_time(message: Any, field: str) -> dt.datetime | None:
    """The moment in this field of a message; None if it is not set.

    Raises InvalidRequest if it is before 1970 or after 9999.
    """
    if not message.HasField(field):
        return None
    timestamp = getattr(message, field)
    if not 0 <= timestamp.seconds <= LATEST or not 0 <= timestamp.nanos < 1_000_000_000:
        raise InvalidRequest.at(field, "must be a time from 1970 to 9999")
    return dt.datetime.fromtimestamp(timestamp.seconds, dt.UTC) + dt.timedelta(microseconds=timestamp.nanos // 1000)


def to_tags(tags: Sequence[str] | None) -> Tags | None:
    """The message. None for no tags: answers leave them out."""
    return Tags(values=tags) if tags else None
