"""Continuous progress."""

from collections.abc import Iterator

from admin_ui.activity_types.card_type import Bar, Body, CardType, Input, State, ValueInput, number, number_text, within


class Progress(CardType):
    """A percentage, or a value of a limit."""

    label = "Progress"
    has_badge = True
    inputs = (
        Input("percentage", "Percentage", 42),
        ValueInput("value", "or value"),
        Input("upper_limit", "of upper limit"),
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
        return Bar(figure, figure or "not known", fraction)

    def words(self, state: State) -> str:
        """As `42%`, `3 of 12`."""
        if "percentage" in state:
            return f"{state['percentage']:g}%"
        return f"{state['value']:g} of {state['upper_limit']:g}" if "value" in state else ""

    def problems(self, state: State) -> Iterator[tuple[str, str]]:
        """No progress at all."""
        if "percentage" not in state and not {"value", "upper_limit"} <= state.keys():
            yield "percentage", "Write a percentage, or a value with its upper limit."
        elif isinstance(state.get("value"), str):
            yield "value", "Write a number."


TYPE = Progress()
