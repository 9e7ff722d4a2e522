"""Sends a job to APNs and returns its outcome."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from google.protobuf.timestamp_pb2 import Timestamp
from opentelemetry.trace import Span, SpanKind, StatusCode
from smith.delivery.v1.delivery_pb2 import Environment, Outcome
from smith.delivery.v1.reason_pb2 import Concern, OutcomeKind

from delivery_service.apns import outcomes
from delivery_service.apns.http_request import ApnsRequest
from delivery_service.apns.pool import ApnsConnectionPool
from delivery_service.apns.request import Job
from delivery_service.apns.sending import Answer
from delivery_service.metrics import ApnsMetrics
from delivery_service.problem_log import ProblemLog
from service_kit import tracing

log = logging.getLogger(__name__)

LAST_TIMESTAMP_MS = 253_402_300_799_999
ORDINARY = frozenset(("Unregistered", "ExpiredToken"))
"""Reasons that are normal and not logged as problems: people remove apps."""


class Cancellable(Protocol):
    """A push on its way."""

    def cancel(self) -> object:
        """Gives it up."""


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
        self._traced: set[asyncio.Task[None]] = set()

    def submit(self, job: Job, done: Callable[[Outcome], None]) -> Cancellable | None:
        """Sends the job's push; `done` gets its outcome, perhaps before this returns. Cancelling what is returned gives
        the push up: `done` is not called any more."""
        if tracing.is_on() and job.origin.traceparent:
            return self._submit_traced(job, done)
        began = time.perf_counter()
        request = self._request_of(job)
        if isinstance(request, outcomes.PushFailed):
            done(self._finished(job, request, began))
            return None
        return self._pools[job.environment].send(request, partial(self._on_answer, job, began, done))

    async def send(self, job: Job) -> Outcome:
        """Sends the job's push and returns its outcome. Sets the request id of the running task to the job's."""
        tracing.request_id.set(job.origin.request_id)
        began = time.perf_counter()
        with tracing.child("push", SpanKind.CONSUMER, job.origin.traceparent) as span:
            outcome = self._finished(job, await self._send(job), began)
            _describe(span, job, outcome)
        return outcome

    async def _send(self, job: Job) -> Answer:
        request = self._request_of(job)
        if isinstance(request, outcomes.PushFailed):
            return request
        with tracing.child(request.what, SpanKind.CLIENT) as span:
            try:
                result = await self._pools[job.environment].send_notification(request)
            except outcomes.PushFailed as failure:
                span.set_status(StatusCode.ERROR, type(failure).__name__)
                return failure
            span.set_attribute("http.request.method", request.what.partition(" ")[0])
            span.set_attribute("http.response.status_code", int(result.status or 0))
            return result

    def _submit_traced(self, job: Job, done: Callable[[Outcome], None]) -> Cancellable:
        """With a task of its own, whose context holds the spans. Few pushes of a fan-out are traced."""

        async def send() -> None:
            done(await self.send(job))

        task = asyncio.get_running_loop().create_task(send())
        self._traced.add(task)
        task.add_done_callback(self._traced.discard)
        return task

    def _request_of(self, job: Job) -> ApnsRequest | outcomes.PushFailed:
        """The request, or why it cannot be sent at all."""
        if job.request is None:
            return outcomes.PushFailed(job.fault)
        fault = self._fault()
        return outcomes.PushFailed(fault) if fault else job.request

    def _on_answer(self, job: Job, began: float, done: Callable[[Outcome], None], answer: Answer) -> None:
        done(self._finished(job, answer, began))

    def _finished(self, job: Job, answer: Answer, began: float) -> Outcome:
        """The outcome that follows from the answer; counts it."""
        try:
            outcome = self.outcome_of(job, answer)
        except Exception:
            log.exception("a push failed by a fault of this server")
            outcome = self._outcome(job, "", "SenderFault")
        seconds = time.perf_counter() - began
        self._metrics.pushes[job.environment, outcome.kind, outcome.reason].inc()
        if outcome.status and (duration := self._metrics.duration.get(job.environment)):
            duration.observe(seconds)
        if log.isEnabledFor(logging.DEBUG):
            what = outcome.reason or "accepted"
            with tracing.of_request(job.origin.request_id):
                log.debug("push %s: %s in %.1f ms", job.request and job.request.notification_id, what, seconds * 1000)
        return outcome

    def outcome_of(self, job: Job, answer: Answer) -> Outcome:
        """What follows from APNs' answer to the job, or from having none."""
        if isinstance(answer, outcomes.PushFailed):
            return self._outcome(job, "", answer.reason)
        if job.request is not None and answer.status == job.request.success:
            return Outcome(index=job.index, kind=outcomes.ACCEPTED, status=int(answer.status))
        return self._outcome(job, answer.status, answer.description or "", answer.timestamp)

    def _outcome(self, job: Job, status: str, reason: str, dead_since_ms: int | None = None) -> Outcome:
        code = outcomes.reason_of(status, reason)
        meaning = outcomes.MEANINGS[code]
        level = logging.INFO if reason in ORDINARY else logging.WARNING
        name = Environment.Name(job.environment) if job.environment in Environment.values() else "no environment"
        with tracing.of_request(job.origin.request_id):
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
