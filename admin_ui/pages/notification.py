"""One push notification: what happened to it, what became of it on each device, and its content."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from nicegui import ui
from smith.core.v1 import push_notification_pb2 as pb
from smith.core.v1.event_pb2 import (
    EVENT_TYPE_ACTION_RUN_SETTLED,
    EVENT_TYPE_PUSH_NOTIFICATION_REPLACED,
    EVENT_TYPE_PUSH_TOKEN_DEAD,
    Event,
)
from smith.core.v1.push_notification_service_pb2 import (
    GetPushNotificationRequest,
    GetPushNotificationResponse,
    ReplayPushNotificationRequest,
)

from admin_ui.components.annotations import metadata_card, tag_links
from admin_ui.components.buttons import primary
from admin_ui.components.copying import snippet
from admin_ui.components.dialogs import confirm
from admin_ui.components.html import a, div, phrase, text
from admin_ui.components.ids import ids
from admin_ui.components.kept import Kept
from admin_ui.components.layout import back_link, card, page_header
from admin_ui.components.lock_screen import notification_card
from admin_ui.components.sent import tell_sent
from admin_ui.components.times import ago
from admin_ui.delivery_log.devices import Devices
from admin_ui.delivery_log.story import Story
from admin_ui.delivery_log.words import sender
from admin_ui.requests.words import requests_about
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.sending.snippets import curl
from admin_ui.site import Site
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit
from service_kit.json_mapping import dump, given_encoder_for

CONTENT = given_encoder_for(pb.PushNotificationContent.DESCRIPTOR)
FOLLOW_SECONDS = 2.0


def create(site: Site) -> None:
    """Registers `/delivery-log/{notification_id}`."""

    @site.page("/delivery-log/{notification_id}", title=_("Push notification"))
    async def notification(visit: Visit, notification_id: str) -> None:
        await NotificationPage(visit, notification_id).draw()


class NotificationPage:
    """The page of one notification."""

    def __init__(self, visit: Visit, notification_id: str) -> None:
        self._visit = visit
        self._id = notification_id
        self._is_recent = True
        """Whether something has happened that the log of attempts may not have yet."""
        self._stage = div("hidden")

    async def draw(self) -> None:
        """Draws the page. Raises Refused, also if the notification does not exist."""
        found = await self._read()
        back_link(_("Delivery log"), "/delivery-log")
        with div("stack-tight"):
            with page_header("") as self._title:
                primary(_("Send again"), self._replay, icon="replay")
            with div("cluster muted"):
                self._draw_sender(found.push_notification)
        with div("columns message-page"):
            with div("stack"):
                with card(_("What happened")):
                    self._story = Story(self._visit, self._id)
                with card(_("Devices")):
                    self._devices = Devices(self._visit, self._id)
                self._request = Kept("stack message-request")
            with div("stack"):
                with card(_("What devices show")):
                    self._card = notification_card({})
                with card(_("Ids")):
                    self._draw_ids(found.push_notification)
                self._metadata = Kept()
        changes = {EVENT_TYPE_PUSH_TOKEN_DEAD, EVENT_TYPE_PUSH_NOTIFICATION_REPLACED, EVENT_TYPE_ACTION_RUN_SETTLED}
        self._visit.watch(changes, self._heard)
        self._show_content(found)
        await self._show(found)
        ui.timer(FOLLOW_SECONDS, self._follow)

    def _draw_sender(self, sent: pb.PushNotification) -> None:
        text(_("Sent by {sender}").format(sender=sender(sent)))
        ago(sent.created_at)
        if sent.replay_of:
            a(_("a replay of another"), f"/delivery-log/{sent.replay_of}")
        self._replaced = Kept()
        self._tags = Kept("cluster")
        if self._visit.is_owner:
            a(_("Its requests"), requests_about(notification_id=self._id))

    def _draw_ids(self, sent: pb.PushNotification) -> None:
        ids(
            [
                (_("Notification id"), sent.id),
                (_("Device id"), sent.device_id),
                *((_("Channel"), slug) for slug in sent.channels),
                (_("API key id"), sent.api_key_id),
                (_("Person's id"), sent.user_id),
            ]
        )

    def _show_content(self, found: GetPushNotificationResponse) -> None:
        """Shows what changes with a replacement only."""
        sent, body = found.push_notification, request_body(found)
        self._title.text = sent.title
        replaced = partial(_draw_replaced, sent.replacements, sent.replaced_at)
        self._replaced.show(replaced if sent.replacements else None)
        self._tags.show(partial(tag_links, list(sent.tags.values), "/delivery-log") if sent.tags.values else None)
        self._card.update_notification(body)
        if body.get("actions"):
            self._card.expand()
        self._metadata.show(partial(metadata_card, body["metadata"]) if found.content.HasField("metadata") else None)
        if not sent.device_id:
            self._request.show(partial(self._draw_request))
            self._snippet.show(curl(ApiRequest(Operation.PUSH, body), self._visit.settings.gateway_url))

    def _draw_request(self) -> None:
        with card(_("The request"), _("As a backend would make it.")):
            self._snippet = snippet("", "curl example")

    async def _read(self) -> GetPushNotificationResponse:
        request = GetPushNotificationRequest(notification_id=self._id)
        self._found = await self._visit.ask(self._visit.core.push_notifications.GetPushNotification, request)
        return self._found

    async def _heard(self, events: Sequence[Event]) -> None:
        await self._refresh()
        if any(event.type == EVENT_TYPE_ACTION_RUN_SETTLED for event in events):
            await self._story.show(self._found.push_notification)

    async def _refresh(self) -> None:
        before = self._found
        found = await self._read()
        if found != before:
            await self._show(found)
        if found.push_notification.replacements != before.push_notification.replacements:
            self._show_content(found)

    async def _follow(self) -> None:
        """Polls while a delivery is not settled: core sends no event for APNs' answer to a push."""
        if self._found.push_notification.counts.owed:
            await self._refresh()
        elif self._is_recent:
            # The log of attempts is written a moment after the outcome.
            self._is_recent = False
            await self._story.show(self._found.push_notification)

    async def _show(self, found: GetPushNotificationResponse) -> None:
        self._is_recent = True
        await self._devices.show(found)
        await self._story.show(found.push_notification)

    async def _replay(self) -> None:
        with self._stage:
            agreed = await confirm(
                _("Send it again?"),
                _("The same device gets it once more, as a new notification.")
                if self._found.push_notification.device_id
                else _("All devices that it reaches now get it once more, as a new notification."),
                _("Send it again"),
                is_dangerous=False,
            )
        if agreed:
            request = ReplayPushNotificationRequest(notification_id=self._id)
            replay = self._visit.core.push_notifications.ReplayPushNotification
            tell_sent((await self._visit.ask(replay, request)).sent)


def _draw_replaced(replacements: int, last: Timestamp) -> None:
    phrase(_("replaced {times}, last {when}"), times=times(replacements), when=partial(ago, last))


def request_body(found: GetPushNotificationResponse) -> dict[str, Any]:
    """The notification as the JSON body of the API's request."""
    sent, content = found.push_notification, found.content
    listed = {"title": sent.title} | ({"message": sent.message} if sent.HasField("message") else {})
    target = {"target": {"channels": list(sent.channels)}} if sent.channels else {}
    document: dict[str, Any] = json.loads(dump(listed | CONTENT.encode(content) | target))
    return document


def times(number: int) -> str:
    """How often: once, twice, 3 times."""
    few = {1: _("once"), 2: _("twice")}
    return few.get(number) or ngettext("{count:,} time", "{count:,} times", number).format(count=number)
