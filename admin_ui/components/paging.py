"""The pages of a list that the server pages: which of them is shown, and the buttons that lead to the others."""

from collections.abc import Awaitable, Callable

from nicegui import ui

from admin_ui.components.buttons import secondary
from admin_ui.components.html import labelled, text
from admin_ui.texts import _


class Paging:
    """Begins with the first page. It is seen only where the list has more than one."""

    def __init__(self, label: str, refresh: Callable[[], Awaitable[None]]) -> None:
        """`label` names the list for screen readers; `refresh` shows the page of `token`."""
        self._refresh = refresh
        self._tokens: list[str | None] = [None]
        """Tokens of the pages before this one, and of this one."""
        self._next = ""
        with labelled(ui.element("nav").classes("paging"), _("Pages of {label}").format(label=label)) as self._nav:
            self._back = secondary(_("Previous"), self._previous)
            self._place = text("", "muted")
            self._on = secondary(_("Next"), self._following)
        self._nav.set_visibility(False)

    @property
    def token(self) -> str | None:
        """What the server is asked for the page with; None for the first."""
        return self._tokens[-1]

    @property
    def is_first(self) -> bool:
        """Whether the first page is shown."""
        return len(self._tokens) == 1

    def to_first(self) -> None:
        """The first page is the one to show."""
        self._tokens = [None]

    def show(self, next_page_token: str) -> None:
        """Says which page is shown. The token is the one of the next page, and empty on the last."""
        self._next = next_page_token
        self._nav.set_visibility(bool(next_page_token) or not self.is_first)
        self._place.text = _("Page {count}").format(count=len(self._tokens))
        self._back.set_enabled(not self.is_first)
        self._on.set_enabled(bool(next_page_token))

    async def _previous(self) -> None:
        if not self.is_first:
            self._tokens.pop()
            await self._refresh()

    async def _following(self) -> None:
        if self._next:
            self._tokens.append(self._next)
            await self._refresh()
