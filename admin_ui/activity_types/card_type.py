"""What a type of Live Activity says of itself, and what several types are drawn with."""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, ClassVar, NamedTuple, Self

from nicegui import ui

from admin_ui.api_contract import COLORS, STATE_FIELDS
from admin_ui.components.card_parts import Gauge
from admin_ui.components.html import div, text
from admin_ui.playground.fields import STATE, Fields
from admin_ui.texts import _

WRITTEN_NUMBER = re.compile(r"[-+]?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})")
MAX_WHOLE = 2**53
HUNDREDTH = Decimal("0.01")
THREE_DIGITS = Context(prec=3, rounding=ROUND_HALF_UP)

State = Mapping[str, Any]
"""A content state, with the API's own keys; perhaps one that a person is still composing."""


class Body(ABC):
    """What a card shows below its title."""

    figure: str
    """What stands large at the card's right, as `42%` or `2/3`."""
    has_figure_in_body: ClassVar[bool] = False
    """The body shows the figure itself."""

    @property
    def shape(self) -> Hashable:
        """Two bodies of one class and one shape are drawn with the same elements."""
        return None

    @property
    def short_figure(self) -> str:
        """What there is room for in the phone's island."""
        return self.figure

    @property
    def moments(self) -> Mapping[str, str]:
        """By what the browser counts the figure itself (`static/lock_screen.js`); nothing if it stays as it is."""
        return {}

    @abstractmethod
    def draw(self) -> Callable[[Self], None]:
        """Makes the elements; what it returns shows a body of the same shape in them."""


@dataclass(frozen=True)
class Bar(Body):
    """A bar that is full to some part, from 0 to 1."""

    figure: str
    spoken: str
    """The progress in words, for screen readers."""
    fraction: float

    def draw(self) -> Callable[[Self], None]:
        """Makes the bar."""
        gauge = Gauge(_("Progress"))
        return lambda body: gauge.show(body.fraction, body.spoken)


@dataclass(frozen=True)
class Numeral(Body):
    """A large figure beside a bar."""

    figure: str
    spoken: str
    fraction: float
    has_figure_in_body = True

    def draw(self) -> Callable[[Self], None]:
        """Makes the figure and the bar."""
        with div("lock-numeral-row"):
            numeral = text("", "lock-numeral").props("aria-hidden=true")
            gauge = Gauge(_("Progress"))

        def show(body: Self) -> None:
            numeral.text = body.figure
            gauge.show(body.fraction, body.spoken)

        return show


class Drawn(NamedTuple):
    """An input that stands in the form, and what reads it: None for nothing."""

    element: ui.element
    read: Callable[[], Any]


@dataclass(frozen=True)
class Input:
    """The input for a field of the content state; which kind of input it is follows from the kind of field."""

    name: str
    label: str
    value: float | None = None
    """The number that stands there at first."""
    none: str = ""
    """What it says if none of the colors is chosen."""

    def draw(self, fields: Fields, on_change: Callable[[], None]) -> Drawn:
        """Makes the input."""
        path, field = f"{STATE}.{self.name}", STATE_FIELDS[self.name]
        element = fields.of(path, field, self.label, self.value, self.none)
        return Drawn(element, lambda: fields.value_of(path, field))


class ValueInput(Input):
    """An input for a number or a text: what reads as a number is one."""

    def draw(self, fields: Fields, on_change: Callable[[], None]) -> Drawn:
        """Makes a line of text."""
        path = f"{STATE}.{self.name}"
        return Drawn(fields.line(path, self.label), lambda: number_or_text(fields.text(path)))


@dataclass(frozen=True)
class ChoiceInput(Input):
    """An input for a yes or no that has other words; the empty choice leaves the field out."""

    words: Mapping[str, str] = dataclass_field(default_factory=dict)

    def draw(self, fields: Fields, on_change: Callable[[], None]) -> Drawn:
        """Makes the choice."""
        path = f"{STATE}.{self.name}"
        element = fields.choice(path, self.label, self.words)
        return Drawn(element, lambda: {"true": True, "false": False}.get(fields.text(path)))


class CardType(ABC):
    """A type of Live Activity."""

    label: ClassVar[str]
    """What the playground calls it."""
    inputs: ClassVar[tuple[Input, ...]]
    """What the playground asks for beside what all types have."""
    row: ClassVar[str] = "composer-pair"
    """The class of the row that they stand in; empty if they need none."""
    has_badge: ClassVar[bool] = False
    """It may have a badge, and a second button."""
    is_known_to_sdks: ClassVar[bool] = True
    """The official SDKs of today let it through as this server takes it."""

    @abstractmethod
    def read(self, state: State, color: str) -> Body:
        """What is drawn of the state. What is missing or wrong in it is left out, and nothing raises."""

    @abstractmethod
    def words(self, state: State) -> str:
        """What the state shows beside its title, in a few words; empty for nothing."""

    def problems(self, state: State) -> Iterator[tuple[str, str]]:
        """What the form knows to be wrong, but for numbers that are out of range: fields, and what to write there."""
        yield from ()


def word(state: State, key: str) -> str:
    """The text; empty if there is none."""
    value = state.get(key)
    return value if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """The value if it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        as_float = float(value)
    except OverflowError:
        return None
    return as_float if math.isfinite(as_float) else None


def color_or(value: Any, otherwise: str) -> str:
    """The value if it is one of the API's colors."""
    return value if isinstance(value, str) and value in COLORS else otherwise


def within(fraction: float) -> float:
    """The nearest number from 0 to 1."""
    return min(1.0, max(0.0, fraction))


def number_text(figure: float) -> str:
    """A number as people write it: 42, 42.5; at most 2 decimals, and no exponent unless it is huge. A half is rounded
    up, as the page at `/phone/` and the app do it."""
    exact = Decimal(figure)
    if abs(figure) >= 1e15:
        return str(THREE_DIGITS.create_decimal(exact).normalize()).lower()
    written = f"{exact.quantize(HUNDREDTH, ROUND_HALF_UP):f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def number_or_text(written: str) -> int | float | str | None:
    """What was meant by what a person wrote: a number where it is one, and otherwise the text; None for nothing."""
    written = written.strip()
    if not WRITTEN_NUMBER.fullmatch(written):
        return written or None
    value = float(written)
    return int(value) if value.is_integer() and abs(value) < MAX_WHOLE else value


def figure_of(value: Any) -> str:
    """The number or text as a card shows it; empty for neither."""
    as_number = number(value)
    return (value if isinstance(value, str) else "") if as_number is None else number_text(as_number)
