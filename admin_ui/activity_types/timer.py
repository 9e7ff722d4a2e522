"""Counts up to a number that is seen. Legacy."""

from admin_ui.activity_types.card_type import Numeral
from admin_ui.activity_types.steps import LegacyStepwise


class Timer(LegacyStepwise):
    """How many of how many steps are done."""

    label = "Timer (legacy)"

    def numeral(self, current: int, total: int, fraction: float) -> Numeral:
        """As `2/4`."""
        return Numeral(f"{current}/{total}", f"{current} of {total}", fraction)


TYPE = Timer()
