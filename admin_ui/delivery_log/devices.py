"""The devices of a notification: what became of it on each, and why, in place."""

import datetime as dt
from collections.abc import Awaitable, Callable
from functools import partial

from nicegui import ui
from smith.core.v1.delivery_attempt_pb2 import DeliveryVerdict
from smith.core.v1.delivery_log_service_pb2 import ExplainDeliveryRequest
from smith.core.v1.push_notification_pb2 import (
    PUSH_NOTIFICATION_DELIVERY_STATE_DUE,
    PushNotificationDelivery,
)
from smith.core.v1.push_notification_service_pb2 import GetPushNotificationResponse

from admin_ui.components.buttons import quiet
from admin_ui.components.html import div, p, phrase, text
from admin_ui.components.ids import ids
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
        self._explained: set[str] = set()
        """Devices whose explanation is open."""
        self._counts = div()
        self._rows = div()
        self._rest = p("", "muted small")

    async def show(self, found: GetPushNotificationResponse) -> None:
        """Draws the devices. That of a notification for one device is explained at once. Raises Refused."""
        sent, deliveries = found.push_notification, found.deliveries
        if len(deliveries) == 1:
            self._explained.add(deliveries[0].device_id)
        self._counts.clear()
        self._counts.set_visibility(len(deliveries) != 1)
        with self._counts:
            outcome_badges(sent.counts)
        self._rows.clear()
        with self._rows:
            explaining = [self._draw(delivery) for delivery in deliveries]
        missing = sent.counts.devices - len(deliveries)
        self._rest.text = _("The first {count} of {devices:,}: those that failed come first.").format(
            count=len(deliveries), devices=sent.counts.devices
        )
        self._rest.set_visibility(missing > 0)
        for explain in explaining:
            await explain()

    def _draw(self, delivery: PushNotificationDelivery) -> Callable[[], Awaitable[None]]:
        """Draws a device. Returns what fills in its explanation if it is open."""
        word, tone = DELIVERY_STATES.get(delivery.state, (_("Unknown"), "neutral"))
        name = delivery.device_name or GONE
        with div("device-row"):
            with div("spread"):
                with div("cluster"):
                    text(name, "strong")
                    text(delivery.user_name, "muted small")
                with div("cluster"):
                    if delivery.reason:
                        text(delivery.reason, "muted small")
                    badge(word, tone)
                    why = quiet(_("Why?"))
            place = div("why")
        why.props["aria-label"] = _("Why is it {word} on {name}?").format(word=word.lower(), name=name)

        async def fill() -> None:
            is_open = delivery.device_id in self._explained
            why.props["aria-expanded"] = "true" if is_open else "false"
            place.clear()
            place.set_visibility(is_open)
            if is_open:
                verdict = await self._verdict(delivery)
                place.clear()
                with place:
                    self._explain(delivery, verdict)

        async def toggle() -> None:
            self._explained ^= {delivery.device_id}
            await fill()

        why.on_click(toggle)
        why.props["aria-expanded"] = "false"
        place.set_visibility(False)
        return fill

    async def _verdict(self, delivery: PushNotificationDelivery) -> DeliveryVerdict | None:
        """None if the device is not paired any more."""
        request = ExplainDeliveryRequest(device_id=delivery.device_id, notification_id=self._id)
        try:
            return (await self._visit.ask(self._visit.core.delivery_log.ExplainDelivery, request)).verdict
        except Refused as refusal:
            if refusal.reason == "NOT_FOUND":
                return None
            raise

    def _explain(self, delivery: PushNotificationDelivery, verdict: DeliveryVerdict | None) -> None:
        words = self._visit.destinations.in_words
        if verdict is None:
            p(_("The device is not paired any more, so that nothing more is known of it."))
        else:
            with ui.element("p"):
                with_times(words(verdict.explanation), dt.datetime.now(dt.UTC))
            if verdict.advice:
                p(words(verdict.advice), "muted")
        if delivery.state == PUSH_NOTIFICATION_DELIVERY_STATE_DUE and delivery.attempts:
            with div("cluster muted small"):
                phrase(_("Next attempt {when}"), when=partial(ago, delivery.due_at))
        attempt_ids = {attempt.apns_id for attempt in verdict.attempts} if verdict else set()
        ids([(_("Device id"), delivery.device_id), *((_("APNs id"), one) for one in sorted(attempt_ids))])
