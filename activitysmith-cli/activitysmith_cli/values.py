"""How values are written on a command line. Each parser raises typer.BadParameter with the rule.

No parser may have the name of an option: in a dataclass of options the option's default would hide it.
"""

import math
import re
from dataclasses import dataclass

import typer

METRIC = re.compile(r"(?s)(.+)=\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*)")
STREAM_KEY = re.compile(r"[A-Za-z0-9_-]{1,255}")
IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")
LONGEST_SECONDS = 86_400.0


def parse_number(text: str) -> int | float:
    """A finite number, an integer where it is written as one."""
    try:
        value: int | float = int(text) if re.fullmatch(r"[-+]?[0-9]{1,18}", text) else float(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a number.") from None
    if not math.isfinite(value):
        raise typer.BadParameter(f"{text!r} is not a finite number.")
    return value


def number_or_text(text: str) -> int | float | str:
    """The number that is written, or the text."""
    try:
        return parse_number(text)
    except typer.BadParameter:
        return text


def parse_boolean(text: str) -> bool:
    """True or false."""
    words = {"true": True, "false": False}
    if text.lower() not in words:
        raise typer.BadParameter(f"{text!r} is neither true nor false.")
    return words[text.lower()]


def parse_seconds(text: str) -> float:
    """A length of time, more than 0 and a day at most."""
    value = float(parse_number(text))
    if not 0 < value <= LONGEST_SECONDS:
        raise typer.BadParameter(f"must be more than 0 and at most {LONGEST_SECONDS:g} seconds.")
    return value


@dataclass(frozen=True)
class Metric:
    """One number or text of a Live Activity."""

    label: str
    value: int | float | str
    unit: str

    def document(self) -> dict[str, str | int | float]:
        """As the API has it."""
        return {"label": self.label, "value": self.value} | ({"unit": self.unit} if self.unit else {})


def parse_metric(text: str) -> Metric:
    """What `CPU=9%` says, or `State=ok`."""
    found = METRIC.fullmatch(text)
    if found:
        label, value, unit = found.groups()
        return Metric(label.strip(), parse_number(value), unit.strip())
    label, equals, words = text.partition("=")
    if not (label.strip() and equals and words.strip()):
        raise typer.BadParameter(f"{text!r} is not LABEL=VALUE or LABEL=VALUEUNIT, such as CPU=9%.")
    return Metric(label.strip(), words.strip(), "")


def comma_separated(text: str, option: str) -> list[str]:
    """The items of a list such as `devs,ops`."""
    items = [item.strip() for item in text.split(",")]
    if not all(items):
        raise typer.BadParameter("must be names separated by commas, such as devs,ops.", param_hint=option)
    return items


def parse_stream_key(text: str) -> str:
    """A stream's key."""
    if not STREAM_KEY.fullmatch(text):
        raise typer.BadParameter("must be 1 to 255 letters, digits, underscores and hyphens.")
    return text


def parse_idempotency_key(text: str) -> str:
    """The name of a request that may be repeated."""
    if not IDEMPOTENCY_KEY.fullmatch(text):
        raise typer.BadParameter("must be 1 to 255 printable ASCII characters without spaces.")
    return text
