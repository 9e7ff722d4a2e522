"""Single values: from JSON, from the text of a URL, and the words for what was expected."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from google.protobuf.descriptor import FieldDescriptor as Field
from google.protobuf.timestamp_pb2 import Timestamp

from service_kit import json_numbers
from service_kit.json_mapping.contract import FieldError, enum_names, must_be
from service_kit.json_mapping.json_text import unicode_text

RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXPECTED = "an RFC 3339 date and time such as 2025-08-12T12:00:00.000Z"


def fill_timestamp(target: Any, value: Any) -> None:
    """Sets `target` to the moment that `value` spells. Raises FieldError if it spells none."""
    if type(value) is not str or not RFC3339.fullmatch(value):
        raise must_be(EXPECTED, value)
    try:
        target.FromJsonString(value.upper())
    except (ValueError, OverflowError):
        raise FieldError(f"must be {EXPECTED}") from None
    target.SetInParent()


def render_timestamp(moment: Timestamp) -> str:
    """The moment in UTC to the millisecond, as the documentation writes it. Finer digits are cut off."""
    whole = (EPOCH + timedelta(seconds=moment.seconds)).isoformat()[:19]
    return f"{whole}.{moment.nanos // 1_000_000:03d}Z"


Parse = Callable[[Any], Any]
FromText = Callable[[str], Any]

INTEGER_RANGES = {
    **dict.fromkeys((Field.CPPTYPE_INT32,), (-(2**31), 2**31 - 1)),
    **dict.fromkeys((Field.CPPTYPE_INT64,), (-(2**63), 2**63 - 1)),
    **dict.fromkeys((Field.CPPTYPE_UINT32,), (0, 2**32 - 1)),
    **dict.fromkeys((Field.CPPTYPE_UINT64,), (0, 2**64 - 1)),
}
FLOAT_LIMITS = {Field.CPPTYPE_DOUBLE: math.inf, Field.CPPTYPE_FLOAT: 3.4028235677973366e38}
"""Magnitudes from which a value rounds to infinity in the field's type."""

INTEGER_TEXT = re.compile(r"-?[0-9]{1,20}")
NUMBER_TEXT = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?")


def parser_for(field: Field) -> Parse:
    """A function from a parsed JSON value to what the scalar `field` takes; it raises FieldError.

    Raises TypeError for a type that has no documented JSON form (bytes).
    """
    kind = field.cpp_type
    if kind == Field.CPPTYPE_STRING and field.type != Field.TYPE_BYTES:
        return parse_string
    if kind == Field.CPPTYPE_BOOL:
        return parse_boolean
    if kind == Field.CPPTYPE_ENUM and field.enum_type is not None:
        return _enum_parser({name: number for number, name in enum_names(field.enum_type).items()})
    if kind in INTEGER_RANGES:
        return _integer_parser(*INTEGER_RANGES[kind])
    if kind in FLOAT_LIMITS:
        return _number_parser(FLOAT_LIMITS[kind])
    raise TypeError(f"{field.full_name}: this type has no documented JSON form")


def text_reader_for(field: Field) -> FromText:
    """A function from the text of a path or query parameter to the JSON value it spells; the parser judges it."""
    kind = field.cpp_type
    if kind == Field.CPPTYPE_BOOL:
        return lambda text: {"true": True, "false": False}.get(text, text)
    if kind in INTEGER_RANGES:
        return lambda text: int(text) if INTEGER_TEXT.fullmatch(text) else text
    if kind in FLOAT_LIMITS:
        return lambda text: Decimal(text) if NUMBER_TEXT.fullmatch(text) else text
    return lambda text: text


def parse_string(value: Any) -> str:
    """A string of Unicode text."""
    if type(value) is not str:
        raise must_be("a string", value)
    return unicode_text(value)


def parse_boolean(value: Any) -> bool:
    """True or false, and nothing that merely counts as either."""
    if type(value) is not bool:
        raise must_be("true or false", value)
    return value


def _integer_parser(low: int, high: int) -> Parse:
    def parse(value: Any) -> int:
        if type(value) is Decimal:
            # Beyond 20 digits every value is out of range, and writing out 1E999999 would fill the memory.
            if value.adjusted() >= 20:
                raise FieldError(f"must be an integer from {low} to {high}")
            # 3.0 is the integer 3: some languages know only one type of number.
            if value == (whole := int(value)):
                value = whole
        if type(value) is not int:
            raise must_be("an integer", value)
        if not low <= value <= high:
            raise FieldError(f"must be an integer from {low} to {high}")
        return value

    return parse


def _number_parser(limit: float) -> Parse:
    def parse(value: Any) -> float:
        if type(value) not in (int, Decimal):
            raise must_be("a number", value)
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if abs(number) >= limit:
            raise FieldError(json_numbers.RULE)
        return number

    return parse


def _enum_parser(numbers: dict[str, int]) -> Parse:
    expected = "one of " + ", ".join(numbers)

    def parse(value: Any) -> int:
        number = numbers.get(value) if type(value) is str else None
        if number is None:
            raise must_be(expected, value)
        return number

    return parse
