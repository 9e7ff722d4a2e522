"""What types that go by steps have in common."""

from collections.abc import Iterator
from typing import ClassVar

from admin_ui.activity_types.card_type import Body, CardType, Input, Numeral, State, number
from admin_ui.texts import _

STEP_INPUTS: tuple[Input, ...] = (
    Input("number_of_steps", _("Number of steps"), 5),
    Input("current_step", _("Current step"), 2),
)


class Stepwise(CardType):
    """A type that goes by steps."""

    inputs: ClassVar[tuple[Input, ...]] = STEP_INPUTS

    def words(self, state: State) -> str:
        """As `step 2 of 4`."""
        return (
            _("step {current_step} of {number_of_steps}").format(
                current_step=state["current_step"], number_of_steps=state["number_of_steps"]
            )
            if "current_step" in state
            else ""
        )

    def problems(self, state: State) -> Iterator[tuple[str, str]]:
        """Steps that are missing, or more than there are."""
        for name, least in (("number_of_steps", 1), ("current_step", 0)):
            if name not in state:
                yield name, _("Write a number from {least}.").format(least=least)
        if 1 <= state.get("number_of_steps", 0) < state.get("current_step", 0):
            yield (
                "current_step",
                _("Write {number_of_steps} at most: there are no more steps.").format(
                    number_of_steps=state["number_of_steps"]
                ),
            )


class LegacyStepwise(Stepwise):
    """A type that says by a figure how far it is. The SDKs of today have other types of these names."""

    is_known_to_sdks = False

    def read(self, state: State, color: str) -> Body:
        """The figure, and a bar."""
        current, total = steps(state)
        return self.numeral(current, total, current / total if total else 0.0)

    def numeral(self, current: int, total: int, fraction: float) -> Numeral:
        """What is drawn of so many steps."""
        return Numeral(str(current), _("{current} of {total}").format(current=current, total=total), fraction)


def steps(state: State) -> tuple[int, int]:
    """The current step and how many there are; 0 for what is not known."""
    total = max(0, int(number(state.get("number_of_steps")) or 0))
    current = max(0, int(number(state.get("current_step")) or 0))
    return (min(current, total) if total else current), total
