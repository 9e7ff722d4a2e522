"""Continuous progress."""

from collections.abc import Iterator

from admin_ui.activity_types.card_type import Bar, Body, CardType, Input, State, ValueInput, number, number_text, within
from admin_ui.texts import _


class Progress(CardType):
    """A percentage, or a value of a limit."""

    label = _("Progress")
    has_badge = True
    inputs = (
        Input("percentage", _("Percentage"), 42),
        ValueInput("value", _("or value")),
        Input("upper_limit", _("of upper limit")),
    )

    def read(self, state: State, color: str) -> Body:
        """A bar."""
        percentage = number(state.get("percentage"))
        value, limit = number(state.get("value")), number(state.get("upper_limit"))
        figure, fraction = "", 0.0
        if percentage is not None:
            figure, fraction = f"{number_text(percentage)}%", within(percentage / 100)
        elif value is not None and limit is not None and limit > 0:
            figure, fraction = f"{number_text(value)}/{number_text(limit)}", within(value / limit)
        return Bar(figure, figure or _("not known"), fraction)

    def words(self, state: State) -> str:
        """As `42%`, `3 of 12`."""
        if "percentage" in state:
            return f"{state['percentage']:g}%"
        return (
            _("{value:g} of {upper_limit:g}").format(value=state["value"], upper_limit=state["upper_limit"])
            if "value" in state
            else ""
        )

    def problems(self, state: State) -> Iterator[tuple[str, str]]:
        """No progress at all."""
        if "percentage" not in state and not {"value", "upper_limit"} <= state.keys():
            yield "percentage", _("Write a percentage, or a value with its upper limit.")
        elif isinstance(state.get("value"), str):
            yield "value", _("Write a number.")


TYPE = Progress()
