"""Shows what a sender noted: tags, each a link to everything with that tag, and metadata."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from admin_ui.components.html import a, code
from admin_ui.components.layout import card, fact, facts
from admin_ui.texts import _


def tag_links(tags: Iterable[str], page: str) -> None:
    """The tags; each leads to the list at `page` of what has it."""
    for tag in tags:
        with a("", f"{page}?tag={quote(tag, safe='')}", "quiet-link"):
            code(tag)


def metadata_card(metadata: Mapping[str, Any]) -> None:
    """The entries by name. Nothing in them is a link."""
    with card(_("Metadata"), _("The sender's notes. Phones do not get them.")), facts():
        for name, value in metadata.items():
            with fact(name, ("true" if value else "false") if isinstance(value, bool) else str(value)):
                pass
