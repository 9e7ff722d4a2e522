"""Sends a job to a browser's push service and returns its outcome."""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Callable

from opentelemetry.trace import Span, SpanKind, StatusCode
from smith.delivery.v1.delivery_pb2 import Outcome
from smith.delivery.v1.reason_pb2 import OutcomeKind

from delivery_service.apns.outcomes import MEANINGS
from delivery_service.metrics import WebPushMetrics
from delivery_service.problem_log import ProblemLog
from delivery_service.web_push.connection import Answer
from delivery_service.web_push.encryption import encrypt
from delivery_service.web_push.lines import Lines, NoTurn
from delivery_service.web_push.outcomes import (
    FAILURES,
    of_answer,
    of_reason,
    reason_without_answer,
    reason_without_connection,
)
from delivery_service.web_push.request import Message, WebJob
from delivery_service.web_push.vapid import Vapid
from service_kit import tracing
from service_kit.web_push import PushServices

log = logging.getLogger(__name__)

ORDINARY = frozenset(("SubscriptionGone",))
"""Reasons that are normal and not logged as problems: people turn notifications off."""


class WebPushSender:
    """Sends a push once, and never waits to send it again. It follows no redirect.

    Every job gets an outcome; nothing but cancellation is raised.
    """

    def __init__(
        self,
        lines: Lines,
        vapid: Vapid | None,
        *,
        services: PushServices,
        problems: ProblemLog,
        metrics: WebPushMetrics,
        timeout: float,
        configuration: Callable[[], str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`services` may be called. `timeout` is in seconds, for connection, request and answer together. Without
        `vapid` there is no key. `configuration` returns the fingerprint of what pushes are sent with; `clock` the UNIX
        time."""
        self._lines = lines
        self._vapid = vapid
        self._services = services
        self._problems = problems
        self._metrics = metrics
        self._timeout = timeout
        self._configuration = configuration
        self._clock = clock

    @property
    def public_key(self) -> str:
        """The key that browsers subscribe with, in base64url. Empty if there is none."""
        return self._vapid.public_key if self._vapid else ""

    def fault(self) -> str:
        """Reason why nothing can be sent now; empty if it can."""
        return self._vapid.fault() if self._vapid else "WebPushKeyMissing"

    async def send(self, job: WebJob, *, until: float) -> Outcome:
        """Sends the job's push and returns its outcome. The push waits for its turn by the event loop's time `until` at
        most. Sets the request id of the running task to the job's."""
        tracing.request_id.set(job.origin.request_id)
        began = time.perf_counter()
        message = job.message(self._services)
        service = message.service if isinstance(message, Message) else ""
        with tracing.child("push to a browser", SpanKind.CONSUMER, job.origin.traceparent) as span:
            outcome = await self._send(job.index, message, until)
            _describe(span, job, service, outcome)
        seconds = time.perf_counter() - began
        self._metrics.count(service, outcome, seconds)
        if outcome.reason:
            self._report(service, outcome)
        log.debug("push to a browser: %s in %.1f ms", outcome.reason or "accepted", seconds * 1000)
        return outcome

    def close(self) -> None:
        """Closes all connections."""
        self._lines.close()

    async def _send(self, index: int, message: Message | str, until: float) -> Outcome:
        vapid = self._vapid
        if isinstance(message, str) or vapid is None or vapid.fault():
            # Others have their turn: there may be a thousand such jobs in a row.
            await asyncio.sleep(0)
            return of_reason(index, message if isinstance(message, str) else self.fault())
        configuration = self._configuration()
        try:
            found = await self._post(message, vapid, until)
        except NoTurn as refusal:
            found = refusal.reason
        except Exception:
            log.exception("a push to a browser failed by a fault of this server")
            found = "SenderFault"
        if isinstance(found, str):
            return of_reason(index, found)
        return of_answer(index, found, dt.datetime.fromtimestamp(self._clock(), dt.UTC), configuration)

    async def _post(self, message: Message, vapid: Vapid, until: float) -> Answer | str:
        """The answer, or the reason why there is none. Raises NoTurn."""
        origin = message.origin
        async with self._lines.to(origin) as line, line.turn(until):
            connection = None
            try:
                async with asyncio.timeout(self._timeout):
                    connection = await line.take()
                    body = encrypt(message.payload, message.subscription)
                    headers = message.headers_for(self._clock(), vapid.header_for(origin), body)
                    return await connection.post(message.path, headers, body)
            except FAILURES as error:
                if connection is None:
                    line.is_down(reason := reason_without_connection(error))
                    return reason
                return reason_without_answer(error)
            finally:
                if connection is not None:
                    line.give_back(connection)

    def _report(self, service: str, outcome: Outcome) -> None:
        level = logging.INFO if outcome.reason in ORDINARY else logging.WARNING
        about = f"browsers ({service})" if service else "browsers"
        said = MEANINGS[outcome.code].explanation
        self._problems.report(f"{about} {outcome.reason}", f"{about}: {outcome.reason}: {said}", level=level)


def _describe(span: Span, job: WebJob, service: str, outcome: Outcome) -> None:
    """Records the push's outcome in the span, without its subscription and contents."""
    if not span.is_recording():
        return
    span.set_attribute("smith.outcome", OutcomeKind.Name(outcome.kind))
    span.set_attribute("smith.request_id", job.origin.request_id)
    span.set_attribute("http.response.status_code", outcome.status)
    if service:
        span.set_attribute("smith.push_service", str(service))
    if outcome.reason:
        span.set_attribute("smith.reason", outcome.reason)
        span.set_status(StatusCode.ERROR, outcome.reason)
