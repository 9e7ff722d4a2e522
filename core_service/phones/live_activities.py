"""What the app reports and asks about Live Activities."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from core_service.common.clock import Clock
from core_service.common.validation import missing
from core_service.events.service import Event, EventBus, EventType
from core_service.identity.principal import DevicePrincipal
from core_service.live_activities.models import Phase
from core_service.live_activities.reconcile.reconciler import Reconciler
from core_service.live_activities.reconcile.withdrawals import withdraw_cards
from core_service.live_activities.state.activity import ACTIVITY_ID, Activity
from core_service.live_activities.state.payload import content_state_for_phone
from core_service.phones import live_activity_queries as queries
from service_kit.database import Pool

STATE_COLUMNS = 7
THING = "Live Activity on this device"


class ShownPhase(StrEnum):
    """How an activity should be on a phone."""

    STARTING = "starting"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ShownActivity:
    """An activity as a phone should show it."""

    activity_id: str
    phase: ShownPhase
    content_state: dict[str, Any]
    timestamp: int
    started_at: dt.datetime | None
    stale_at: dt.datetime
    dismiss_at: dt.datetime | None
    broadcast_channel_id: str | None = None
    """The channel that it listens to; None if it has an update token."""


class PhoneActivities:
    """The use cases of phones."""

    def __init__(self, pool: Pool, reconciler: Reconciler, events: EventBus, clock: Clock) -> None:
        self._pool = pool
        self._reconciler = reconciler
        self._events = events
        self._clock = clock

    async def put_token(self, caller: DevicePrincipal, activity_id: str, token: str) -> None:
        """Stores the update token. What was waiting for it is sent at once.

        Raises InvalidRequest; NotFound if the activity was never meant for this phone.
        """
        token = token.lower()
        await self._change(queries.PUT_TOKEN, caller, activity_id, EventType.LIVE_ACTIVITY_TOKEN_RECEIVED, token=token)
        self._reconciler.wake()

    async def dismissed(self, caller: DevicePrincipal, activity_id: str) -> None:
        """The person has dismissed the activity. Nothing more is sent for it to this phone.

        Raises NotFound if the activity was never meant for this phone.
        """
        await self._change(queries.DISMISS, caller, activity_id, EventType.LIVE_ACTIVITY_DISMISSED)

    async def state(self, caller: DevicePrincipal) -> list[ShownActivity]:
        """Returns what should be on the phone's screen now, oldest first."""
        now = self._clock()
        parameters = {"device_id": caller.device_id, "account_id": caller.account_id, "now": now}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(queries.READ_STATE, parameters, binary=True)
            rows = await cursor.fetchall()
        return [shown for row in rows if (shown := _shown(row)) is not None]

    async def owe_starts(self, session: AsyncSession, device_id: uuid.UUID) -> None:
        """The device has reported a push-to-start token. Starts that waited for it are due when the session commits."""
        connection = await session.connection()
        await connection.exec_driver_sql(queries.OWE_STARTS, {"now": self._clock(), "device_id": device_id})

    async def renew(self, session: AsyncSession, device_id: uuid.UUID, token: str) -> None:
        """See `devices.port.Cards`."""
        connection = await session.connection()
        parameters = {"now": self._clock(), "device_id": device_id, "token": token}
        await connection.exec_driver_sql(queries.RENEW, parameters)

    async def withdraw(self, session: AsyncSession, device_ids: Sequence[uuid.UUID]) -> None:
        """Ends what these devices show, once the session commits."""
        await withdraw_cards(session, device_ids)

    def wake(self) -> None:
        """To be called once the session has committed: sends what is due."""
        self._reconciler.wake()

    async def _change(
        self, query: str, caller: DevicePrincipal, activity_id: str, kind: EventType, **parameters: Any
    ) -> None:
        if not ACTIVITY_ID.fullmatch(activity_id):
            raise missing(THING)
        now = self._clock()
        parameters |= {"activity_id": activity_id, "device_id": caller.device_id, "now": now}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query, parameters, binary=True)
            row = await cursor.fetchone()
        if row is None:
            raise missing(THING)
        self._events.publish(row[0], Event(kind, now, activity_id=activity_id, device_id=caller.device_id))


def _shown(row: tuple[Any, ...]) -> ShownActivity | None:
    phase, maybe_shown, timestamp, started_at, _, content_version, channel_id = row[:STATE_COLUMNS]
    activity = Activity(*row[STATE_COLUMNS:])
    if activity.ended_at is not None:
        shown = ShownPhase.ENDED
        if not maybe_shown:
            return None
    else:
        shown = ShownPhase.STARTING if phase == Phase.REQUESTED else ShownPhase.ACTIVE
    return ShownActivity(
        activity_id=activity.id,
        phase=shown,
        content_state=content_state_for_phone(
            activity.content_state, activity.action, activity.secondary_action, content_version
        ),
        timestamp=timestamp,
        started_at=started_at,
        stale_at=activity.expires_at,
        dismiss_at=activity.dismiss_at if shown is ShownPhase.ENDED else None,
        broadcast_channel_id=None if shown is ShownPhase.ENDED else channel_id,
    )
