"""The account's streams, including paused ones, in a table that updates in place."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui
from smith.core.v1.live_activity_record_pb2 import LiveActivityStream
from smith.core.v1.live_activity_service_pb2 import ListLiveActivityStreamsRequest

from admin_ui.activities import control
from admin_ui.activities.words import read
from admin_ui.activity_types.registry import words as words_of
from admin_ui.components.buttons import quiet
from admin_ui.components.html import Text, a, div, p, text
from admin_ui.components.layout import badge
from admin_ui.components.paged_table import Column, PagedTable, PageOf
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
    """Await `refresh()` to fill it, and `move_on()` when states have changed.

    `search` returns the text to look for. `after_act` is called when the person has paused or resumed a stream.
    """

    def __init__(
        self, visit: Visit, search: Callable[[], str | None], after_act: Callable[[], Awaitable[None]]
    ) -> None:
        self._visit = visit
        self._search = search
        self._after_act = after_act
        self._page_token: str | None = None
        self._rows: dict[str, _Row] = {}
        self._table = PagedTable(_("Streams"), COLUMNS, self._fetch, self._cells, on_empty=self._empty)

    async def refresh(self, *, from_start: bool = False) -> None:
        """Reads the page again, or the first one, and draws it. Raises Refused."""
        await self._table.refresh(from_start=from_start)

    async def move_on(self) -> None:
        """Reads the page again and draws only what has changed, so that buttons stay in place. Raises Refused."""
        shown = self._rows
        page = await self._fetch(self._page_token)
        if {one.stream_key: _status(one) for one in page.rows} != {key: row.status for key, row in shown.items()}:
            await self.refresh()
            return
        self._rows = shown
        for stream in page.rows:
            shown[stream.stream_key].show(stream)

    async def _fetch(self, page_token: str | None) -> PageOf[LiveActivityStream]:
        request = ListLiveActivityStreamsRequest(search=self._search(), page_size=PAGE_SIZE, page_token=page_token)
        answer = await self._visit.ask(self._visit.core.live_activities.ListLiveActivityStreams, request)
        self._page_token, self._rows = page_token, {}
        return PageOf(answer.streams, answer.next_page_token)

    def _cells(self, stream: LiveActivityStream) -> Sequence[Callable[[], object]]:
        row = self._rows[stream.stream_key] = _Row(stream)
        return (row.draw_key, row.draw_status, row.draw_state, row.draw_time, lambda: self._draw_action(stream))

    def _draw_action(self, stream: LiveActivityStream) -> None:
        if not self._visit.is_owner:
            return
        act = control.resume if stream.paused else control.pause
        button = quiet(
            _("Resume") if stream.paused else _("Pause"), lambda: act(self._visit, stream.stream_key, self._after_act)
        )
        button.props["aria-label"] = f"{button.text} {stream.stream_key}"

    def _empty(self) -> None:
        p(
            _("No stream matches.")
            if self._search()
            else _("A stream begins with the first request that names its key."),
            "muted",
        )


def _status(stream: LiveActivityStream) -> tuple[bool, str]:
    """The part of a stream whose change needs a new row."""
    return stream.paused, stream.activity_id


class _Row:
    def __init__(self, stream: LiveActivityStream) -> None:
        self._stream = stream
        self.status = _status(stream)
        self._title: Text | None = None
        self._figure: Text | None = None
        self._time: ui.element | None = None

    def draw_key(self) -> None:
        stream = self._stream
        if stream.HasField("last_activity_id"):
            a(stream.stream_key, f"/live-activities/{stream.last_activity_id}", "link mono")
        else:
            text(stream.stream_key, "mono")

    def draw_status(self) -> None:
        if self._stream.paused:
            badge(_("Paused"), "warn")
        elif self._stream.HasField("activity_id"):
            badge(_("Active"), "good")
        else:
            badge(_("Nothing shown"))

    def draw_state(self) -> None:
        with div("stack-tight"):
            self._title = text("", "strong")
            self._figure = text("", "muted small")
        self.show(self._stream)

    def draw_time(self) -> None:
        self._time = div()
        self.show(self._stream)

    def show(self, stream: LiveActivityStream) -> None:
        """Shows the stream's new state in place."""
        self._stream = stream
        state = read(stream.content_state)
        if self._title is not None and self._figure is not None:
            self._title.text, self._figure.text = state.get("title", ""), words_of(state)
        if self._time is not None:
            self._time.clear()
            with self._time:
                ago(stream.paused_at if stream.paused else stream.last_put_at)
