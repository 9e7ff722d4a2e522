"""What is wrong with the server, told to whom it concerns."""

import uuid
from collections.abc import Callable

from core_service.clock import Clock
from core_service.courier.line import Alarm
from core_service.courier.line_courier import LineCourier
from core_service.events.service import Event, EventBus, EventType
from core_service.status.queries import HAS_PHONE
from service_kit.database import Pool

__all__ = ["Alarm", "ServerStatus"]


class ServerStatus:
    """Tells of lines to APNs that stand still: at once those who watch events, and whoever asks."""

    def __init__(self, courier: LineCourier, events: EventBus, pool: Pool, clock: Clock) -> None:
        self._courier = courier
        self._events = events
        self._pool = pool
        self._clock = clock
        self._wakes: list[Callable[[], None]] = []
        courier.listen(self._changed)

    @property
    def is_well(self) -> bool:
        """Whether every line is open, as far as is known."""
        return not self._courier.alarms()

    def wakes(self, *wake: Callable[[], None]) -> None:
        """From now on each `wake` is called when a line works again: there is work that was held."""
        self._wakes.extend(wake)

    async def alarms(self, account_id: uuid.UUID) -> list[Alarm]:
        """The alarms that concern the account, the oldest first. An app that only others' phones have does not."""
        alarms = [alarm for alarm in self._courier.alarms() if alarm.line.account_id in (None, account_id)]
        of_apps = [alarm.line for alarm in alarms if not alarm.line.every_app]
        if not of_apps:
            return alarms
        parameters = {
            "account_id": account_id,
            "environments": [line.environment for line in of_apps],
            "bundle_ids": [line.bundle_id for line in of_apps],
        }
        async with self._pool.connection() as connection:
            cursor = await connection.execute(HAS_PHONE, parameters)
            concerning = {of_apps[place] for (place,) in await cursor.fetchall()}
        return [alarm for alarm in alarms if alarm.line.every_app or alarm.line in concerning]

    def _changed(self, alarm: Alarm, stopped: bool) -> None:
        kind = EventType.DELIVERY_STOPPED if stopped else EventType.DELIVERY_RESUMED
        # Without the line: it may name an app that only one account has.
        event = Event(kind, self._clock(), reason=alarm.reason)
        if alarm.line.account_id is None:
            self._events.tell_all(event)
        else:
            self._events.tell(alarm.line.account_id, event)
        if not stopped:
            for wake in self._wakes:
                wake()
