"""Reads fields of requests whose rules have been checked."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

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
