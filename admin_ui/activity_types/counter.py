"""Counts up. Legacy."""

from admin_ui.activity_types.steps import LegacyStepwise
from admin_ui.texts import _


class Counter(LegacyStepwise):
    """How many steps are done."""

    label = _("Counter (legacy)")


TYPE = Counter()
