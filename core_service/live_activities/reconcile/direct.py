"""Updates that the requests themselves send. Their devices are leased by the statement that records them.

A lease is as one of the reconciler's. If this process dies before it has sent, the lease runs out and the reconciler
repeats the push. What is not leased is due for the reconciler as everything else.
"""

from collections.abc import Sequence
from dataclasses import replace

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.common.clock import Clock
from core_service.live_activities.models import Phase
from core_service.live_activities.reconcile.budgets import prioritize
from core_service.live_activities.reconcile.lifecycle import wanted_of
from core_service.live_activities.reconcile.planning import Claim, Planned, plan
from core_service.live_activities.reconcile.reconciler import LEASE, Reconciler
from core_service.live_activities.state.direct import LeasedDevice, LeaseOffer, Send
from core_service.live_activities.state.parameters import Change
from core_service.live_activities.state.payload import ActivityEvent

LEASED_DEVICES = 200
"""Devices of one update to which its request sends. The reconciler sends to the others."""
LEASED_TOGETHER = 1024
"""The same for all updates that one statement records."""


class DirectUpdates:
    """Plans and sends what updates have leased."""

    def __init__(self, reconciler: Reconciler, clock: Clock) -> None:
        self._reconciler = reconciler
        self._clock = clock

    def offer(self, changes: Sequence[Change]) -> LeaseOffer:
        """What a statement that begins now may lease for these changes: nothing for accounts with much in progress."""
        most, now = min(LEASED_DEVICES, LEASED_TOGETHER // len(changes)), self._clock()
        rooms = [self._reconciler.has_room(change.activity.account_id) for change in changes]
        return LeaseOffer([most if room else 0 for room in rooms], now, now + LEASE)

    def has_budgets(self, changes: Sequence[Change]) -> bool:
        """Whether `prepare` may write: pushes of high priority are counted."""
        return any(change.state.urgent for change in changes)

    async def prepare(
        self,
        connection: AsyncConnection[TupleRow],
        offer: LeaseOffer,
        leased: Sequence[tuple[Change, Sequence[LeasedDevice]]],
    ) -> Send:
        """Plans the pushes to the leased devices. Must run in the transaction of the leases if it writes."""
        now = offer.planned_at
        activities = {change.activity.id: change.after for change, _ in leased}
        planned: list[Planned] = []
        for change, devices in leased:
            activity = activities[change.activity.id]
            wanted = wanted_of(activity, now)
            for device in devices:
                claim = _claim(activity.id, device)
                # Otherwise the reconciler finds out what is owed, when the lease has run out.
                if claim.event(wanted) is ActivityEvent.UPDATE:
                    one = plan(claim, activity, ActivityEvent.UPDATE, now)
                    if one is not None:
                        planned.append(replace(one, timestamp=device.timestamp, apns_id=device.apns_id))
        prioritized = await prioritize(connection, planned, now)
        origins = {change.activity.id: change.origin for change, _ in leased}
        return lambda: self._reconciler.deliver(prioritized, activities, now, origins.__getitem__)


def _claim(activity_id: str, device: LeasedDevice) -> Claim:
    """The device as a claim would have found it."""
    return Claim(
        activity_id=activity_id,
        device_id=device.device_id,
        user_id=device.user_id,
        phase=Phase.LIVE.value,
        update_token=device.update_token,
        update_token_registered_at=None,
        maybe_shown=device.maybe_shown,
        accepted_version=device.accepted_version,
        sent_version=device.sent_before,
        # That the state is new is all that this decides.
        sent_event=None,
        timestamp=device.timestamp_before,
        apns_id=device.apns_id,
        attempt=device.attempts_before,
        failures=device.failures,
        leased=False,
        next_at=None,
        paced_until=None,
        started_at=None,
        reason=device.reason,
        start_token=None,
        environment=device.environment,
        bundle_id=device.bundle_id,
        frequent=device.frequent,
        content_version=device.content_version,
        awaits_successor=False,
        has_successor=False,
    )
