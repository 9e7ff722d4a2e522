"""Sends a job to APNs and returns its outcome."""

import logging
import time
from collections.abc import Callable, Mapping

from google.protobuf.timestamp_pb2 import Timestamp
from opentelemetry.trace import Span, SpanKind, StatusCode
from smith.delivery.v1.delivery_pb2 import Environment, Outcome
from smith.delivery.v1.reason_pb2 import Concern, OutcomeKind

from delivery_service.apns import outcomes
from delivery_service.apns.pool import ApnsConnectionPool
from delivery_service.apns.request import Job
from delivery_service.metrics import ApnsMetrics
from delivery_service.problem_log import ProblemLog
from service_kit import tracing

log = logging.getLogger(__name__)

LAST_TIMESTAMP_MS = 253_402_300_799_999
ORDINARY = frozenset(("Unregistered", "ExpiredToken"))
"""Reasons that are normal and not logged as problems: people remove apps."""


class ApnsSender:
    """One pool of connections per environment. `fault` returns why they cannot be used now; empty if they can.

    Every job gets an outcome; nothing but cancellation is raised.
    """

    def __init__(
        self,
        pools: Mapping["Environment.ValueType", ApnsConnectionPool],
        *,
        problems: ProblemLog,
        fault: Callable[[], str],
        metrics: ApnsMetrics,
        configuration: Callable[[], str],
    ) -> None:
        """`configuration` returns the fingerprint of what decides whether APNs knows a token."""
        self._configuration = configuration
        self._metrics = metrics
        self._pools = pools
        self._problems = problems
        self._fault = fault

    async def send(self, job: Job) -> Outcome:
        """Sends the job's push and returns its outcome. Sets the request id of the running task to the job's."""
        tracing.request_id.set(job.origin.request_id)
        began = time.perf_counter()
        with tracing.child("push", SpanKind.CONSUMER, job.origin.traceparent) as span:
            outcome = await self._send(job)
            _describe(span, job, outcome)
        seconds = time.perf_counter() - began
        self._metrics.pushes[job.environment, outcome.kind, outcome.reason].inc()
        if outcome.status and (duration := self._metrics.duration.get(job.environment)):
            duration.observe(seconds)
        if log.isEnabledFor(logging.DEBUG):
            what = outcome.reason or "accepted"
            log.debug("push %s: %s in %.1f ms", job.request and job.request.notification_id, what, seconds * 1000)
        return outcome

    async def _send(self, job: Job) -> Outcome:
        if job.request is None:
            return self._outcome(job, "", job.fault)
        if fault := self._fault():
            return self._outcome(job, "", fault)
        try:
            with tracing.child("POST /3/device", SpanKind.CLIENT) as span:
                result = await self._pools[job.environment].send_notification(job.request)
                span.set_attribute("http.request.method", "POST")
                span.set_attribute("http.response.status_code", int(result.status or 0))
        except outcomes.PushFailed as failure:
            return self._outcome(job, "", failure.reason)
        except Exception:
            log.exception("a push failed by a fault of this server")
            return self._outcome(job, "", "SenderFault")
        if result.is_successful:
            return Outcome(index=job.index, kind=outcomes.ACCEPTED, status=200)
        return self._outcome(job, result.status, result.description or "", result.timestamp)

    def _outcome(self, job: Job, status: str, reason: str, dead_since_ms: int | None = None) -> Outcome:
        code = outcomes.reason_of(status, reason)
        meaning = outcomes.MEANINGS[code]
        level = logging.INFO if reason in ORDINARY else logging.WARNING
        name = Environment.Name(job.environment) if job.environment in Environment.values() else "no environment"
        self._problems.report(f"{name} {reason}", f"{name}: {reason}: {meaning.explanation}", level=level)
        is_doubtful = meaning.concern == Concern.CONCERN_TOKEN_OR_SERVER
        outcome = Outcome(
            index=job.index,
            kind=meaning.kind,
            reason=reason,
            retry_after_ms=meaning.retry_after_ms,
            maybe_accepted=meaning.maybe_accepted,
            status=int(status) if status.isdigit() else 0,
            code=code,
            concern=meaning.concern,
            configuration=self._configuration() if is_doubtful else "",
        )
        if meaning.kind == outcomes.TOKEN_DEAD and dead_since_ms and 0 < dead_since_ms <= LAST_TIMESTAMP_MS:
            since = Timestamp()
            since.FromMilliseconds(dead_since_ms)
            outcome.dead_since.CopyFrom(since)
        return outcome

    def close(self) -> None:
        """Closes all connections."""
        for pool in self._pools.values():
            pool.close()


def _describe(span: Span, job: Job, outcome: Outcome) -> None:
    """Records the push's outcome in the span, without its token and contents."""
    if not span.is_recording():
        return
    span.set_attribute("smith.outcome", OutcomeKind.Name(outcome.kind))
    span.set_attribute("smith.environment", job.environment)
    span.set_attribute("smith.request_id", job.origin.request_id)
    if job.request is not None and job.request.notification_id:
        span.set_attribute("smith.apns_id", job.request.notification_id)
    if outcome.reason:
        span.set_attribute("smith.reason", outcome.reason)
        span.set_status(StatusCode.ERROR, outcome.reason)
