"""A test notification shows whether a push arrives on a device."""

import uuid

from core_service.devices.service import Devices
from core_service.identity.models import Role
from core_service.identity.principal import SessionPrincipal
from core_service.push.content import Content
from core_service.push.service import PushNotifications, SentNotification

TITLE = "Test notification"


class DeviceTest:
    """Sends test notifications."""

    def __init__(self, devices: Devices, push_notifications: PushNotifications) -> None:
        self._devices = devices
        self._push_notifications = push_notifications

    async def send(self, person: SessionPrincipal, device_id: uuid.UUID) -> SentNotification:
        """Sends one to a device that the person may change; see `PushNotifications.send`.

        Raises NotFound; Forbidden if it belongs to another person and the caller is no owner; DeviceUnreachable.
        """
        device = await self._devices.get_own(
            person.account_id, person.user_id, device_id, caller_is_owner=person.role is Role.OWNER
        )
        content = Content(title=TITLE, message=f"Pushes reach {device.name}.")
        return await self._push_notifications.send(person, content, None, device_id=device.id)
