"""JSON objects of users: checked, and never changed in meaning."""

from typing import Any

import simplejson

from service_kit import json_numbers
from service_kit.errors import InvalidRequest
from service_kit.field_paths import joined, written

MAX_DEPTH = 32

_decoder = simplejson.JSONDecoder(parse_int=json_numbers.integer, parse_float=json_numbers.fraction)


def parse_json_object(text: str, name: str) -> dict[str, Any]:
    """Reads the object. Its numbers stay exact, as int or Decimal.

    Raises InvalidRequest if the text is not one JSON object, is nested more than 32 levels deep, holds text that is not
    Unicode (a lone surrogate), or a number that no double can hold.
    """
    try:
        value = _decoder.decode(text)
    except json_numbers.NumberTooLarge:
        place = written(json_numbers.find_too_large(text))
        raise InvalidRequest.at(joined(name, place), json_numbers.RULE) from None
    except RecursionError:
        raise InvalidRequest.at(name, f"must be nested at most {MAX_DEPTH} levels deep") from None
    except (ValueError, ArithmeticError):
        # decimal.InvalidOperation, an ArithmeticError, is raised for an exponent out of range.
        raise InvalidRequest.at(name, "must be valid JSON") from None
    if not isinstance(value, dict):
        raise InvalidRequest.at(name, "must be a JSON object")
    if _deeper_than(value, MAX_DEPTH):
        raise InvalidRequest.at(name, f"must be nested at most {MAX_DEPTH} levels deep")
    try:
        write_json(value)
    except UnicodeEncodeError:
        raise InvalidRequest.at(name, "must hold valid Unicode text") from None
    return value


def write_json(value: Any) -> bytes:
    """The value as compact JSON in UTF-8: the form that is measured and the form that is sent."""
    return simplejson.dumps(value, ensure_ascii=False, separators=(",", ":"), use_decimal=True).encode()


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [
            child
            for item in layer
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
        if not layer:
            return False
    return True
