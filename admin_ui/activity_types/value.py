"""One large number or text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from admin_ui.activity_types.card_type import Body, CardType, State, ValueInput, figure_of
from admin_ui.components.html import text
from admin_ui.texts import _


@dataclass(frozen=True)
class Large(Body):
    """A number or a text in large type."""

    figure: str
    has_figure_in_body = True

    def draw(self) -> Callable[[Self], None]:
        """Makes the text."""
        shown = text("", "lock-numeral lock-value")

        def show(body: Self) -> None:
            shown.text = body.figure

        return show


class Value(CardType):
    """A number or a text, exactly as it was sent."""

    label = _("Value")
    inputs = (ValueInput("value", _("Value")),)
    has_badge = True

    def read(self, state: State, color: str) -> Body:
        """The value in large type."""
        return Large(figure_of(state.get("value")))

    def words(self, state: State) -> str:
        """The value."""
        return figure_of(state.get("value"))

    def problems(self, state: State) -> Iterator[tuple[str, str]]:
        """No value."""
        if "value" not in state:
            yield "value", _("Write a number or a text.")


TYPE = Value()
