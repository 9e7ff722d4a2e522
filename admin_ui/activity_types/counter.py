"""Counts up. Legacy."""

from admin_ui.activity_types.steps import LegacyStepwise


class Counter(LegacyStepwise):
    """How many steps are done."""

    label = "Counter (legacy)"


TYPE = Counter()
