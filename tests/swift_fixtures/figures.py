"""Numbers and times, and how the web admin writes them: the app writes them the same."""

from collections.abc import Iterator
from typing import Any

from admin_ui.activity_types.card_type import number_text
from admin_ui.activity_types.metrics import with_unit
from admin_ui.activity_types.timer import clock_words

HALVES = [place / 8 for place in range(-17, 18)]
"""Every second one is exactly between two numbers of two decimals."""
WRITTEN_AS_HALVES = [place / 1000 for place in range(1005, 1100, 10)]
"""The nearest doubles are a little more or a little less."""
POWERS = [sign * digits * 10.0**power for power in range(-4, 19) for digits in (1, 1.225, 9.995) for sign in (1, -1)]
LARGEST = [2.0**53 + 1, 2.0**63, 1.235e15, 1.7976931348623157e308, 5e-324]
SECONDS = [0, 0.999, 1, 59.999, 60, 61, 599, 3599.5, 3600, 3661, 36_065.5, 86_400, 359_999, 315_360_000]
UNITS = ["", "%", "‰", "°C", "′", "″", "×", "jobs", " GB ", "€", "\u00b5s", "/min"]


def figures() -> Iterator[tuple[str, dict[str, Any]]]:
    """The tables."""
    numbers = [*HALVES, *WRITTEN_AS_HALVES, *POWERS, *LARGEST]
    yield "numbers", {repr(number): number_text(number) for number in numbers}
    yield "clocks", {repr(float(seconds)): clock_words(seconds) for seconds in SECONDS}
    yield "units", {unit: with_unit("", unit) for unit in UNITS}
