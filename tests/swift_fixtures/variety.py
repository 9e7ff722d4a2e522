"""Messages of every kind that their descriptor knows: each field left out, at its limits, and with every choice.

A new field, type or choice appears by itself.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from smith.core.v1 import options_pb2

from core_service.push.content import ANNOTATIONS
from service_kit.json_mapping.contract import JSON_OBJECT, TIMESTAMP, enum_names, form_of, text_form_of

INTEGERS = (FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64)
ODD_TEXT = 'a "b" \\ \u001f\n\u00fc \U0001f642\u2028'
"""What JSON has to escape, and what takes more than one byte, or one UTF-16 unit."""
OBJECT = '{"text": "x", "number": 1.5, "whole": 42, "flag": true, "nothing": null, "list": [1, "a", {"deep": [false]}]}'
NUMBERS = (0.125, -2.5, 1e15, 1.7976931348623157e308)
MOMENT = 1_800_000_000
LONGEST = 70
"""Characters: longer texts would only make the files larger."""
MOST = 8
"""Items of a list, unless its rules allow fewer, likewise."""


class Variety(NamedTuple):
    """A message, and what is special about it."""

    what: str
    message: Any


def varieties(kind: Descriptor, tried: frozenset[str] = frozenset()) -> Iterator[Variety]:
    """Messages with all fields but one, and with all fields of which one is special. Not all keep the rules.

    Of the enums `tried` one choice suffices: a field of an outer message has them all.
    """
    yield Variety("whole", whole(kind))
    for field in _fields(kind):
        message = whole(kind)
        message.ClearField(field.name)
        yield Variety(f"without {field.name}", message)
        for what, value in _values(field, tried):
            message = whole(kind)
            _put(message, field, value)
            yield Variety(f"{field.name} {what}", message)


def whole(kind: Descriptor) -> Any:
    """A message with all fields. Of a number that may be a text, the number."""
    message = GetMessageClass(kind)()
    message.CopyFrom(_whole(kind))
    return message


@cache
def _whole(kind: Descriptor) -> Any:
    message = GetMessageClass(kind)()
    if kind.full_name == JSON_OBJECT:
        message.json = OBJECT
    elif kind.full_name == TIMESTAMP:
        message.seconds, message.nanos = MOMENT, 250_000_000
    else:
        for field in _fields(kind):
            if not form_of(field).text_of:
                _put(message, field, _usual(field))
    return message


def _fields(kind: Descriptor) -> list[FieldDescriptor]:
    """Those that phones may be told."""
    return [one for one in kind.fields if not form_of(one).decides_audience and one.name not in ANNOTATIONS]


def _usual(field: FieldDescriptor) -> Any:
    _, value = next(_values(field, frozenset()))
    return value


def _values(field: FieldDescriptor, tried: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """Values of the field, and what they are called; the first one is a usual one."""
    if not field.is_repeated:
        yield from _singles(field, tried)
        return
    singles = [value for _, value in _singles(field, tried)]
    yield "two", singles[:1] * 2
    yield "one", singles[:1]
    most = _rules(field).max_items or MOST
    for place in range(0, len(singles), min(most, MOST)):
        yield f"several from {place}", singles[place : place + min(most, MOST)]
    yield "as many as there may be", (singles * most)[:most]


def _singles(field: FieldDescriptor, tried: frozenset[str]) -> Iterator[tuple[str, Any]]:
    if field.enum_type is not None:
        choices = [(name, number) for number, name in enum_names(field.enum_type).items()]
        yield from choices[:1] if field.enum_type.full_name in tried else choices
    elif field.message_type is not None:
        outer = {one.enum_type.full_name for one in _fields(field.containing_type) if one.enum_type is not None}
        is_plain = field.message_type.full_name in (JSON_OBJECT, TIMESTAMP)
        yield from (
            [Variety("usual", whole(field.message_type))] if is_plain else varieties(field.message_type, tried | outer)
        )
    elif field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        yield from (("true", True), ("false", False))
    elif field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        yield from _texts(field)
    else:
        yield from _numbers(field)


def _texts(field: FieldDescriptor) -> Iterator[tuple[str, str]]:
    rules = _rules(field)
    if rules.format == "uri":
        yield "usual", "https://example.com/a"
        yield "with everything", "https://example.com:8443/%C3%A4/b.png?c=d%20e&f[]=\u00e9#g"
        yield "of the longest", "https://example.com/".ljust(rules.max_length or LONGEST, "a")
        yield "a shortcut", "shortcuts://run-shortcut?name=Lights"
        yield "of another app", "things:///show?id=today"
        return
    yield "usual", field.name.replace("_", " ").capitalize()
    yield "odd", ODD_TEXT
    yield "short", "a"
    yield "empty", ""
    yield "of the longest", "\u00fc" * (rules.max_length or LONGEST)


def _numbers(field: FieldDescriptor) -> Iterator[tuple[str, float]]:
    rules, of_type = _rules(field), int if field.cpp_type in INTEGERS else float
    yield "usual", of_type(rules.minimum + 2)
    for limit in ("minimum", "maximum"):
        if rules.HasField(limit):
            yield f"at its {limit}", of_type(getattr(rules, limit))
    if of_type is float:
        yield from ((f"{number:g}", number) for number in NUMBERS)


def _put(message: Any, field: FieldDescriptor, value: Any) -> None:
    _, other = form_of(field).text_of, text_form_of(field)
    for name in filter(None, (form_of(field).text_of, other.name if other else "")):
        message.ClearField(name)
    message.ClearField(field.name)
    if field.is_repeated:
        getattr(message, field.name).extend(value)
    elif field.message_type is not None:
        getattr(message, field.name).CopyFrom(value)
    else:
        setattr(message, field.name, value)


def _rules(field: FieldDescriptor) -> options_pb2.FieldRules:
    rules: options_pb2.FieldRules = field.GetOptions().Extensions[options_pb2.rules]
    return rules
