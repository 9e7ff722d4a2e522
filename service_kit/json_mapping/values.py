"""JSON text and the single values in it: read from a body or a URL, written, and the words for what was expected."""

import decimal
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import simplejson
from google.protobuf.descriptor import FieldDescriptor as Field
from google.protobuf.timestamp_pb2 import Timestamp

from service_kit import json_numbers
from service_kit.field_paths import written
from service_kit.json_mapping.contract import FieldError, enum_names, must_be

Parse = Callable[[Any], Any]
FromText = Callable[[str], Any]

MAX_OBJECT_DEPTH = 32
"""Levels of nesting that a carried JSON object may have."""

RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXPECTED = "an RFC 3339 date and time such as 2025-08-12T12:00:00.000Z"

INTEGER_RANGES = {
    Field.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    Field.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    Field.CPPTYPE_UINT32: (0, 2**32 - 1),
    Field.CPPTYPE_UINT64: (0, 2**64 - 1),
}
FLOAT_LIMITS = {Field.CPPTYPE_DOUBLE: math.inf, Field.CPPTYPE_FLOAT: 3.4028235677973366e38}
"""Magnitudes from which a value rounds to infinity in the field's type."""

INTEGER_TEXT = re.compile(r"-?[0-9]{1,20}")
NUMBER_TEXT = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?")


class DuplicateKeyError(ValueError):
    """An object names a key twice, so that two readers could understand two different things (RFC 8259 section 4)."""


class JsonSyntaxError(ValueError):
    """The text is not a JSON object; the message says where and why."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise DuplicateKeyError(str(FieldError("appears twice in one object").within(key)))
            seen.add(key)
    return members


_decoder = simplejson.JSONDecoder(
    parse_int=json_numbers.integer, parse_float=json_numbers.fraction, object_pairs_hook=_unique
)
_encoder = simplejson.JSONEncoder(ensure_ascii=False, separators=(",", ":"), use_decimal=True, allow_nan=False)


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`, its fractional numbers as Decimal. A body `null` is an empty object: it says nothing.

    Raises FieldError for a number that no double can hold, and JsonSyntaxError for anything else: bytes that are not
    UTF-8, malformed JSON, NaN and Infinity, a key that appears twice, nesting beyond what can be read, a value that is
    not an object.
    """
    try:
        # RFC 8259 section 8.1 lets a reader ignore a byte order mark; some clients send one.
        text = body.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        raise JsonSyntaxError(f"The body must be UTF-8 text; byte {error.start + 1} is not") from None
    try:
        value = _decoder.decode(text)
    except simplejson.JSONDecodeError as error:
        raise JsonSyntaxError(
            f"The body is not valid JSON: {error.msg.split(':')[0]} at line {error.lineno} column {error.colno}"
        ) from None
    except DuplicateKeyError as error:
        raise JsonSyntaxError(str(error)) from None
    except RecursionError:
        raise JsonSyntaxError("The body is nested too deeply") from None
    except json_numbers.NumberTooLarge:
        raise _too_large(text) from None
    except decimal.DecimalException:
        # An exponent of more than 18 digits.
        raise JsonSyntaxError("The body contains a number with too many digits") from None
    if value is None:
        return {}
    if type(value) is not dict:
        raise JsonSyntaxError("The body must be a JSON object")
    return value


def _too_large(text: str) -> FieldError | JsonSyntaxError:
    place = json_numbers.find_too_large(text)
    if not place:
        return JsonSyntaxError("The body contains a number that no floating-point number can hold")
    error = FieldError(json_numbers.RULE)
    error.path = written(place)
    return error


def dump(value: dict[str, Any]) -> bytes:
    """Compact JSON in UTF-8. Decimals keep their digits; `simplejson.RawJSON` is inlined as it is."""
    return _encoder.encode(value).encode()


def object_text(value: Any) -> str:
    """The compact JSON text of a carried object. Raises FieldError if it nests too deeply or is not Unicode text."""
    level = [value]
    for _ in range(MAX_OBJECT_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) in (dict, list)
        ]
        if not level:
            break
    else:
        raise FieldError(f"must be nested at most {MAX_OBJECT_DEPTH} levels deep")
    text: str = _encoder.encode(value)
    return unicode_text(text)


def unicode_text(text: str) -> str:
    """`text`, if it can be written as UTF-8. JSON's escapes can spell half a surrogate pair, which is no character."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise FieldError("must be valid Unicode text") from None
    return text


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
