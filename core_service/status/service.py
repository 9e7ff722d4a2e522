"""Problems of the server, shown to the accounts that they concern."""

import logging
import time
import uuid
from collections.abc import Callable, Sequence

from pydantic import TypeAdapter, ValidationError

from core_service.common.clock import Clock
from core_service.events.service import Event, EventBus, EventType
from core_service.sending.circuit_breaker import Alarm, Route, Step
from core_service.sending.guarded_sender import GuardedSender
from core_service.status.queries import HAS_PHONE
from service_kit.database import Pool

__all__ = ["Alarm", "ServerStatus"]

MAX_ALARMS = 50
"""Alarms that one core tells the others at most."""
FORGET_SECONDS = 15.0
"""A core that is silent for this long has ended, and its alarms with it. Running cores report every five seconds."""


log = logging.getLogger(__name__)
_alarms = TypeAdapter(tuple[Alarm, ...])


class ServerStatus:
    """Reports routes to APNs that are stopped, here or in another core. Watchers of events are told at once."""

    def __init__(
        self,
        sender: GuardedSender,
        events: EventBus,
        pool: Pool,
        clock: Clock,
        *,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`steady` returns seconds of a clock that never goes back."""
        self._sender = sender
        self._events = events
        self._pool = pool
        self._clock = clock
        self._steady = steady
        self._wakes: list[Callable[[], None]] = []
        self._others: dict[str, tuple[float, Sequence[Alarm]]] = {}
        """Alarms of the other cores that have any, and when they last reported."""
        self._told: dict[Route, Alarm] = {}
        sender.listen(self._changed)

    @property
    def is_well(self) -> bool:
        """Whether no route is stopped, as far as is known."""
        return not self._standing()

    def wakes(self, *wake: Callable[[], None]) -> None:
        """Calls each `wake` when a route works again, because work was held."""
        self._wakes.extend(wake)

    def news(self) -> str:
        """What this core reports to the others."""
        return _alarms.dump_json(tuple(self._sender.alarms()[:MAX_ALARMS])).decode()

    def heard(self, origin: str, news: str) -> None:
        """Takes the report of another core."""
        self._others.pop(origin, None)
        try:
            alarms = _alarms.validate_json(news)
        except ValidationError:
            log.warning("alarms of another core cannot be read, is it of another release?")
            alarms = ()
        if alarms:
            self._others[origin] = (self._steady(), alarms)
        self.review()

    def review(self) -> None:
        """Publishes what has changed, for example because another core is silent. To be called regularly."""
        silent = self._steady() - FORGET_SECONDS
        for origin in [origin for origin, (heard_at, _) in self._others.items() if heard_at < silent]:
            del self._others[origin]
        standing = self._standing()
        for route in [route for route in self._told if route not in standing]:
            self._tell(EventType.DELIVERY_RESUMED, self._told.pop(route))
        for route, alarm in standing.items():
            if route not in self._told:
                self._told[route] = alarm
                self._tell(EventType.DELIVERY_STOPPED, alarm)

    async def alarms(self, account_id: uuid.UUID) -> list[Alarm]:
        """Returns the alarms that concern the account, the oldest first. An app that only other accounts' phones
        have does not."""
        standing = [alarm for alarm in self._standing().values() if alarm.route.account_id in (None, account_id)]
        alarms = sorted(standing, key=lambda alarm: alarm.since)
        of_apps = [alarm.route for alarm in alarms if alarm.route.step is not Step.SENDER]
        if not of_apps:
            return alarms
        parameters = {
            "account_id": account_id,
            "environments": [route.environment for route in of_apps],
            "bundle_ids": [route.bundle_id for route in of_apps],
        }
        async with self._pool.connection() as connection:
            cursor = await connection.execute(HAS_PHONE, parameters)
            concerning = {of_apps[place] for (place,) in await cursor.fetchall()}
        return [alarm for alarm in alarms if alarm.route.step is Step.SENDER or alarm.route in concerning]

    def _standing(self) -> dict[Route, Alarm]:
        """One alarm for each route. This core's own comes before those of others."""
        others = {alarm.route: alarm for _, alarms in self._others.values() for alarm in alarms}
        return others | {alarm.route: alarm for alarm in self._sender.alarms()}

    def _changed(self, alarm: Alarm, stopped: bool) -> None:
        self.review()
        if not stopped:
            for wake in self._wakes:
                wake()

    def _tell(self, kind: EventType, alarm: Alarm) -> None:
        # Without the route: it may name an app that only one account has.
        event = Event(kind, self._clock(), reason=alarm.reason)
        if alarm.route.account_id is None:
            self._events.tell_all(event)
        else:
            self._events.tell(alarm.route.account_id, event)
