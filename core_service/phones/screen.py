"""Everything that a device should show now, and the wait until that is something else."""

import asyncio
import base64
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core_service.common.clock import Clock
from core_service.common.orm import lowest_id
from core_service.common.validation import write_json
from core_service.devices.models import Device
from core_service.devices.service import Devices
from core_service.events.service import Event, EventBus
from core_service.identity.principal import DevicePrincipal
from core_service.phones.live_activities import PhoneActivities, ShownActivity
from core_service.phones.notification_queries import NEWEST, READ_BADGE
from service_kit.database import Pool

EXAMINED = 100
"""The account's newest notifications, among which a new one of the device is noticed."""
PACE_SECONDS = 0.5
"""Least time between two looks of one call: an account in which something happens all the time must not be read all the
time."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What a device should show."""

    activities: Sequence[ShownActivity]
    device: Device
    badge: int | None
    """The newest number for the icon; None if none was set."""
    version: str
    """Another one if anything of this is different, but for times at which the device was heard of, and if the device
    was sent another notification."""


class Screens:
    """The use case."""

    def __init__(
        self,
        pool: Pool,
        activities: PhoneActivities,
        devices: Devices,
        events: EventBus,
        clock: Clock,
        *,
        kept: dt.timedelta,
    ) -> None:
        """Notifications are `kept` for so long."""
        self._pool = pool
        self._activities = activities
        self._devices = devices
        self._events = events
        self._clock = clock
        self._kept = kept

    async def read(self, caller: DevicePrincipal, after: str | None, wait_seconds: int) -> Screen:
        """What the device should show. With `after`, the version of an earlier answer, it waits until that is something
        else, or for so many seconds; for less if too many calls wait or this process stops.

        Raises Unauthenticated if the device was unpaired in the meantime.
        """
        if after is None or not wait_seconds:
            return await self._read(caller)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_seconds

        def concerns(event: Event) -> bool:
            return event.device_id in (None, caller.device_id)

        # The bell before the first look: what happens between the two rings it.
        with self._events.bell(caller.account_id, concerns) as bell:
            while True:
                screen, looked_at = await self._read(caller), loop.time()
                if screen.version != after or bell.is_silent or looked_at >= deadline:
                    return screen
                await bell.rung(deadline - looked_at)
                pause = min(looked_at + PACE_SECONDS, deadline) - loop.time()
                if pause > 0 and not bell.is_silent:
                    await asyncio.sleep(pause)

    async def _read(self, caller: DevicePrincipal) -> Screen:
        parameters = {
            "account_id": caller.account_id,
            "device_id": caller.device_id,
            "since": lowest_id(self._clock() - self._kept),
            "examined": EXAMINED,
        }
        async with self._pool.connection() as connection:
            badge = await (await connection.execute(READ_BADGE, parameters, binary=True)).fetchone()
            notifications = await (await connection.execute(NEWEST, parameters, binary=True)).fetchall()
        device = await self._devices.get_caller(caller.account_id, caller.device_id)
        activities = await self._activities.state(caller)
        number = None if badge is None else int(badge[0])
        return Screen(activities, device, number, _version(activities, device, number, notifications))


def _version(
    activities: Sequence[ShownActivity], device: Device, badge: int | None, notifications: Sequence[tuple[Any, ...]]
) -> str:
    # Without the times of tokens and of the last call, and without `timestamp`, which each look may raise.
    of_device = (
        device.name, device.user_id, device.environment, device.bundle_id, device.os_version,
        device.push_token is None, device.push_token_dead_reason,
        device.push_to_start_token is None, device.push_to_start_token_dead_reason,
    )  # fmt: skip
    shown = [
        (
            *(one.activity_id, one.phase, write_json(one.content_state), one.started_at, one.stale_at),
            *(one.dismiss_at, one.broadcast_channel_id),
        )
        for one in activities
    ]
    digest = hashlib.sha256(repr((shown, of_device, badge, list(notifications))).encode()).digest()
    return base64.urlsafe_b64encode(digest[:18]).decode()
