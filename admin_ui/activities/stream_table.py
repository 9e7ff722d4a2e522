"""The account's streams, including paused ones, in a table."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from smith.core.v1.live_activity_record_pb2 import LiveActivityStream
from smith.core.v1.live_activity_service_pb2 import ListLiveActivityStreamsRequest

from admin_ui.activities import control
from admin_ui.activities.words import read
from admin_ui.activity_types.registry import words as words_of
from admin_ui.components.buttons import quiet
from admin_ui.components.html import a, div, p, text
from admin_ui.components.layout import badge
from admin_ui.components.paged_table import Cell, Column, PagedTable, PageOf
from admin_ui.components.times import ago
from admin_ui.texts import _
from admin_ui.visit import Visit

PAGE_SIZE = 20
COLUMNS = (
    Column(_("Stream")),
    Column(_("Status")),
    Column(_("Shows")),
    Column(_("Last change")),
    Column("", "actions"),
)


class StreamTable:
    """Await `refresh()` to fill it, and when states have changed.

    `search` returns the text to look for. `after_act` is called when the person has paused or resumed a stream.
    """

    def __init__(
        self, visit: Visit, search: Callable[[], str | None], after_act: Callable[[], Awaitable[None]]
    ) -> None:
        self._visit = visit
        self._search = search
        self._after_act = after_act
        self._table: PagedTable[LiveActivityStream] = PagedTable(
            _("Streams"),
            COLUMNS,
            self._fetch,
            self._cells,
            key=lambda stream: stream.stream_key,
            on_empty=self._empty,
        )

    async def refresh(self, *, from_start: bool = False) -> None:
        """Reads the page again, or the first one, and draws what has changed. Raises Refused."""
        await self._table.refresh(from_start=from_start)

    async def _fetch(self, page_token: str | None) -> PageOf[LiveActivityStream]:
        request = ListLiveActivityStreamsRequest(search=self._search(), page_size=PAGE_SIZE, page_token=page_token)
        answer = await self._visit.ask(self._visit.core.live_activities.ListLiveActivityStreams, request)
        return PageOf(answer.streams, answer.next_page_token)

    def _cells(self, stream: LiveActivityStream) -> Sequence[Cell]:
        state = read(stream.content_state)
        return (
            partial(_key, stream.stream_key, stream.last_activity_id),
            partial(_status, is_paused=stream.paused, is_active=stream.HasField("activity_id")),
            partial(_state, state.get("title", ""), words_of(state)),
            partial(ago, stream.paused_at if stream.paused else stream.last_put_at),
            partial(self._draw_action, stream.stream_key, is_paused=stream.paused),
        )

    def _draw_action(self, stream_key: str, *, is_paused: bool) -> None:
        if not self._visit.is_owner:
            return
        act = control.resume if is_paused else control.pause
        button = quiet(_("Resume") if is_paused else _("Pause"), lambda: act(self._visit, stream_key, self._after_act))
        button.props["aria-label"] = f"{button.text} {stream_key}"

    def _empty(self) -> None:
        p(
            _("No stream matches.")
            if self._search()
            else _("A stream begins with the first request that names its key."),
            "muted",
        )


def _key(stream_key: str, last_activity_id: str) -> None:
    if last_activity_id:
        a(stream_key, f"/live-activities/{last_activity_id}", "link mono")
    else:
        text(stream_key, "mono")


def _status(*, is_paused: bool, is_active: bool) -> None:
    if is_paused:
        badge(_("Paused"), "warn")
    elif is_active:
        badge(_("Active"), "good")
    else:
        badge(_("Nothing shown"))


def _state(title: str, figure: str) -> None:
    with div("stack-tight"):
        text(title, "strong")
        text(figure, "muted small")
