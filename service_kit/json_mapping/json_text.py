"""JSON text in and out, with numbers untouched."""

import decimal
from typing import Any

import simplejson

from service_kit import json_numbers
from service_kit.field_paths import written
from service_kit.json_mapping.contract import FieldError

MAX_OBJECT_DEPTH = 32
"""Levels of nesting that a carried JSON object may have."""


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
