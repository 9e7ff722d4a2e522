"""Exact numbers of JSON. A number beyond the range of a double is refused: Apple's reader and others would drop the
whole document.

Give `integer` and `fraction` to a `simplejson.JSONDecoder` as `parse_int` and `parse_float`.
"""

import math
from decimal import Decimal
from typing import Any, NamedTuple

import simplejson

RULE = "must be a number of a size that a floating-point number can hold"
SAFE_LENGTH = 308
"""An integer of this many digits is always below the greatest double."""

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
    """The place of the number that is beyond the range of a double. Empty if the text cannot be read to its end."""
    try:
        document = _finder.decode(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(document, dict | list):
        return ()
    waiting: list[_Seen] = [_Seen(None, "", document)]
    while waiting:
        seen = waiting.pop()
        for step, child in seen.value.items() if isinstance(seen.value, dict) else enumerate(seen.value):
            if isinstance(child, float):
                if math.isinf(child):
                    return (*seen.place(), step)
            elif isinstance(child, dict | list):
                waiting.append(_Seen(seen, step, child))
    return ()


class _Seen(NamedTuple):
    """An object or array with its parent and its place in it. Only the place that is found needs a path."""

    parent: "_Seen | None"
    step: str | int
    value: Any

    def place(self) -> Place:
        steps: list[str | int] = []
        seen = self
        while seen.parent is not None:
            steps.append(seen.step)
            seen = seen.parent
        return tuple(reversed(steps))


_finder = simplejson.JSONDecoder(parse_int=float, parse_float=float)


def _require_double(text: str) -> None:
    if math.isinf(float(text)):
        raise NumberTooLarge(RULE)
