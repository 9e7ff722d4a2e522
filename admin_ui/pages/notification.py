"""One push notification: its content, and its delivery to each phone."""

import json
from collections.abc import Sequence
from typing import Any

from nicegui import ui
from smith.core.v1 import push_notification_pb2 as pb
from smith.core.v1.delivery_attempt_pb2 import DELIVERY_OUTCOME_ACCEPTED, DeliveryAttempt
from smith.core.v1.delivery_log_service_pb2 import ExplainDeliveryRequest
from smith.core.v1.event_pb2 import EVENT_TYPE_PUSH_NOTIFICATION_REPLACED, EVENT_TYPE_PUSH_TOKEN_DEAD, Event
from smith.core.v1.push_notification_pb2 import PushNotificationDelivery
from smith.core.v1.push_notification_service_pb2 import (
    GetPushNotificationRequest,
    GetPushNotificationResponse,
    ReplayPushNotificationRequest,
)

from admin_ui.components.annotations import metadata_card, tag_links
from admin_ui.components.buttons import primary, quiet
from admin_ui.components.copying import snippet
from admin_ui.components.dialogs import confirm, dialog, dialog_actions, gone_when_closed
from admin_ui.components.html import a, div, p, text
from admin_ui.components.layout import badge, card, page_header
from admin_ui.components.lock_screen import notification_card
from admin_ui.components.sent import tell_sent
from admin_ui.components.times import ago
from admin_ui.pages.delivery_log import outcome_badges
from admin_ui.requests.words import requests_about
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.sending.snippets import curl
from admin_ui.site import Site
from admin_ui.visit import Visit
from service_kit.json_mapping import dump, given_encoder_for

STATES: "dict[pb.PushNotificationDeliveryState.ValueType, tuple[str, str]]" = {
    pb.PUSH_NOTIFICATION_DELIVERY_STATE_DUE: ("to come", "warn"),
    pb.PUSH_NOTIFICATION_DELIVERY_STATE_ACCEPTED: ("accepted", "good"),
    pb.PUSH_NOTIFICATION_DELIVERY_STATE_TOKEN_DEAD: ("token dead", "bad"),
    pb.PUSH_NOTIFICATION_DELIVERY_STATE_REJECTED: ("refused", "bad"),
    pb.PUSH_NOTIFICATION_DELIVERY_STATE_EXPIRED: ("expired", "bad"),
}
CONTENT = given_encoder_for(pb.PushNotificationContent.DESCRIPTOR)
SHOWN = ("title", "subtitle", "message", "icon", "interruption_level", "media", "actions")
"""What the card is drawn of."""


def create(site: Site) -> None:
    """Registers `/delivery-log/{notification_id}`."""

    @site.page("/delivery-log/{notification_id}", title="Push notification")
    async def notification(visit: Visit, notification_id: str) -> None:
        await NotificationPage(visit, notification_id).draw()


class NotificationPage:
    """The page of one notification."""

    def __init__(self, visit: Visit, notification_id: str) -> None:
        self._visit = visit
        self._id = notification_id
        self._stage = div("hidden")

    async def draw(self) -> None:
        """Draws the page. Raises Refused, also if the notification does not exist."""
        found = await self._read()
        a("Delivery log", "/delivery-log", "link small")
        self._head = div("stack")
        with div("columns"):
            with card("Phones"):
                self._counts = div()
                self._phones = div("stack")
            self._content = div("stack")
        self._visit.watch({EVENT_TYPE_PUSH_TOKEN_DEAD, EVENT_TYPE_PUSH_NOTIFICATION_REPLACED}, self._heard)
        self._show_content(found)
        self._show(found)
        ui.timer(2.0, self._follow)

    def _show_content(self, found: GetPushNotificationResponse) -> None:
        """Draws what changes with a replacement only."""
        sent, body = found.push_notification, request_body(found)
        self._head.clear()
        with self._head:
            with page_header(sent.title, f"Sent by {sent.sender_name or 'an unknown sender'}."):
                primary("Send again", self._replay, icon="replay")
            with div("cluster muted small"):
                ago(sent.created_at)
                if sent.replay_of:
                    a("a replay of another", f"/delivery-log/{sent.replay_of}")
                if sent.replacements:
                    text(f"replaced {times(sent.replacements)}, last")
                    ago(sent.replaced_at)
                tag_links(sent.tags.values, "/delivery-log")
                if self._visit.is_owner:
                    a("Its requests", requests_about(notification_id=self._id))
        self._content.clear()
        with self._content:
            with card("What phones show"):
                notification_card(_shown(body))
            if found.content.HasField("metadata"):
                metadata_card(body["metadata"])
            if not sent.device_id:
                with card("The request", "As a backend would make it."):
                    request = ApiRequest(Operation.PUSH, body)
                    snippet(curl(request, self._visit.settings.gateway_url), "curl example")

    async def _read(self) -> GetPushNotificationResponse:
        request = GetPushNotificationRequest(notification_id=self._id)
        self._found = await self._visit.ask(self._visit.core.push_notifications.GetPushNotification, request)
        return self._found

    async def _heard(self, events: Sequence[Event]) -> None:
        await self._refresh()

    async def _refresh(self) -> None:
        before = self._found
        found = await self._read()
        if found != before:
            self._show(found)
        if found.push_notification.replacements != before.push_notification.replacements:
            self._show_content(found)

    async def _follow(self) -> None:
        """Polls while a delivery is not settled: core sends no event for APNs' answer to a push."""
        if self._found.push_notification.counts.owed:
            await self._refresh()

    def _show(self, found: GetPushNotificationResponse) -> None:
        self._counts.clear()
        with self._counts:
            outcome_badges(found.push_notification.counts)
        self._phones.clear()
        with self._phones:
            for delivery in found.deliveries:
                self._draw_phone(delivery)
            if len(found.deliveries) < found.push_notification.counts.devices:
                p(f"The first {len(found.deliveries)} of {found.push_notification.counts.devices:,}.", "muted small")

    def _draw_phone(self, delivery: PushNotificationDelivery) -> None:
        word, tone = STATES.get(delivery.state, ("unknown", "neutral"))
        with div("spread"):
            with div("stack-tight"):
                text(delivery.device_name or "a phone that is gone", "strong")
                text(delivery.user_name, "muted small")
            with div("cluster"):
                if delivery.reason:
                    text(delivery.reason, "muted small")
                badge(word, tone)
                why = quiet("Why?", lambda: self._explain(delivery))
                why.props["aria-label"] = f"Why is it {word} on {delivery.device_name}?"

    async def _explain(self, delivery: PushNotificationDelivery) -> None:
        request = ExplainDeliveryRequest(device_id=delivery.device_id, notification_id=self._id)
        words = self._visit.destinations.in_words
        verdict = (await self._visit.ask(self._visit.core.delivery_log.ExplainDelivery, request)).verdict
        with self._stage, dialog(delivery.device_name or "A phone that is gone", words(verdict.explanation)) as shown:
            if verdict.advice:
                p(words(verdict.advice), "strong")
            if verdict.attempts:
                with div("attempts"):
                    for attempt in verdict.attempts:
                        _draw_attempt(attempt)
            with dialog_actions():
                primary("Close", shown.close)
        gone_when_closed(shown)
        shown.open()

    async def _replay(self) -> None:
        with self._stage:
            agreed = await confirm(
                "Send it again?",
                "The same device gets it once more, as a new notification."
                if self._found.push_notification.device_id
                else "All devices that it reaches now get it once more, as a new notification.",
                "Send it again",
                is_dangerous=False,
            )
        if agreed:
            request = ReplayPushNotificationRequest(notification_id=self._id)
            replay = self._visit.core.push_notifications.ReplayPushNotification
            tell_sent((await self._visit.ask(replay, request)).sent)


def request_body(found: GetPushNotificationResponse) -> dict[str, Any]:
    """The notification as the JSON body of the API's request."""
    sent, content = found.push_notification, found.content
    listed = {"title": sent.title} | ({"message": sent.message} if sent.HasField("message") else {})
    target = {"target": {"channels": list(sent.channels)}} if sent.channels else {}
    document: dict[str, Any] = json.loads(dump(listed | CONTENT.encode(content) | target))
    return document


def times(number: int) -> str:
    """How often: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def _shown(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in SHOWN if name in body}


def _draw_attempt(attempt: DeliveryAttempt) -> None:
    is_accepted = attempt.outcome == DELIVERY_OUTCOME_ACCEPTED
    with div("spread"):
        with div("cluster"):
            badge("accepted" if is_accepted else attempt.reason or "failed", "good" if is_accepted else "bad")
            text(f"{attempt.latency_ms} ms", "muted small")
        ago(attempt.occurred_at).classes("muted small")
