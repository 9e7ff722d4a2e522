"""Names that are listed within a sentence."""

from admin_ui.texts import ngettext


def and_more(shown: str, more: int) -> str:
    """`ops, web and 3 more`: what is shown of a list, and how many are not, at least one."""
    return ngettext("{shown} and {count} more", "{shown} and {count} more", more).format(shown=shown, count=more)
