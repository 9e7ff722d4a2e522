"""The devices of a notification: what became of it on each, and why, in place."""

import datetime as dt
from collections.abc import Callable
from functools import partial

from google.protobuf.timestamp_pb2 import Timestamp
from nicegui import ui
from smith.core.v1.delivery_attempt_pb2 import DeliveryVerdict
from smith.core.v1.delivery_log_service_pb2 import ExplainDeliveryRequest
from smith.core.v1.push_notification_pb2 import (
    PUSH_NOTIFICATION_DELIVERY_STATE_DUE,
    PushNotificationDelivery,
)
from smith.core.v1.push_notification_service_pb2 import GetPushNotificationResponse

from admin_ui.components.buttons import quiet
from admin_ui.components.card_parts import set_prop
from admin_ui.components.html import div, p, phrase, text
from admin_ui.components.ids import Ids
from admin_ui.components.kept import Kept, KeptRows
from admin_ui.components.layout import badge
from admin_ui.components.times import ago, with_times
from admin_ui.core import Refused
from admin_ui.delivery_log.words import DELIVERY_STATES, outcome_badges
from admin_ui.texts import _
from admin_ui.visit import Visit

GONE = _("A device that is gone")


class Devices:
    """The list. Await `show` to fill it, and when something may have changed."""

    def __init__(self, visit: Visit, notification_id: str) -> None:
        self._visit = visit
        self._id = notification_id
        self._counts = Kept()
        self._rows = KeptRows[str, DeviceRow](self._make)
        self._rest = p("", "muted small")

    async def show(self, found: GetPushNotificationResponse) -> None:
        """Shows the devices. That of a notification for one device is explained at once. Raises Refused."""
        sent, deliveries = found.push_notification, found.deliveries
        self._counts.show(partial(outcome_badges, sent.counts) if len(deliveries) != 1 else None)
        self._is_only = len(deliveries) == 1
        rows = self._rows.arrange(delivery.device_id for delivery in deliveries)
        missing = sent.counts.devices - len(deliveries)
        self._rest.text = _("The first {count} of {devices:,}: those that failed come first.").format(
            count=len(deliveries), devices=sent.counts.devices
        )
        self._rest.set_visibility(missing > 0)
        for row, delivery in zip(rows, deliveries, strict=True):
            row.show(delivery)
        for row in rows:
            await row.explain()

    def _make(self, device_id: str) -> "DeviceRow":
        return DeviceRow(self._visit, self._id, device_id, is_open=self._is_only)


class DeviceRow(ui.element):
    """A device, which a press of `Why?` explains. It stays in place while its delivery goes on."""

    def __init__(self, visit: Visit, notification_id: str, device_id: str, *, is_open: bool) -> None:
        super().__init__("div")
        self._visit = visit
        self._notification_id = notification_id
        self._device_id = device_id
        self._is_open = is_open
        self._delivery = PushNotificationDelivery()
        self.classes("device-row")
        with self:
            with div("spread"):
                with div("cluster"):
                    self._name = text("", "strong")
                    self._person = text("", "muted small")
                with div("cluster"):
                    self._state = Kept("cluster")
                    self._why = quiet(_("Why?"), self._toggle)
            with div("why") as self._explanation:
                self._told = Kept("stack-tight")
                self._ids = Ids()
        self._show_whether_open()

    def show(self, delivery: PushNotificationDelivery) -> None:
        """Shows how far it is. Await `explain` then."""
        self._delivery = delivery
        word, tone = DELIVERY_STATES.get(delivery.state, (_("Unknown"), "neutral"))
        name = delivery.device_name or GONE
        self._name.text, self._person.text = name, delivery.user_name
        self._state.show(partial(_draw_state, delivery.reason, word, tone))
        set_prop(self._why, "aria-label", _("Why is it {word} on {name}?").format(word=word.lower(), name=name))

    async def explain(self) -> None:
        """Reads again why it is so, if that is open. Raises Refused."""
        if not self._is_open:
            return
        delivery, verdict = self._delivery, await self._verdict()
        if self.is_deleted:
            return
        is_tried_again = delivery.state == PUSH_NOTIFICATION_DELIVERY_STATE_DUE and delivery.attempts
        next_at = delivery.due_at if is_tried_again else None
        self._told.show(partial(_draw_reason, verdict, next_at, self._visit.destinations.in_words))
        attempt_ids = {attempt.apns_id for attempt in verdict.attempts} if verdict else set()
        self._ids.name([(_("Device id"), self._device_id), *((_("APNs id"), one) for one in sorted(attempt_ids))])

    async def _toggle(self) -> None:
        self._is_open = not self._is_open
        self._show_whether_open()
        await self.explain()

    def _show_whether_open(self) -> None:
        set_prop(self._why, "aria-expanded", "true" if self._is_open else "false")
        self._explanation.set_visibility(self._is_open)

    async def _verdict(self) -> DeliveryVerdict | None:
        """None if the device is not paired any more."""
        request = ExplainDeliveryRequest(device_id=self._device_id, notification_id=self._notification_id)
        try:
            return (await self._visit.ask(self._visit.core.delivery_log.ExplainDelivery, request)).verdict
        except Refused as refusal:
            if refusal.reason == "NOT_FOUND":
                return None
            raise


def _draw_state(reason: str, word: str, tone: str) -> None:
    if reason:
        text(reason, "muted small")
    badge(word, tone)


def _draw_reason(verdict: DeliveryVerdict | None, next_at: Timestamp | None, in_words: Callable[[str], str]) -> None:
    if verdict is None:
        p(_("The device is not paired any more, so that nothing more is known of it."))
    else:
        with ui.element("p"):
            with_times(in_words(verdict.explanation), dt.datetime.now(dt.UTC))
        if verdict.advice:
            p(in_words(verdict.advice), "muted")
    if next_at is not None:
        with div("cluster muted small"):
            phrase(_("Next attempt {when}"), when=partial(ago, next_at))
