"""A broadcast that is due, and what is to be sent: as for a phone that has its channel for an update token."""

import datetime as dt
import uuid
from dataclasses import dataclass, replace
from typing import NamedTuple

from core_service.live_activities.models import Phase
from core_service.live_activities.reconcile.lifecycle import wanted_of
from core_service.live_activities.reconcile.planning import HIGH, Claim, Planned, plan, spend
from core_service.live_activities.reconcile.withdrawals import removal
from core_service.live_activities.state.activity import Activity
from core_service.live_activities.state.older_apps import NEWEST
from core_service.sending.port import NO_DEVICE, About, Push, PushEvent, PushType, Target


class BroadcastClaim(NamedTuple):
    """A row of `queries.CLAIM`."""

    id: uuid.UUID
    account_id: uuid.UUID | None
    """None once the account is deleted."""
    activity_id: str
    environment: str
    bundle_id: str | None
    channel_id: str | None
    state: str
    accepted_version: int
    sent_version: int
    sent_event: str | None
    timestamp: int
    request_id: uuid.UUID
    attempt: int
    """Counts this one."""
    failures: int
    leased: bool
    """A lease before this one has run out."""
    paced_until: dt.datetime | None
    urgent_sent_at: list[int]
    gone_at: dt.datetime
    reason: str | None
    awaits_successor: bool | None
    """The end waits for the activity that replaces this one."""
    is_starting: bool
    """A start that names the channel is on its way."""

    def next_timestamp(self, now: dt.datetime) -> int:
        """`aps.timestamp` of another message. The second after this one: starts of this second, which may have an older
        state, have the second itself."""
        return max(int(now.timestamp()), self.timestamp) + 1

    def target(self, request_id: uuid.UUID) -> Target:
        """The channel."""
        return Target(
            NO_DEVICE,
            NO_DEVICE,
            self.channel_id or "",
            self.environment,
            self.bundle_id,
            request_id,
            self.failures,
        )


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """What is to be sent, and of the planning what the row keeps."""

    planned: Planned
    urgent_sent_at: list[int]


def plan_message(claim: BroadcastClaim, activity: Activity, now: dt.datetime) -> PlannedMessage | None:
    """The message that is owed; None if there is none."""
    as_phone = _as_phone(claim)
    event = as_phone.event(wanted_of(activity, now))
    planned = None if event is None else plan(as_phone, activity, event, now)
    if planned is None:
        return None
    if planned.timestamp != claim.timestamp or claim.sent_event is None:
        planned = replace(planned, timestamp=claim.next_timestamp(now))
    budgets = {claim.id: claim.urgent_sent_at}
    return PlannedMessage(spend(planned, budgets, int(now.timestamp())), budgets[claim.id])


def last_message(claim: BroadcastClaim, timestamp: int, request_id: uuid.UUID) -> Push:
    """The end that is the last message of a channel which must not tell anything more. It reveals nothing."""
    return Push(
        removal(timestamp),
        claim.gone_at,
        push_type=PushType.BROADCAST,
        priority=HIGH,
        about=About(claim.account_id, claim.activity_id, PushEvent.END) if claim.account_id else None,
        targets=[claim.target(request_id)],
    )


def _as_phone(claim: BroadcastClaim) -> Claim:
    return Claim(
        activity_id=claim.activity_id,
        device_id=claim.id,
        user_id=claim.id,
        phase=Phase.LIVE.value,
        update_token=claim.channel_id,
        update_token_registered_at=None,
        maybe_shown=True,
        accepted_version=claim.accepted_version,
        sent_version=claim.sent_version,
        sent_event=claim.sent_event,
        timestamp=claim.timestamp,
        apns_id=claim.request_id,
        attempt=claim.attempt - 1,
        failures=claim.failures,
        leased=claim.leased,
        next_at=None,
        paced_until=claim.paced_until,
        started_at=None,
        reason=claim.reason,
        start_token=None,
        environment=claim.environment,
        bundle_id=claim.bundle_id,
        frequent=False,
        content_version=NEWEST,
        awaits_successor=claim.awaits_successor,
        has_successor=False,
    )
