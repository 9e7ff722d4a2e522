"""The outbox of webhook calls."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from core_service.common.orm import now
from core_service.events.service import Event, EventBus, EventType
from core_service.webhooks.attempts import LEASE_SECONDS, Call, WebhookCaller, after
from core_service.webhooks.models import Run
from core_service.webhooks.queries import CLAIM, SETTLE
from core_service.webhooks.signing_keys import SigningKeys
from core_service.work_queue.outbox import Limits, Settlement

MAX_RESPONSE = 64 * 1024


class WebhookCalls:
    """See `core_service.work_queue.outbox.Calls`."""

    what = "webhook calls"
    limits = Limits(claim_size=25, most=100, of_account=20, lease_seconds=LEASE_SECONDS)
    """At most 20 of one account, so that receivers that hang do not delay other accounts' calls."""
    settle = SETTLE

    def __init__(self, caller: WebhookCaller, keys: SigningKeys, events: EventBus) -> None:
        self._caller = caller
        self._keys = keys
        self._events = events

    async def claim(self, connection: AsyncConnection[Any], parameters: dict[str, Any]) -> Sequence[Run]:
        """See Calls."""
        cursor = await connection.execute(CLAIM, parameters, binary=True)
        return [Run.of(row) for row in await cursor.fetchall()]

    async def call(self, run: Run) -> Settlement[Run]:
        """See Calls."""
        keys = await self._keys.of([run.account_id])
        result = await self._caller.call(Call(run.url, run.method, run.sent_body, str(run.id), keys[run.account_id]))
        then = after(result, run.attempts, now() - run.created_at)
        columns = {
            "status_codes": result.status_code,
            "response_bodies": _text(result.response_body),
            "messages": result.message,
        }
        return Settlement(run, then.state, then.attempts, then.wait_seconds, result.reason, columns)

    def settled(self, settlement: Settlement[Run]) -> None:
        """See Calls."""
        if settlement.wait_seconds is None:
            run, reason = settlement.call, settlement.reason
            kind = EventType.ACTION_RUN_SETTLED
            self._events.publish(
                run.account_id, Event(kind, now(), device_id=run.device_id, action_run_id=run.id, reason=reason)
            )


def _text(body: bytes) -> str:
    """The text without characters that PostgreSQL or protobuf cannot hold."""
    return body[:MAX_RESPONSE].decode("utf-8", "replace").replace("\x00", "\ufffd")
