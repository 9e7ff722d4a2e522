"""Shows the result of a push that the person has just sent."""

from nicegui import ui
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationResponse

from admin_ui.texts import _


def tell_sent(sent: SendPushNotificationResponse) -> None:
    """Shows for a moment how many devices it has reached."""
    if sent.devices_queued:
        ui.notify(
            _("{devices_notified} reached, {devices_queued} still to come.").format(
                devices_notified=sent.devices_notified, devices_queued=sent.devices_queued
            ),
            type="positive",
        )
    elif sent.devices_notified:
        ui.notify(_("{devices_notified} reached.").format(devices_notified=sent.devices_notified), type="positive")
    else:
        ui.notify(_("It reached no phone. The delivery log says why."), type="negative")
