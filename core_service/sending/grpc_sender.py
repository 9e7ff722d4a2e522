"""The sender that calls the delivery service over gRPC, many pushes to a call."""

import asyncio
import contextvars
import datetime as dt
import logging
import time
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

import grpc
from smith.delivery.v1 import delivery_pb2, delivery_service_pb2, delivery_service_pb2_grpc, reason_pb2

from core_service.sending.port import Concern, OnOutcome, Outcome, OutcomeKind, Push, PushType, Target
from core_service.work_queue.gathering import APART

if TYPE_CHECKING:
    from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceAsyncStub

log = logging.getLogger(__name__)

MAX_TARGETS_PER_CALL = 1000
MAX_NAMED = 20
"""How many requests a log line names."""
CALL_TIMEOUT_SECONDS = 17.0
"""Above what the delivery service gives APNs (5 s to connect, 10 s to answer); below the lease. It is less if the lease
ends sooner, because this process was suspended: another one sends then."""

VERDICTS = {
    reason_pb2.OUTCOME_KIND_ACCEPTED: OutcomeKind.ACCEPTED,
    reason_pb2.OUTCOME_KIND_RETRY: OutcomeKind.RETRY,
    reason_pb2.OUTCOME_KIND_TOKEN_DEAD: OutcomeKind.TOKEN_DEAD,
    reason_pb2.OUTCOME_KIND_REJECTED: OutcomeKind.REJECTED,
    reason_pb2.OUTCOME_KIND_MISCONFIGURED: OutcomeKind.MISCONFIGURED,
}
CONCERNS = {reason_pb2.Concern.Value(f"CONCERN_{concern.name}"): concern for concern in Concern}
ENVIRONMENTS = {
    "production": delivery_pb2.ENVIRONMENT_PRODUCTION,
    "sandbox": delivery_pb2.ENVIRONMENT_SANDBOX,
}
"""Those of phones with the app; all others are browsers' push services."""
PUSH_TYPES = {
    PushType.ALERT: delivery_pb2.PUSH_TYPE_ALERT,
    PushType.LIVE_ACTIVITY: delivery_pb2.PUSH_TYPE_LIVE_ACTIVITY,
    PushType.BROADCAST: delivery_pb2.PUSH_TYPE_BROADCAST,
}
ACCEPTED = Outcome(OutcomeKind.ACCEPTED, status_code=200)
NOT_FOR_BROWSERS = Outcome(OutcomeKind.REJECTED, "NotForBrowsers", concern=Concern.REQUEST)


class GrpcPushSender:
    """Sends a push at once while the delivery service keeps up. Otherwise it gathers pushes into one streaming call
    until the service has answered, or for `gather_seconds`. Calls overlap, so a slow target delays only itself."""

    def __init__(self, channel: grpc.aio.Channel, *, gather_seconds: float = APART.pushes) -> None:
        self._gather_seconds = gather_seconds
        self._stub: DeliveryServiceAsyncStub = delivery_service_pb2_grpc.DeliveryServiceStub(channel)
        self._waiting: list[tuple[Push, OnOutcome]] = []
        self._flush_handle: asyncio.Handle | None = None
        self._unanswered = 0
        """Calls without a first outcome."""
        self._calls: set[asyncio.Task[None]] = set()

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """Takes the push; see Sender."""
        self._waiting.append((push, on_outcome))
        if self._flush_handle is None:
            loop = asyncio.get_running_loop()
            # Pushes that come in the same turn of the loop share a call, even if no other is under way. The call
            # belongs to no request in particular.
            of_no_request = contextvars.Context()
            self._flush_handle = (
                loop.call_later(self._gather_seconds, self._flush, context=of_no_request)
                if self._unanswered
                else loop.call_soon(self._flush, context=of_no_request)
            )

    def _flush(self) -> None:
        if self._flush_handle is not None:
            self._flush_handle.cancel()
            self._flush_handle = None
        # Pushes to few targets go first: they delay those to many targets hardly at all.
        waiting, self._waiting = sorted(self._waiting, key=_size), []
        call = _Call()
        for push, on_outcome in waiting:
            for start in range(0, len(push.targets), MAX_TARGETS_PER_CALL):
                targets = push.targets[start : start + MAX_TARGETS_PER_CALL]
                if len(call.targets) + len(targets) > MAX_TARGETS_PER_CALL:
                    self._start(call)
                    call = _Call()
                call.add(push, targets, on_outcome)
        self._start(call)

    def _start(self, call: "_Call") -> None:
        if call.targets:
            self._unanswered += 1
            task = asyncio.create_task(call.run(self._stub, self._on_answered))
            self._calls.add(task)
            task.add_done_callback(self._calls.discard)

    def _on_answered(self) -> None:
        self._unanswered -= 1
        if self._waiting and not self._unanswered:
            self._flush()


class _Call:
    """One Deliver call. Each target gets exactly one outcome."""

    def __init__(self) -> None:
        self.request = delivery_service_pb2.DeliverRequest()
        self.targets: list[tuple[Target, OnOutcome] | None] = []
        """Those without an outcome yet, by their place in the request."""
        self._ends = inf
        """Monotonic time by which the call must be over."""

    def add(self, push: Push, targets: list[Target], on_outcome: OnOutcome) -> None:
        if push.lease is not None and push.lease.ends < self._ends:
            self._ends = push.lease.ends
        message = self._message(push, push.payload, push.collapse_id)
        browsers: dict[str | None, list[Target]] = {}
        for target in targets:
            environment = ENVIRONMENTS.get(target.environment)
            if environment is None:
                browsers.setdefault(target.bundle_id, []).append(target)
                continue
            message.targets.add(
                token=target.token,
                apns_id=str(target.apns_id),
                bundle_id=target.bundle_id or "",
                environment=environment,
            )
            self.targets.append((target, on_outcome))
        if browsers:
            if not message.targets:
                del self.request.pushes[-1]
            for page, members in browsers.items():
                self._add_browsers(push, page, members, on_outcome)

    def _add_browsers(self, push: Push, page: str | None, targets: list[Target], on_outcome: OnOutcome) -> None:
        if push.web is None:
            for target in targets:
                on_outcome(target, NOT_FOR_BROWSERS)
            return
        # Repeats of what the push service holds still are one.
        topic = push.about.subject if push.about else push.collapse_id
        message = self._message(push, push.web(page), topic)
        for target in targets:
            message.targets.add(
                token=target.token, apns_id=str(target.apns_id), environment=delivery_pb2.ENVIRONMENT_WEB
            )
            self.targets.append((target, on_outcome))

    def _message(self, push: Push, payload: bytes, collapse_id: str) -> delivery_pb2.Push:
        message = self.request.pushes.add(
            push_type=PUSH_TYPES[push.push_type],
            payload=payload,
            collapse_id=collapse_id,
            priority=push.priority,
            request_id=push.origin.request_id,
            traceparent=push.origin.traceparent,
        )
        message.expires_at.FromDatetime(push.expires_at)
        return message

    async def run(self, stub: "DeliveryServiceAsyncStub", on_answered: Callable[[], None]) -> None:
        """Makes the call and hands out the outcomes. `on_answered` is called once: at the first outcome, or at the
        end."""
        answered = False
        leftover = Outcome(OutcomeKind.RETRY, "DeliveryInterrupted", 1.0, maybe_accepted=True, concern=Concern.SERVER)
        try:
            seconds = min(CALL_TIMEOUT_SECONDS, self._ends - time.monotonic())
            async for response in stub.Deliver(self.request, timeout=seconds):
                for outcome in response.outcomes:
                    self._settle(outcome.index, read_outcome(outcome))
                if not answered:
                    answered = True
                    on_answered()
        except grpc.aio.AioRpcError as error:
            log.warning(
                "the delivery service did not finish a call: %s %s",
                error.code().name,
                error.details(),
                extra={"request_ids": self._request_ids()},
            )
            leftover = outcome_of_failure(error)
        finally:
            for index in range(len(self.targets)):
                self._settle(index, leftover)
            if not answered:
                on_answered()

    def _request_ids(self) -> list[str]:
        found = {push.request_id for push in self.request.pushes if push.request_id}
        return sorted(found)[:MAX_NAMED]

    def _settle(self, index: int, outcome: Outcome) -> None:
        entry = self.targets[index]
        if entry is not None:
            self.targets[index] = None
            target, on_outcome = entry
            on_outcome(target, outcome)


def _size(entry: tuple[Push, OnOutcome]) -> int:
    return len(entry[0].targets)


def outcome_of_failure(error: grpc.aio.AioRpcError) -> Outcome:
    """What follows if the delivery service does not answer."""
    reason = f"Delivery{error.code().name.title().replace('_', '')}"
    # Only this refusal says for certain that nothing was sent.
    sent = error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED
    concern = Concern.SERVER if sent else Concern.LOAD
    return Outcome(OutcomeKind.RETRY, reason, 1.0, maybe_accepted=sent, concern=concern)


def read_outcome(outcome: delivery_pb2.Outcome) -> Outcome:
    """What the delivery service says of one target."""
    if outcome.kind == reason_pb2.OUTCOME_KIND_ACCEPTED:
        return ACCEPTED
    return Outcome(
        VERDICTS.get(outcome.kind, OutcomeKind.RETRY),
        outcome.reason,
        outcome.retry_after_ms / 1000,
        outcome.dead_since.ToDatetime(tzinfo=dt.UTC) if outcome.HasField("dead_since") else None,
        outcome.maybe_accepted,
        outcome.status or None,
        CONCERNS.get(outcome.concern),
        outcome.configuration,
    )
