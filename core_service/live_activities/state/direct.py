"""What the statement that records updates knows of those that send them themselves (`reconcile.direct`)."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.common.arrays import numbers
from core_service.live_activities.state.parameters import Change

Send = Callable[[], None]
"""Begins to send what is leased. To be called as soon as the leases are committed."""


class LeasedDevice(NamedTuple):
    """A device that an update has leased: the last columns of a row of `update_queries.UPDATE_ACTIVITIES`."""

    device_id: uuid.UUID
    user_id: uuid.UUID
    update_token: str
    maybe_shown: bool
    accepted_version: int
    sent_before: int
    """The version that was sent before."""
    timestamp_before: int
    timestamp: int
    apns_id: uuid.UUID
    attempts_before: int
    failures: int
    reason: str | None
    environment: str
    bundle_id: str | None
    frequent: bool
    content_version: int


@dataclass(frozen=True, slots=True)
class LeaseOffer:
    """How many devices the statement may lease for each change, and until when."""

    most: Sequence[int]
    planned_at: dt.datetime
    lease_until: dt.datetime

    @property
    def parameters(self) -> dict[str, Any]:
        """What `UPDATE_ACTIVITIES` takes of it."""
        return {
            "most_leased": numbers(self.most),
            "planned_at": self.planned_at,
            "lease_until": self.lease_until,
        }


class DirectSender(Protocol):
    """Sends updates for the requests that have recorded them: `reconcile.direct.DirectUpdates`."""

    def offer(self, changes: Sequence[Change]) -> LeaseOffer:
        """What a statement that begins now may lease for these changes."""

    def has_budgets(self, changes: Sequence[Change]) -> bool:
        """Whether `prepare` may write, so that it belongs in the transaction of the leases."""

    async def prepare(
        self,
        connection: AsyncConnection[TupleRow],
        offer: LeaseOffer,
        leased: Sequence[tuple[Change, Sequence[LeasedDevice]]],
    ) -> Send:
        """Plans the pushes to the leased devices."""
