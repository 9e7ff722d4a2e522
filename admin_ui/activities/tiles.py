"""Live Activities side by side, as a lock screen shows them; each updates in place."""

from collections.abc import Awaitable, Callable
from functools import partial

from smith.core.v1.live_activity_record_pb2 import LIVE_ACTIVITY_STATUS_ENDED, LiveActivity

from admin_ui.activities.buttons import buttons_of
from admin_ui.activities.words import read
from admin_ui.components.html import a, div, text
from admin_ui.components.kept import Kept
from admin_ui.components.lock_screen import activity_card
from admin_ui.components.paged_table import PageOf
from admin_ui.components.paging import Paging
from admin_ui.components.times import ago
from admin_ui.texts import _

PAGE_SIZE = 12

Fetch = Callable[[str | None], Awaitable[PageOf[LiveActivity]]]


class Tile:
    """One activity: its card, and a line below it."""

    def __init__(self, activity: LiveActivity) -> None:
        self._shown = LiveActivity()
        with div("activity-tile") as self.element:
            self._card = activity_card(read(activity.content_state), buttons_of(activity))
            with div("activity-line"):
                self._link = a("", f"/live-activities/{activity.activity_id}", "link")
                self._over = text(_("Ended"), "muted small")
                text(
                    _("stream {stream_key}").format(stream_key=activity.stream_key) if activity.stream_key else "",
                    "muted small truncate",
                )
                self._when = Kept("muted small")
        self.show(activity)

    def show(self, activity: LiveActivity) -> None:
        """Shows the activity's new state in place."""
        if activity == self._shown:
            return
        self._shown = activity
        state, is_over = read(activity.content_state), activity.status == LIVE_ACTIVITY_STATUS_ENDED
        self._card.update_state(state, buttons_of(activity), ended=is_over)
        self._over.set_visibility(is_over)
        self._link.text = _("Details")
        self._link.props["aria-label"] = _("Details of {title}").format(title=state.get("title", ""))
        self._when.show(partial(ago, activity.ended_at if activity.HasField("ended_at") else activity.updated_at))


class Tiles:
    """A paged list of activities. Await `refresh()` to fill it, and when the activities may have changed."""

    def __init__(self, label: str, fetch: Fetch, *, on_empty: Callable[[], object]) -> None:
        self._fetch = fetch
        self._on_empty = on_empty
        self._tiles: dict[str, Tile] = {}
        self._empty = div()
        self._grid = div("activity-grid").props("role=group")
        self._grid.props["aria-label"] = label
        self._paging = Paging(label, self.refresh)

    def shows(self, activity_id: str) -> bool:
        """Whether the activity is on this page of the list."""
        return activity_id in self._tiles

    async def refresh(self, *, from_start: bool = False) -> None:
        """Reads the page again, or the first one. Cards that are shown already keep their place: a reader could not
        follow cards that change places with every update. Raises Refused."""
        if from_start:
            self._paging.to_first()
        page = await self._fetch(self._paging.token)
        if not page.rows and not self._paging.is_first:
            await self.refresh(from_start=True)
            return
        found = {one.activity_id: one for one in page.rows}
        for gone in self._tiles.keys() - found.keys():
            self._tiles.pop(gone).element.delete()
        is_first = not self._tiles
        for place, (activity_id, activity) in enumerate(found.items()):
            if activity_id in self._tiles:
                self._tiles[activity_id].show(activity)
                continue
            with self._grid:
                self._tiles[activity_id] = Tile(activity)
            if not is_first:
                self._tiles[activity_id].element.move(target_index=place)
        self._draw_empty(asked_for=from_start)
        self._paging.show(page.next_page_token)

    def _draw_empty(self, *, asked_for: bool) -> None:
        self._grid.set_visibility(bool(self._tiles))
        self._empty.set_visibility(not self._tiles)
        # What a reader has opened in it stays open while nothing comes.
        if self._tiles or asked_for:
            self._empty.clear()
        if not self._tiles and not self._empty.default_slot.children:
            with self._empty:
                self._on_empty()
