"""A test notification shows whether a push arrives on a device."""

import uuid

from limits import RateLimitItemPerMinute

from core_service.auth.rate_limit import RateLimiter
from core_service.devices.models import Device
from core_service.devices.service import Devices
from core_service.identity.models import Role
from core_service.identity.principal import DevicePrincipal, SessionPrincipal
from core_service.push.content import Content
from core_service.push.service import PushNotifications, SentNotification

TITLE = "Test notification"
TESTS = RateLimitItemPerMinute(10)
"""Tests that a device may ask for in a minute. A person who taps again and again stays below it."""


class DeviceTest:
    """Sends test notifications."""

    def __init__(self, devices: Devices, push_notifications: PushNotifications, rate_limiter: RateLimiter) -> None:
        self._devices = devices
        self._rate_limiter = rate_limiter
        self._push_notifications = push_notifications

    async def send(self, person: SessionPrincipal, device_id: uuid.UUID) -> SentNotification:
        """Sends one to a device that the person may change; see `PushNotifications.send`.

        Raises NotFound; Forbidden if it belongs to another person and the caller is no owner; DeviceUnreachable.
        """
        device = await self._devices.get_own(
            person.account_id, person.user_id, device_id, caller_is_owner=person.role is Role.OWNER
        )
        return await self._send(person, device)

    async def send_to_itself(self, caller: DevicePrincipal) -> SentNotification:
        """Sends one to the calling device; see `PushNotifications.send`.

        Raises DeviceUnreachable; TooManyAttempts; Unauthenticated if it was unpaired in the meantime.
        """
        await self._rate_limiter.refuse_haste(TESTS, "test notifications", str(caller.device_id))
        return await self._send(caller, await self._devices.get_caller(caller.account_id, caller.device_id))

    async def _send(self, caller: SessionPrincipal | DevicePrincipal, device: Device) -> SentNotification:
        content = Content(title=TITLE, message=f"Pushes reach {device.name}.")
        return await self._push_notifications.send(caller, content, None, device_id=device.id)
