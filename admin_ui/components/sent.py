"""Shows the result of a push that the person has just sent."""

from nicegui import ui
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationResponse


def tell_sent(sent: SendPushNotificationResponse) -> None:
    """Shows for a moment how many devices it has reached."""
    if sent.devices_queued:
        ui.notify(f"{sent.devices_notified} reached, {sent.devices_queued} still to come.", type="positive")
    elif sent.devices_notified:
        ui.notify(f"{sent.devices_notified} reached.", type="positive")
    else:
        ui.notify("It reached no phone. The delivery log says why.", type="negative")
