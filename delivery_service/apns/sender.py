"""Sends a job to APNs and says what became of it."""

import logging
from collections.abc import Callable, Mapping

from aioapns import APNs
from google.protobuf.timestamp_pb2 import Timestamp
from smith.delivery.v1.delivery_pb2 import Environment, Outcome

from delivery_service.apns import outcomes
from delivery_service.apns.failures import PushFailed
from delivery_service.apns.problem_log import ProblemLog
from delivery_service.apns.request import Job

log = logging.getLogger(__name__)

LAST_TIMESTAMP_MS = 253_402_300_799_999
ORDINARY = frozenset(("Unregistered", "ExpiredToken"))
"""Reasons that come with the trade: people remove apps."""


class ApnsSender:
    """One client per environment. `fault` says why none can be used now; it is empty if they can.

    Every job gets an outcome; nothing but cancellation is raised.
    """

    def __init__(
        self, clients: Mapping["Environment.ValueType", APNs], *, problems: ProblemLog, fault: Callable[[], str]
    ) -> None:
        self._clients = clients
        self._problems = problems
        self._fault = fault

    async def send(self, job: Job) -> Outcome:
        """What became of the job's push."""
        if job.request is None:
            return self._outcome(job, "", job.fault)
        if fault := self._fault():
            return self._outcome(job, "", fault)
        try:
            result = await self._clients[job.environment].send_notification(job.request)
        except PushFailed as failure:
            return self._outcome(job, "", failure.reason)
        except Exception:
            log.exception("a push failed by a fault of this server")
            return self._outcome(job, "", "SenderFault")
        if result.is_successful:
            return Outcome(index=job.index, kind=outcomes.ACCEPTED, status=200)
        return self._outcome(job, result.status, result.description or "", result.timestamp)

    def _outcome(self, job: Job, status: str, reason: str, dead_since_ms: int | None = None) -> Outcome:
        verdict = outcomes.verdict_of(status, reason)
        level = logging.INFO if reason in ORDINARY else logging.WARNING
        name = Environment.Name(job.environment) if job.environment in Environment.values() else "no environment"
        self._problems.report(f"{name} {reason}", f"{name}: {reason}: {verdict.why}", level=level)
        outcome = Outcome(
            index=job.index,
            kind=verdict.kind,
            reason=reason,
            retry_after_ms=verdict.retry_after_ms,
            maybe_accepted=verdict.maybe_accepted,
            status=int(status) if status.isdigit() else 0,
        )
        if verdict.kind == outcomes.TOKEN_DEAD and dead_since_ms and 0 < dead_since_ms <= LAST_TIMESTAMP_MS:
            since = Timestamp()
            since.FromMilliseconds(dead_since_ms)
            outcome.dead_since.CopyFrom(since)
        return outcome

    def close(self) -> None:
        """Closes all connections."""
        for client in self._clients.values():
            client.pool.close()
