"""Numbers of JSON, kept digit by digit. One that no double can hold is refused: readers such as Apple's lose the whole
document over it.

Give `integer` and `fraction` to a `simplejson.JSONDecoder` as `parse_int` and `parse_float`.
"""

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import simplejson

RULE = "must be a number of a size that a floating-point number can hold"
SAFE_LENGTH = 308
"""So many digits are below the greatest double, whichever they are."""

Place = tuple[str | int, ...]
"""Keys and indexes that lead from a document to a value in it."""


class NumberTooLarge(ValueError):
    """A number of the document is beyond the greatest double, or the least."""


def integer(text: str) -> int:
    """The integer. Raises NumberTooLarge."""
    if len(text) > SAFE_LENGTH:
        _require_double(text)
    return int(text)


def fraction(text: str) -> Decimal:
    """The number with a fraction or an exponent.

    Raises NumberTooLarge, and DecimalException for an exponent of more than 18 digits.
    """
    if "e" in text or "E" in text or len(text) > SAFE_LENGTH:
        _require_double(text)
    return Decimal(text)


def find_too_large(text: str) -> Place:
    """Where the first number stands that no double can hold. Empty if the text cannot be read to its end."""
    try:
        document = _finder.decode(text)
    except (ValueError, RecursionError):
        return ()
    waiting: list[tuple[Place, Any]] = [((), document)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, float) and math.isinf(value):
            return place
        waiting.extend(reversed([((*place, step), child) for step, child in _children(value)]))
    return ()


_finder = simplejson.JSONDecoder(parse_int=float, parse_float=float)


def _require_double(text: str) -> None:
    if math.isinf(float(text)):
        raise NumberTooLarge(RULE)


def _children(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
