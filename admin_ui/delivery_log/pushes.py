"""The list of push notifications."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from smith.core.v1 import push_notification_pb2 as pb
from smith.core.v1.event_pb2 import EVENT_TYPE_PUSH_NOTIFICATION_REPLACED, EVENT_TYPE_PUSH_NOTIFICATION_SENT, Event
from smith.core.v1.push_notification_service_pb2 import ListPushNotificationsRequest

from admin_ui.components.html import text
from admin_ui.components.paged_table import Cell, Column, PageOf
from admin_ui.core import Core
from admin_ui.delivery_log.filters import LogFilters
from admin_ui.delivery_log.lists import NARROW, TIME, Ask, MessageList, iso, now, one_line, when
from admin_ui.delivery_log.words import outcome_badges, recipients, sender
from admin_ui.texts import _

OUTCOMES = {
    "accepted": (_("Accepted"), pb.PUSH_NOTIFICATION_OUTCOME_ACCEPTED),
    "to-come": (_("Still to come"), pb.PUSH_NOTIFICATION_OUTCOME_OWED),
    "failed": (_("Failed"), pb.PUSH_NOTIFICATION_OUTCOME_FAILED),
}
MOST_SHOWN = 140


class Pushes(MessageList[pb.PushNotification]):
    """See MessageList."""

    name = _("Push")
    about = _("Push notifications, and what became of each on every device.")
    path = "/delivery-log"
    file_name = "push-notifications"
    columns = (
        Column(_("Notification"), "log-main"),
        Column(_("To"), NARROW),
        Column(_("From"), NARROW),
        Column(_("Outcome"), "log-outcome"),
        Column(_("Sent"), TIME),
    )
    headings = (
        "id", "sent", "title", "message", "channels", "device_id", "from", "api_key_id", "devices", "accepted",
        "to_come", "failed", "expired", "tags", "replaced",
    )  # fmt: skip
    search_label = _("Find by title, message or id")
    outcome_label = _("Outcome")
    outcomes: ClassVar = {"": _("Any outcome"), **{word: name for word, (name, _outcome) in OUTCOMES.items()}}
    news = (EVENT_TYPE_PUSH_NOTIFICATION_SENT, EVENT_TYPE_PUSH_NOTIFICATION_REPLACED)
    empty = ("receipt_long", _("Nothing was sent yet"), _("Every push appears here with its path to each device."))

    async def page(
        self, core: Core, ask: Ask, filters: LogFilters, page_token: str | None, page_size: int
    ) -> PageOf[pb.PushNotification]:
        """See MessageList."""
        request = ListPushNotificationsRequest(
            page_size=page_size,
            page_token=page_token,
            search=filters.q.strip() or None,
            outcome=OUTCOMES[filters.outcome][1] if filters.outcome in OUTCOMES else None,
            device_id=filters.device or None,
            channel=filters.channel or None,
            api_key_id=filters.api_key or None,
            tags=[filters.tag] if filters.tag else (),
            **filters.bounds(now()),
        )
        answer = await ask(core.push_notifications.ListPushNotifications, request)
        return PageOf(answer.push_notifications, answer.next_page_token)

    def id_of(self, row: pb.PushNotification) -> str:
        """See MessageList."""
        return row.id

    def subject_of(self, event: Event) -> str:
        """A replaced one is in its place; one that was sent is new, whichever it is."""
        return "" if event.type == EVENT_TYPE_PUSH_NOTIFICATION_SENT else event.notification_id

    def href(self, row: pb.PushNotification) -> str:
        """See MessageList."""
        return f"/delivery-log/{row.id}"

    def cells(self, row: pb.PushNotification) -> Sequence[Cell]:
        """See MessageList."""
        return (
            partial(one_line, row.title, row.message[:MOST_SHOWN]),
            partial(text, recipients(row.channels, is_one_device=bool(row.device_id)), "muted"),
            partial(text, sender(row), "muted"),
            partial(outcome_badges, row.counts),
            partial(when, self.href(row), row.created_at),
        )

    def written(self, row: pb.PushNotification) -> Sequence[str]:
        """See MessageList."""
        counts = row.counts
        return (
            row.id, iso(row.created_at), row.title, row.message, " ".join(row.channels), row.device_id, sender(row),
            row.api_key_id, f"{counts.devices}{'+' if counts.partial else ''}", str(counts.accepted), str(counts.owed),
            str(counts.failed), str(counts.expired), " ".join(row.tags.values), iso(row.replaced_at),
        )  # fmt: skip
