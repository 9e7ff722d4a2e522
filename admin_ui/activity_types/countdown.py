"""Counts down. Legacy."""

from admin_ui.activity_types.card_type import Numeral
from admin_ui.activity_types.steps import LegacyStepwise
from admin_ui.texts import _


class Countdown(LegacyStepwise):
    """How many steps are left."""

    label = _("Countdown (legacy)")

    def numeral(self, current: int, total: int, fraction: float) -> Numeral:
        """What is left, and a bar that empties."""
        left = max(0, total - current)
        return Numeral(str(left), _("{left} left of {total}").format(left=left, total=total), 1 - fraction)


TYPE = Countdown()
