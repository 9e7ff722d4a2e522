"""JSON objects that belong to users: checked, never altered in meaning."""

from typing import Any

import simplejson

from service_kit.errors import InvalidRequest

MAX_DEPTH = 32


def parse_json_object(text: str, name: str) -> dict[str, Any]:
    """The object, its numbers kept exactly (as int or Decimal).

    Raises InvalidRequest if the text is not one JSON object, is nested more than 32 levels deep, or holds text that is
    not Unicode (a lone surrogate).
    """
    try:
        value = simplejson.loads(text, use_decimal=True)
    except RecursionError:
        raise InvalidRequest(f"{name} must be nested at most {MAX_DEPTH} levels deep") from None
    except (ValueError, ArithmeticError):
        # decimal.InvalidOperation, an ArithmeticError, stands for an exponent beyond all bounds.
        raise InvalidRequest(f"{name} must be valid JSON") from None
    if not isinstance(value, dict):
        raise InvalidRequest(f"{name} must be a JSON object")
    if _deeper_than(value, MAX_DEPTH):
        raise InvalidRequest(f"{name} must be nested at most {MAX_DEPTH} levels deep")
    try:
        write_json(value)
    except UnicodeEncodeError:
        raise InvalidRequest(f"{name} must hold valid Unicode text") from None
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
