"""The delivery log: push notifications, their targets, and their outcome on each phone."""

import datetime as dt
from collections.abc import Callable, Sequence
from urllib.parse import quote

from nicegui import ui
from smith.core.v1.event_pb2 import EVENT_TYPE_PUSH_NOTIFICATION_REPLACED, EVENT_TYPE_PUSH_NOTIFICATION_SENT, Event
from smith.core.v1.push_notification_pb2 import (
    PUSH_NOTIFICATION_OUTCOME_ACCEPTED,
    PUSH_NOTIFICATION_OUTCOME_FAILED,
    PUSH_NOTIFICATION_OUTCOME_OWED,
    PushNotification,
    PushNotificationCounts,
)
from smith.core.v1.push_notification_service_pb2 import ListPushNotificationsRequest

from admin_ui.components.annotations import tag_links
from admin_ui.components.buttons import link_button, secondary
from admin_ui.components.html import a, code, div, p, text
from admin_ui.components.layout import badge, page_header
from admin_ui.components.paged_table import PAGE_SIZE, Column, PagedTable, PageOf
from admin_ui.components.search import search_field
from admin_ui.components.states import empty_state
from admin_ui.components.times import ago
from admin_ui.site import Site
from admin_ui.visit import Visit

OUTCOMES = {
    0: "Any outcome",
    PUSH_NOTIFICATION_OUTCOME_ACCEPTED: "Accepted",
    PUSH_NOTIFICATION_OUTCOME_OWED: "Still to come",
    PUSH_NOTIFICATION_OUTCOME_FAILED: "Failed",
}
PERIODS = {
    0: "Any time",
    1: "Last hour",
    24: "Last 24 hours",
    24 * 7: "Last 7 days",
}
"""In hours."""
COLUMNS = (Column("Notification"), Column("To"), Column("From"), Column("Outcome"), Column("Sent"))
SHOWN_CHANNELS = 3
SHOWN_TAGS = 3


def create(site: Site) -> None:
    """Registers `/delivery-log`."""

    @site.page("/delivery-log", title="Delivery log")
    async def delivery_log(visit: Visit, channel: str = "", api_key: str = "", tag: str = "") -> None:
        await DeliveryLogPage(visit, channel=channel, api_key_id=api_key, tag=tag).draw()


def log_of_channel(slug: str) -> str:
    """The address of the log of what was sent to a channel."""
    return f"/delivery-log?channel={quote(slug, safe='')}"


def log_of_key(api_key_id: str) -> str:
    """The address of the log of what an API key has sent."""
    return f"/delivery-log?api_key={quote(api_key_id, safe='')}"


class DeliveryLogPage:
    """The list of notifications. A button announces new ones, so that the list does not move while it is read."""

    def __init__(self, visit: Visit, *, channel: str, api_key_id: str, tag: str) -> None:
        self._visit = visit
        self._channel = channel
        self._tag = tag
        self._api_key_id = api_key_id
        self._unseen = 0

    async def draw(self) -> None:
        """Draws the page. Raises Refused."""
        with page_header("Delivery log", "Push notifications, and what became of each on every phone."):
            pass
        p("Live Activities have a page of their own.", "muted small")
        with div("log-filters"):
            self._search = search_field("Find by title or message", self._from_start)
            self._outcome = ui.select(dict(OUTCOMES), value=0, on_change=self._from_start)
            self._outcome.props["aria-label"] = "Outcome"
            self._period = ui.select(dict(PERIODS), value=0, on_change=self._from_start)
            self._period.props["aria-label"] = "Sent"
            self._news = secondary("", self._from_start, icon="arrow_upward")
            self._news.set_visibility(False)
        self._only = div("cluster")
        self._table: PagedTable[PushNotification] = PagedTable(
            "Push notifications", COLUMNS, self._fetch, self._draw_row, on_empty=self._draw_empty
        )
        self._visit.watch({EVENT_TYPE_PUSH_NOTIFICATION_SENT, EVENT_TYPE_PUSH_NOTIFICATION_REPLACED}, self._heard)
        await self._table.refresh()

    async def _heard(self, events: Sequence[Event]) -> None:
        if not events:
            return
        self._unseen += sum(event.type == EVENT_TYPE_PUSH_NOTIFICATION_SENT for event in events)
        if not self._unseen:
            # A notification was replaced: its row stays where it is and says something else.
            await self._table.refresh()
            return
        self._news.text = f"{self._unseen} new"
        self._news.set_visibility(True)

    async def _from_start(self) -> None:
        self._unseen = 0
        self._news.set_visibility(False)
        await self._table.refresh(from_start=True)

    async def _fetch(self, page_token: str | None) -> PageOf[PushNotification]:
        request = ListPushNotificationsRequest(page_size=PAGE_SIZE, page_token=page_token)
        if self._search.value:
            request.search = self._search.value
        if self._outcome.value:
            request.outcome = self._outcome.value
        if self._period.value:
            request.since.FromDatetime(dt.datetime.now(dt.UTC) - dt.timedelta(hours=self._period.value))
        if self._channel:
            request.channel = self._channel
        if self._api_key_id:
            request.api_key_id = self._api_key_id
        if self._tag:
            request.tags.append(self._tag)
        page = await self._visit.ask(self._visit.core.push_notifications.ListPushNotifications, request)
        self._draw_only(page.push_notifications)
        return PageOf(page.push_notifications, page.next_page_token)

    def _draw_only(self, found: Sequence[PushNotification]) -> None:
        """Says what the address limits the list to."""
        self._only.clear()
        if not (self._channel or self._api_key_id or self._tag):
            return
        with self._only:
            if self._channel:
                text("To the channel", "muted")
                code(self._channel)
            if self._api_key_id:
                text("From the API key", "muted")
                text(next((sent.sender_name for sent in found if sent.sender_name), self._api_key_id), "strong")
            if self._tag:
                text("With the tag", "muted")
                code(self._tag)
            a("Show everything", "/delivery-log")

    def _draw_empty(self) -> None:
        is_limited = self._channel or self._api_key_id or self._tag
        if is_limited or self._search.value or self._outcome.value or self._period.value:
            with empty_state("search_off", "Nothing is found", "Try other words, or any outcome."):
                pass
            return
        with empty_state(
            "receipt_long", "Nothing was sent yet", "Every push appears here with its path to each phone."
        ):
            link_button("Open the playground", "/playground", icon="bolt", primary=True)

    def _draw_row(self, sent: PushNotification) -> Sequence[Callable[[], object]]:
        return (
            lambda: _title(sent),
            lambda: _target(sent),
            lambda: _sender(sent),
            lambda: outcome_badges(sent.counts),
            lambda: ago(sent.created_at),
        )


def outcome_badges(counts: PushNotificationCounts) -> None:
    """How many phones it reached, and how many not or not yet."""
    with div("cluster"):
        more = "+" if counts.partial else ""
        if counts.accepted:
            badge(f"{counts.accepted:,}{more} accepted", "good")
        if counts.owed:
            badge(f"{counts.owed:,}{more} to come", "warn")
        if counts.failed:
            badge(f"{counts.failed:,}{more} failed", "bad")
        if counts.expired:
            badge(f"{counts.expired:,}{more} expired", "bad")


def _title(sent: PushNotification) -> None:
    with div("stack-tight"):
        a(sent.title, f"/delivery-log/{sent.id}", "link strong")
        if sent.message:
            text(sent.message[:140], "muted small")
        if sent.tags.values:
            with div("cluster small"):
                tag_links(sent.tags.values[:SHOWN_TAGS], "/delivery-log")
                if len(sent.tags.values) > SHOWN_TAGS:
                    text(f"and {len(sent.tags.values) - SHOWN_TAGS} more", "muted small")


def _target(sent: PushNotification) -> None:
    if sent.device_id:
        text("one device", "muted")
        return
    if not sent.channels:
        text("everybody", "muted")
        return
    with div("cluster"):
        for slug in sent.channels[:SHOWN_CHANNELS]:
            with a("", log_of_channel(slug), "quiet-link"):
                code(slug)
        if len(sent.channels) > SHOWN_CHANNELS:
            text(f"and {len(sent.channels) - SHOWN_CHANNELS} more", "muted small")


def _sender(sent: PushNotification) -> None:
    if sent.HasField("api_key_id"):
        a(sent.sender_name or "an API key that is gone", log_of_key(sent.api_key_id), "quiet-link")
    else:
        text(sent.sender_name or "unknown", "muted")
