"""The lists of the delivery log as CSV: what the page shows, with the same filters and the same rights."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from admin_ui.components.paged_table import PageOf
from admin_ui.core import Caller, Refused
from admin_ui.delivery_log.filters import LogFilters
from admin_ui.delivery_log.lists import Ask, MessageList, now
from admin_ui.delivery_log.log_page import LISTS, MOST_EXPORTED
from admin_ui.entrance.html import refused_page, trouble
from admin_ui.site import Site
from admin_ui.texts import _

PAGE_SIZE = 500
MOST_AT_ONCE = 4
"""Exports in progress, of all people: each asks core for up to 100 pages, one after the other."""
SPREADSHEETS_MARK = "\ufeff"
"""Spreadsheets that find it read the rest as UTF-8."""
BEGINS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""Spreadsheets calculate a cell that begins so, with functions that can call other hosts. A message's title is
whatever its sender wrote. An apostrophe before it makes it a text (OWASP, "CSV Injection")."""

Read = Callable[[str | None], Awaitable[PageOf[Any]]]


def serve(router: APIRouter, site: Site) -> None:
    """Answers the path of each list with `.csv` behind it."""
    exports = _Exports(site)
    for messages in LISTS:
        router.add_api_route(f"{messages.path}.csv", exports.of(messages), methods=["GET"], include_in_schema=False)


def as_text(value: str) -> str:
    """The value as a cell that no spreadsheet calculates."""
    return f"'{value}" if value.lstrip(" ").startswith(BEGINS_A_FORMULA) else value


def line(values: Sequence[str]) -> bytes:
    """A line of CSV (RFC 4180)."""
    written = io.StringIO()
    csv.writer(written).writerow([as_text(value) for value in values])
    return written.getvalue().encode()


class _Exports:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._callers: set[str] = set()

    def of(self, messages: MessageList[Any]) -> Callable[[Request], Any]:
        """What answers the path of this list."""

        async def export(request: Request) -> Response:
            if (elsewhere := await self._site.admit(request)) is not None:
                return elsewhere
            caller = self._site.caller(request)
            who = caller.session_token or ""
            if who in self._callers or len(self._callers) >= MOST_AT_ONCE:
                words = _("An export is under way. Wait until it has ended.")
                return trouble(request, words, status=429, title=_("One export at a time"))
            self._callers.add(who)
            is_answered = False
            try:
                read = self._read(messages, caller, request)
                rows = _rows(messages, read, await read(None))
                headers = {"content-disposition": f'attachment; filename="{messages.file_name}-{now():%Y-%m-%d}.csv"'}
                answer = _Export(rows, lambda: self._callers.discard(who), headers)
                is_answered = True
                return answer
            except Refused as refusal:
                return refused_page(request, refusal)
            finally:
                if not is_answered:
                    self._callers.discard(who)

        return export

    def _read(self, messages: MessageList[Any], caller: Caller, request: Request) -> Read:
        ask: Ask = partial(self._site.core.ask, caller)
        filters = LogFilters.read(request.query_params)

        async def read(page_token: str | None) -> PageOf[Any]:
            return await messages.page(self._site.core, ask, filters, page_token, PAGE_SIZE)

        return read


async def _rows(messages: MessageList[Any], read: Read, first: PageOf[Any]) -> AsyncIterator[bytes]:
    """All lines. If core refuses one of the pages, the download breaks off: half a list must not look whole."""
    yield SPREADSHEETS_MARK.encode() + line(messages.headings)
    page, left = first, MOST_EXPORTED
    while True:
        rows = page.rows[:left]
        if rows:
            yield b"".join(line(messages.written(row)) for row in rows)
        left -= len(rows)
        if not page.next_page_token or not left:
            return
        page = await read(page.next_page_token)


class _Export(StreamingResponse):
    """Calls `over` when it was sent, also if the browser has left before the first line."""

    def __init__(self, rows: AsyncIterator[bytes], over: Callable[[], None], headers: dict[str, str]) -> None:
        super().__init__(rows, media_type="text/csv; charset=utf-8", headers=headers)
        self._over = over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._over()
