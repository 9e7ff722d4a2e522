"""The outcome of nearly all pushes: a phone has accepted the newest state. One statement settles those."""

import uuid
from collections.abc import Sequence

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from core_service.common.arrays import numbers, texts, timestamps, uuids
from core_service.live_activities.reconcile import reconciler_queries as queries
from core_service.live_activities.reconcile.lifecycle import SentPush
from core_service.live_activities.state.pace import UPDATE_INTERVAL
from core_service.live_activities.state.payload import ActivityEvent
from core_service.sending.port import Outcome, OutcomeKind
from service_kit.web_push import Subscription


def is_usual(sent: SentPush | None, outcome: Outcome | None) -> bool:
    """Whether `settle_usual` may settle it: a phone has accepted an update."""
    return (
        sent is not None
        and sent.event is ActivityEvent.UPDATE
        and outcome is not None
        and outcome.verdict is OutcomeKind.ACCEPTED
        and not Subscription.is_token(sent.token)
    )


async def settle_usual(
    connection: AsyncConnection[TupleRow], pushes: Sequence[tuple[str, uuid.UUID, SentPush]]
) -> dict[int, uuid.UUID]:
    """Settles pushes that `is_usual`: activity, device and push. Returns the places of those that it has settled, each
    with the activity's account. The others are left as they are: something has changed since they were sent."""
    parameters = {
        "activity_ids": texts(activity_id for activity_id, _, _ in pushes),
        "device_ids": uuids(device_id for _, device_id, _ in pushes),
        "versions": numbers(sent.version for _, _, sent in pushes),
        "attempts": numbers(sent.attempt for _, _, sent in pushes),
        "tokens": texts(sent.token for _, _, sent in pushes),
        "paced_until": timestamps(sent.sent_at + UPDATE_INTERVAL for _, _, sent in pushes),
    }
    cursor = await connection.execute(queries.SETTLE_UPDATES, parameters, binary=True)
    return {place - 1: account_id for place, account_id in await cursor.fetchall()}
