"""A delivery service over gRPC that answers when the test says so, and keeps what a phone would show."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from smith.delivery.v1 import delivery_service_pb2 as pb
from smith.delivery.v1.delivery_pb2 import Outcome, Push
from smith.delivery.v1.delivery_service_pb2_grpc import (
    DeliveryServiceServicer,
    add_DeliveryServiceServicer_to_server,
)
from smith.delivery.v1.reason_pb2 import OUTCOME_KIND_ACCEPTED

from tests.waiting import eventually_async

ACCEPTED = Outcome(kind=OUTCOME_KIND_ACCEPTED, status=200)


@dataclass(eq=False)
class Attempt:
    """One attempt to send a push to a phone."""

    token: str
    notification_id: str
    """Its collapse id; empty for none."""
    apns_id: str
    message: dict[str, Any]
    """The push's JSON."""
    push: Push
    outcome: "asyncio.Future[Outcome]"
    given_up: bool = False
    """The core that made it has gone, or does not wait any more."""

    @property
    def aps(self) -> dict[str, Any]:
        """What iOS reads. Of a phone with the app."""
        return dict(self.message["aps"])

    @property
    def browser(self) -> dict[str, Any]:
        """What a browser shows. Of a browser."""
        return dict(self.message["notification"])

    @property
    def title(self) -> str:
        """What the phone is to show."""
        return str(self.browser["title"] if "notification" in self.message else self.aps["alert"]["title"])

    @property
    def is_silent(self) -> bool:
        """Whether the phone neither sounds nor lights up its screen."""
        return "sound" not in self.aps and self.aps.get("interruption-level") == "passive"

    @property
    def is_open(self) -> bool:
        """Whether it has no outcome yet and is waited for."""
        return not self.outcome.done() and not self.given_up

    def answer(self, outcome: Outcome = ACCEPTED) -> None:
        """What has become of it."""
        self.outcome.set_result(outcome)


@dataclass
class ToldDelivery(DeliveryServiceServicer):
    """The service. No phone has two attempts of one notification on their way at a time, or the test fails."""

    is_held: bool = False
    """Whether attempts wait for `Attempt.answer`; otherwise they are accepted at once."""
    attempts: list[Attempt] = field(default_factory=list)
    address: str = ""
    overlaps: list[tuple[Attempt, Attempt]] = field(default_factory=list)
    web_push_public_key: str = ""
    web_push_fault: str = ""
    explanation: str = ""
    """Of the fault."""

    async def Deliver(self, request: pb.DeliverRequest, context: Any) -> AsyncIterator[pb.DeliverResponse]:  # noqa: N802
        """See the proto."""
        begun = [self._begin(attempt) for attempt in _attempts(request)]
        try:
            waiting = {asyncio.ensure_future(_indexed(place, one)): one for place, one in enumerate(begun)}
            for done in asyncio.as_completed(waiting):
                yield pb.DeliverResponse(outcomes=[await done])
        finally:
            for one in begun:
                one.given_up = not one.outcome.done()

    async def GetDestinations(  # noqa: N802
        self, request: pb.GetDestinationsRequest, context: Any
    ) -> pb.GetDestinationsResponse:
        """Unknown, but for what the test says of web push."""
        return pb.GetDestinationsResponse(
            web_push_public_key=self.web_push_public_key,
            web_push_fault=self.web_push_fault,
            web_push_fault_explanation=self.explanation,
        )

    def _begin(self, attempt: Attempt) -> Attempt:
        self.overlaps += [
            (one, attempt)
            for one in self.of(attempt.token)
            if one.is_open and one.notification_id and one.notification_id == attempt.notification_id
        ]
        self.attempts.append(attempt)
        if not self.is_held:
            attempt.answer()
        return attempt

    def of(self, token: str) -> list[Attempt]:
        """The phone's attempts, in the order in which they came."""
        return [one for one in self.attempts if one.token == token]

    async def nth(self, number: int, token: str) -> Attempt:
        """The phone's attempt of this number, from 1, as soon as it comes."""
        await eventually_async(f"attempt {number} is made", lambda: _true(len(self.of(token)) >= number))
        return self.of(token)[number - 1]

    def screen(self, token: str) -> str | None:
        """What the phone shows last; None if nothing."""
        shown = [
            one.title for one in self.of(token) if one.outcome.done() and one.outcome.result().kind == ACCEPTED.kind
        ]
        return shown[-1] if shown else None


async def _true(holds: bool) -> bool:
    return holds


async def _indexed(place: int, attempt: Attempt) -> Outcome:
    outcome = Outcome()
    outcome.CopyFrom(await attempt.outcome)
    outcome.index = place
    return outcome


def _attempts(request: pb.DeliverRequest) -> Iterator[Attempt]:
    loop = asyncio.get_running_loop()
    for push in request.pushes:
        message = json.loads(push.payload)
        for target in push.targets:
            yield Attempt(target.token, push.collapse_id, target.apns_id, message, push, loop.create_future())


@asynccontextmanager
async def told_delivery() -> AsyncIterator[ToldDelivery]:
    """A running one."""
    service = ToldDelivery()
    server = grpc.aio.server()
    add_DeliveryServiceServicer_to_server(service, server)  # type: ignore[no-untyped-call] # of gRPC
    service.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    try:
        yield service
    finally:
        await server.stop(0)
    assert not service.overlaps
