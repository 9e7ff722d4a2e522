"""Live Activities and streams, active and past."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from nicegui import ui
from smith.core.v1 import event_pb2 as events
from smith.core.v1.live_activity_record_pb2 import (
    LIVE_ACTIVITY_STATUS_ACTIVE,
    LIVE_ACTIVITY_STATUS_ENDED,
    LiveActivity,
    LiveActivityStatus,
)
from smith.core.v1.live_activity_service_pb2 import ListLiveActivitiesRequest

from admin_ui.activities.examples import first_stream
from admin_ui.activities.stream_table import StreamTable
from admin_ui.activities.tiles import PAGE_SIZE, Fetch, Tiles
from admin_ui.components.buttons import link_button
from admin_ui.components.copying import snippet
from admin_ui.components.html import a, code, div, p, text
from admin_ui.components.layout import page_header
from admin_ui.components.paged_table import PageOf
from admin_ui.components.search import MAX_SEARCH, search_field
from admin_ui.components.states import empty_state
from admin_ui.site import Site
from admin_ui.texts import _
from admin_ui.visit import Visit

BEGINS_OR_ENDS = {
    events.EVENT_TYPE_LIVE_ACTIVITY_STARTED,
    events.EVENT_TYPE_LIVE_ACTIVITY_ENDED,
    events.EVENT_TYPE_STREAM_PAUSED,
    events.EVENT_TYPE_STREAM_RESUMED,
    events.EVENT_TYPE_STREAM_ENDED,
}
MOVES = {*BEGINS_OR_ENDS, events.EVENT_TYPE_LIVE_ACTIVITY_UPDATED}
MOST_LOOKS = 5
"""Most pages of core that are read to find one with results: core searches some thousand activities for each."""
CALM_SECONDS = 0.5
"""Seconds between two reads of the table of streams, in addition to the feed's own pause."""


def create(site: Site) -> None:
    """Registers `/live-activities`."""

    @site.page("/live-activities", title=_("Live Activities"))
    async def live_activities(visit: Visit, tag: str = "") -> None:
        await _Lists(visit, tag).build()


class _Lists:
    """The Live Activities page of one visit."""

    def __init__(self, visit: Visit, tag: str) -> None:
        self._visit = visit
        self._tag = tag

    async def build(self) -> None:
        """Draws the page and keeps it moving for as long as it is open."""
        with page_header(_("Live Activities"), _("The cards on your team's phones, as they look right now.")):
            self._search = search_field(_("Title, stream key or id"), self._find)
        if self._tag:
            with div("cluster"):
                text(_("With the tag"), "muted")
                code(self._tag)
                a(_("Show everything"), "/live-activities")
        with _section(_("Now")):
            self._now = Tiles(_("active"), self._fetch(LIVE_ACTIVITY_STATUS_ACTIVE), on_empty=self._nothing_now)
        with _section(_("Streams"), _("Live Activities that your backends address by a key of their own.")):
            self._streams = StreamTable(self._visit, lambda: self._text, self._both)
        with _section(_("Past")):
            self._past = Tiles(_("past"), self._fetch(LIVE_ACTIVITY_STATUS_ENDED), on_empty=self._nothing_past)
        self._visit.watch(MOVES, self._moved)
        self._visit.watch(MOVES, self._stream_moved)
        self._visit.watch(BEGINS_OR_ENDS, self._changed)
        await self._now.refresh()
        await self._streams.refresh()
        await self._past.refresh()

    async def _moved(self, happened: Sequence[events.Event]) -> None:
        updated = events.EVENT_TYPE_LIVE_ACTIVITY_UPDATED
        if happened and all(one.type == updated and not self._now.shows(one.activity_id) for one in happened):
            return
        await self._now.refresh()

    async def _stream_moved(self, happened: Sequence[events.Event]) -> None:
        await self._streams.refresh()
        await asyncio.sleep(CALM_SECONDS)

    async def _changed(self, happened: Sequence[events.Event]) -> None:
        await self._past.refresh()

    async def _find(self) -> None:
        await self._now.refresh(from_start=True)
        await self._streams.refresh(from_start=True)
        await self._past.refresh(from_start=True)

    @property
    def _text(self) -> str | None:
        return (self._search.value or "").strip()[:MAX_SEARCH] or None

    def _fetch(self, status: "LiveActivityStatus.ValueType") -> Fetch:
        async def fetch(page_token: str | None) -> PageOf[LiveActivity]:
            request = ListLiveActivitiesRequest(
                status=status,
                search=self._text,
                tags=[self._tag] if self._tag else (),
                page_size=PAGE_SIZE,
                page_token=page_token,
            )
            for _look in range(MOST_LOOKS):
                answer = await self._visit.ask(self._visit.core.live_activities.ListLiveActivities, request)
                if answer.live_activities or not answer.next_page_token:
                    break
                request.page_token = answer.next_page_token
            return PageOf(answer.live_activities, answer.next_page_token)

        return fetch

    async def _both(self) -> None:
        await self._now.refresh()
        await self._streams.refresh()

    def _nothing_now(self) -> None:
        if self._text:
            p(_("No active Live Activity matches."), "muted")
            return
        with empty_state(
            "timelapse",
            _("Nothing is on the phones right now"),
            _("A Live Activity is a card on the lock screen that moves while something goes on: a backup, a deploy."),
        ):
            link_button(_("Show one from the playground"), "/playground?tab=live-activity", icon="bolt", primary=True)
            with ui.expansion(_("From a program")).classes("composer-more"), div("stack"):
                p(
                    _("One request starts the card, the next ones change it. ACTIVITYSMITH_API_KEY holds an API key."),
                    "muted",
                )
                snippet(first_stream(self._visit.settings.gateway_url), "curl command that starts a Live Activity")

    def _nothing_past(self) -> None:
        p(_("No past Live Activity matches.") if self._text else _("What has ended is kept here for a while."), "muted")


@contextmanager
def _section(title: str, description: str = "") -> Iterator[None]:
    with div("stack"):
        with div("stack-tight"):
            text(title, "section-title", "h2")
            if description:
                p(description, "muted")
        yield
