"""Hands planned pushes to the sender, and their outcomes to the settler."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from core_service.live_activities.reconcile.composer import Composer
from core_service.live_activities.reconcile.planning import Planned
from core_service.live_activities.reconcile.settlement import ActivitySettlement, ActivitySettler
from core_service.live_activities.state.activity import Activity
from core_service.live_activities.state.payload import PayloadBuilder
from core_service.sending.port import OnOutcome, Outcome, OutcomeKind, Push, PushSender, Target
from service_kit.tracing import Origin


class Outgoing:
    """The way of every push of a Live Activity that is leased."""

    def __init__(self, sender: PushSender, settler: ActivitySettler, builder: PayloadBuilder) -> None:
        self._sender = sender
        self._settler = settler
        self._composer = Composer(builder)
        self.held = 0
        """Pushes that were not sent because their route is stopped."""

    def send(
        self,
        planned: Iterable[Planned],
        activities: Mapping[str, Activity],
        now: dt.datetime,
        origin_of: Callable[[str], Origin],
        *,
        sent_by: uuid.UUID | None = None,
    ) -> None:
        """Sends them, one push for all devices that get the same bytes. `origin_of` tells which request a push of an
        activity is for; `sent_by`: see ActivitySettlement."""
        groups: dict[tuple[Any, ...], tuple[Push, dict[uuid.UUID, Planned]]] = {}
        for one in planned:
            claim = one.claim
            kind = (
                *(one.event, one.timestamp, one.alerting, one.urgent, one.priority),
                *(claim.content_version, claim.surface.is_browser, claim.broadcast_channel_id),
            )
            key = (claim.activity_id, *kind)
            if key not in groups:
                activity, origin = activities[claim.activity_id], origin_of(claim.activity_id)
                groups[key] = (self._composer.push(one, activity, origin, now), {})
            push, members = groups[key]
            members[claim.device_id] = one
            place = (claim.environment, claim.bundle_id)
            push.targets.append(Target(claim.device_id, claim.user_id, one.token, *place, one.apns_id, claim.failures))
        for push, members in groups.values():
            self._sender.submit(push, self._on_outcome(members, now, sent_by))

    def _on_outcome(self, members: dict[uuid.UUID, Planned], now: dt.datetime, sent_by: uuid.UUID | None) -> OnOutcome:
        def on_outcome(target: Target, outcome: Outcome) -> None:
            if outcome.verdict is OutcomeKind.HELD:
                self.held += 1
            planned = members[target.device_id]
            claim = planned.claim
            self._settler.put(
                ActivitySettlement(
                    claim.activity_id,
                    claim.device_id,
                    claim.user_id,
                    planned.sent(now),
                    outcome,
                    sent_by=sent_by,
                )
            )

        return on_outcome
