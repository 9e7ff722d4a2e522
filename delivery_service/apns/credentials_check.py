"""Asks APNs about key, team and topic, with a push that can reach no phone.

APNs has no call that only validates. As far as is known, it checks the sender before the token. So it refuses a push to
a made-up token because of the token only if everything else is right.
"""

import asyncio
import secrets
import time
import uuid
from collections.abc import Callable, Mapping

from aioapns.common import NotificationResult
from smith.delivery.v1.delivery_pb2 import Environment, Push, PushType, Target
from smith.delivery.v1.delivery_service_pb2 import CheckCredentialsResponse

from delivery_service.apns import outcomes
from delivery_service.apns.http_request import ApnsRequest
from delivery_service.apns.pool import ApnsConnectionPool
from delivery_service.apns.request import jobs_of

SECONDS = 7.0
"""Seconds for connecting and the answer together. A person waits for it."""
TOKEN_BYTES = 32
SILENT = b'{"aps":{"content-available":1}}'
"""A silent push: if the made-up token should exist, its phone shows nothing."""


class CredentialsCheck:
    """Checks one environment and app at a time, each over a connection of its own: after refusals APNs allows fewer
    streams on a connection, or closes it."""

    def __init__(
        self,
        open_pool: Mapping["Environment.ValueType", Callable[[], ApnsConnectionPool]],
        *,
        fault: Callable[[], str],
        default_topic: str,
    ) -> None:
        """`open_pool` makes a pool for each environment. `fault` returns why nothing can be sent; empty if it can."""
        self._open_pool = open_pool
        self._fault = fault
        self._default_topic = default_topic

    async def ask(self, environment: "Environment.ValueType", bundle_id: str) -> CheckCredentialsResponse:
        """APNs' answer for this app; for the configured one if `bundle_id` is empty."""
        topic = bundle_id or self._default_topic
        [job] = jobs_of([_made_up_push(environment, bundle_id)], self._default_topic)
        fault = job.fault or self._fault()
        if job.request is None or fault:
            code = outcomes.reason_of("", fault)
            return CheckCredentialsResponse(reason=fault, code=code, kind=outcomes.MEANINGS[code].kind, topic=topic)
        began = time.perf_counter()
        status, reason = await self._send(environment, job.request)
        latency_ms = round((time.perf_counter() - began) * 1000)
        found = CheckCredentialsResponse(kind=outcomes.ACCEPTED, topic=topic, latency_ms=latency_ms)
        found.status = int(status) if status.isdigit() else 0
        if status != "200":
            found.reason, found.code = reason, outcomes.reason_of(status, reason)
            found.kind = outcomes.MEANINGS[found.code].kind
        return found

    async def _send(self, environment: "Environment.ValueType", request: ApnsRequest) -> tuple[str, str]:
        """Status and reason."""
        pool = self._open_pool[environment]()
        try:
            async with asyncio.timeout(SECONDS):
                result: NotificationResult = await pool.send_notification(request)
        except outcomes.PushFailed as failure:
            return "", failure.reason
        except TimeoutError:
            return "", "AnswerTimeout"
        finally:
            pool.close()
        return result.status, "" if result.is_successful else result.description or ""


def _made_up_push(environment: "Environment.ValueType", bundle_id: str) -> Push:
    target = Target(
        token=secrets.token_hex(TOKEN_BYTES),
        apns_id=str(uuid.uuid4()),
        bundle_id=bundle_id,
        environment=environment,
    )
    return Push(push_type=PushType.PUSH_TYPE_BACKGROUND, payload=SILENT, priority=5, targets=[target])
