"""A call within the process is to both of its sides what a call over a connection is."""

import asyncio
import contextvars
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from smith.core.v1 import (
    account_pb2,
    account_service_pb2,
    account_service_pb2_grpc,
    event_service_pb2,
    event_service_pb2_grpc,
)
from smith.delivery.v1 import delivery_pb2, delivery_service_pb2, delivery_service_pb2_grpc

from core_service.app.services import SERVICES
from service_kit.client import open_channel
from service_kit.errors import DomainError, Kind
from service_kit.in_process import InProcessChannel
from service_kit.interceptors import ErrorInterceptor, PeersOnly
from service_kit.peers import Peers
from service_kit.server import GrpcServer
from service_kit.status import from_rpc_error
from tests.waiting import LONG, eventually_async

SECRET = "s" * 40
SECONDS = LONG
MAX_CALLS, MAX_REQUEST_BYTES = 2, 100_000
GET_ACCOUNT = account_service_pb2.GetAccountRequest()
AccountAnswer = account_service_pb2.GetAccountResponse
whose: contextvars.ContextVar[str] = contextvars.ContextVar("whose", default="no request's")


class Refused(DomainError):
    """An error of ours."""

    kind, reason, error = Kind.CONFLICT, "TOO_LATE", "Too late"


class Servicers(
    account_service_pb2_grpc.AccountServiceServicer,
    event_service_pb2_grpc.EventServiceServicer,
    delivery_service_pb2_grpc.DeliveryServiceServicer,
):
    """All three forms of method: awaited, a stream that is written, and a stream that is generated."""

    def __init__(self) -> None:
        self.account: Callable[[Any, Any], Awaitable[Any]] = self._empty
        self.events: Callable[[Any], Awaitable[None]] = self._waits
        self.groups: Callable[[Any], AsyncIterator[Any]]
        self.waiting = 0
        self.noted: list[str] = []
        self.go = asyncio.Event()

    async def _empty(self, request: Any, context: Any) -> Any:
        return AccountAnswer()

    async def _waits(self, context: Any) -> None:
        await self.wait()

    async def wait(self) -> None:
        """Until `go`; says how it ended."""
        self.waiting += 1
        try:
            await self.go.wait()
            self.noted.append("went on")
        except asyncio.CancelledError:
            self.noted.append("cancelled")
            raise
        finally:
            self.waiting -= 1

    async def GetAccount(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        """As `account` says."""
        return await self.account(request, context)

    async def WatchEvents(self, request: Any, context: Any) -> None:  # type: ignore[override] # noqa: N802 - as in core
        """As `events` says."""
        await self.events(context)

    async def Deliver(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802 - the RPC's name
        """As `groups` says."""
        async with aclosing(self.groups(context)) as groups:  # type: ignore[type-var] # a generator
            async for group in groups:
                yield group


class Rig:
    """A server that listens, and a channel of either kind to it."""

    def __init__(self, kind: str) -> None:
        self.servicers = Servicers()
        self.server = GrpcServer(
            interceptors=[PeersOnly(Peers(SECRET)), ErrorInterceptor()],
            max_concurrent_rpcs=MAX_CALLS,
            max_request_bytes=MAX_REQUEST_BYTES,
        )
        self.server.add(
            self.servicers,
            account_service_pb2_grpc.add_AccountServiceServicer_to_server,
            event_service_pb2_grpc.add_EventServiceServicer_to_server,
            delivery_service_pb2_grpc.add_DeliveryServiceServicer_to_server,
        )
        self.kind = kind
        self.channel: grpc.aio.Channel
        self.network: grpc.aio.Channel

    async def start(self) -> None:
        """Listens and serves."""
        within = InProcessChannel(Peers(SECRET).metadata())
        self.server.connect(within)
        port = await self.server.start("127.0.0.1", 0)
        await self.server.set_serving(True)
        self.network = open_channel(f"127.0.0.1:{port}", Peers(SECRET))
        self.channel = within if self.kind == "in_process" else self.network
        self.accounts: Any = account_service_pb2_grpc.AccountServiceStub(self.channel)
        self.events: Any = event_service_pb2_grpc.EventServiceStub(self.channel)
        self.delivery: Any = delivery_service_pb2_grpc.DeliveryServiceStub(self.channel)

    async def stop(self) -> None:
        """Is gone."""
        await self.server.stop(0)
        await self.channel.close()
        await self.network.close()


@pytest.fixture(params=["network", "in_process"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """Each test is run over a connection, too: that is what it has to be like."""
    made = Rig(request.param)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def within() -> AsyncIterator[Rig]:
    """In the process only."""
    made = Rig("in_process")
    await made.start()
    yield made
    await made.stop()


async def comes(what: str, probe: Callable[[], Any]) -> None:
    """Returns once `probe` is true."""

    async def is_so() -> Any:
        return probe()

    await eventually_async(what, is_so)


async def failure(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_an_answer_comes_with_the_metadata_before_and_after_it(rig: Rig) -> None:
    async def answer(request: Any, context: Any) -> Any:
        assert ("x-said", "by the caller") in [tuple(pair) for pair in context.invocation_metadata()]
        assert 0 < context.time_remaining() <= SECONDS
        await context.send_initial_metadata((("first", "1"),))
        context.set_trailing_metadata((("last", "2"),))
        return AccountAnswer(account=account_pb2.Account(name="ours"))

    rig.servicers.account = answer
    call = rig.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS, metadata=(("x-said", "by the caller"),))
    assert (await call).account.name == "ours"
    assert (await call).account.name == "ours", "it can be awaited again"
    assert ("first", "1") in list(await call.initial_metadata())
    assert ("last", "2") in list(await call.trailing_metadata())
    assert (await call.code(), call.done(), call.cancelled()) == (grpc.StatusCode.OK, True, False)


async def test_an_error_comes_with_its_status_its_details_and_what_was_said_before(rig: Rig) -> None:
    async def refuse(request: Any, context: Any) -> Any:
        context.set_trailing_metadata((("ratelimit-limit", "60"),))
        raise Refused("It is over.", until="noon")

    rig.servicers.account = refuse
    error = await failure(rig.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS))
    remote = from_rpc_error(error)
    assert (remote.code, remote.reason, remote.message) == (grpc.StatusCode.ALREADY_EXISTS, "TOO_LATE", "It is over.")
    assert remote.facts == {"until": "noon"}
    assert ("ratelimit-limit", "60") in [tuple(pair) for pair in error.trailing_metadata() or ()]


async def test_an_unexpected_error_tells_the_caller_nothing(rig: Rig) -> None:
    async def fail(request: Any, context: Any) -> Any:
        raise ValueError("a secret")

    async def generate(context: Any) -> AsyncIterator[Any]:
        yield delivery_service_pb2.DeliverResponse()
        raise ValueError("another")

    rig.servicers.account, rig.servicers.groups = fail, generate
    error = await failure(rig.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS))
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in (error.details() or "")
    call = rig.delivery.Deliver(delivery_service_pb2.DeliverRequest(), timeout=SECONDS)
    assert isinstance(await call.read(), delivery_service_pb2.DeliverResponse), "what was sent before the error arrives"
    assert (await failure(call.read())).code() is grpc.StatusCode.UNKNOWN


async def test_at_the_deadline_the_caller_goes_on_and_the_work_is_cancelled(rig: Rig) -> None:
    async def linger(request: Any, context: Any) -> Any:
        await rig.servicers.wait()

    rig.servicers.account = linger
    seconds = 0.1

    async def work_was_begun() -> bool:
        # A busy machine may need longer to begin the work than the caller waits for it: then there is none to cancel.
        nonlocal seconds
        seconds *= 2
        error = await failure(rig.accounts.GetAccount(GET_ACCOUNT, timeout=seconds))
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        return bool(rig.servicers.waiting or rig.servicers.noted)

    await eventually_async("the work is begun in time", work_was_begun)
    await comes("the work is cancelled", lambda: not rig.servicers.waiting)
    assert set(rig.servicers.noted) == {"cancelled"}
    assert (await failure(rig.accounts.GetAccount(GET_ACCOUNT, timeout=-1))).code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_a_handler_that_ignores_its_cancellation_does_not_hold_the_caller(within: Rig) -> None:
    async def stubborn(request: Any, context: Any) -> Any:
        try:
            await within.servicers.wait()
        except asyncio.CancelledError:
            await within.servicers.wait()
        return AccountAnswer()

    within.servicers.account = stubborn
    async with asyncio.timeout(SECONDS):
        error = await failure(within.accounts.GetAccount(GET_ACCOUNT, timeout=0.05))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    within.servicers.go.set()


async def test_a_caller_that_is_cancelled_cancels_the_work(rig: Rig) -> None:
    async def linger(request: Any, context: Any) -> Any:
        context.add_done_callback(lambda _: rig.servicers.noted.append("called back"))
        await rig.servicers.wait()

    async def ask() -> None:
        await rig.accounts.GetAccount(GET_ACCOUNT)

    rig.servicers.account = linger
    asking = asyncio.create_task(ask())
    await comes("the work has begun", lambda: rig.servicers.waiting)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await comes("it ends", lambda: sorted(rig.servicers.noted) == ["called back", "cancelled"])


async def test_a_call_that_is_given_up_is_cancelled(rig: Rig) -> None:
    async def linger(request: Any, context: Any) -> Any:
        await rig.servicers.wait()

    rig.servicers.account = linger
    call: Any = rig.accounts.GetAccount(GET_ACCOUNT)
    await comes("the work has begun", lambda: rig.servicers.waiting)
    assert call.cancel()
    assert not call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert call.cancelled()
    await comes("the work is cancelled", lambda: rig.servicers.noted == ["cancelled"])


async def test_a_call_that_is_dropped_is_cancelled(within: Rig) -> None:
    async def linger(request: Any, context: Any) -> Any:
        await within.servicers.wait()

    within.servicers.account = linger
    call: Any = within.accounts.GetAccount(GET_ACCOUNT)
    await comes("the work has begun", lambda: within.servicers.waiting)
    del call
    gc.collect()
    await comes("the work is cancelled", lambda: within.servicers.noted == ["cancelled"])


async def test_a_server_that_cancels_its_own_work_says_so(rig: Rig) -> None:
    async def give_up(request: Any, context: Any) -> Any:
        await context.abort(grpc.StatusCode.CANCELLED, "not today")

    rig.servicers.account = give_up
    error = await failure(rig.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS))
    assert (error.code(), error.details()) == (grpc.StatusCode.CANCELLED, "not today")


async def test_neither_side_can_change_the_others_messages(rig: Rig) -> None:
    kept = AccountAnswer(account=account_pb2.Account(name="ours"))

    async def generate(context: Any) -> AsyncIterator[Any]:
        yield delivery_service_pb2.DeliverResponse(outcomes=[outcome])
        outcome.reason = "changed since"

    async def answer(request: Any, context: Any) -> Any:
        return kept

    outcome = delivery_pb2.Outcome(reason="as it was")
    rig.servicers.account, rig.servicers.groups = answer, generate
    (await rig.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS)).account.name = "theirs"
    assert kept.account.name == "ours"
    groups = [one async for one in rig.delivery.Deliver(delivery_service_pb2.DeliverRequest(), timeout=SECONDS)]
    # The generator's frame holds a copy: what it appended to is its own.
    assert [group.outcomes[0].reason for group in groups] == ["as it was"]


async def test_a_handler_knows_nothing_of_its_callers_context(rig: Rig) -> None:
    seen = []

    async def look(request: Any, context: Any) -> Any:
        seen.append(whose.get())
        whose.set("the handler's")
        return AccountAnswer()

    rig.servicers.account = look
    before = whose.set("the caller's")
    await rig.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS)
    await rig.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS)
    assert seen == ["no request's", "no request's"]
    assert whose.get() == "the caller's"
    whose.reset(before)


async def test_a_stream_comes_in_order_to_its_end(rig: Rig) -> None:
    async def write(context: Any) -> None:
        for number in range(100):
            await context.write(event_service_pb2.WatchEventsResponse(missed=number))

    rig.servicers.events = write
    call = rig.events.WatchEvents(event_service_pb2.WatchEventsRequest(), timeout=SECONDS)
    assert [message.missed async for message in call] == list(range(100))
    assert await call.read() is grpc.aio.EOF
    assert await call.code() is grpc.StatusCode.OK


async def test_a_stream_waits_for_its_reader(rig: Rig) -> None:
    written = []
    outcome = delivery_pb2.Outcome(reason="x" * 1_000_000)

    async def generate(context: Any) -> AsyncIterator[Any]:
        for number in range(200):
            yield delivery_service_pb2.DeliverResponse(outcomes=[outcome])
            written.append(number)

    rig.servicers.groups = generate
    groups = aiter(rig.delivery.Deliver(delivery_service_pb2.DeliverRequest(), timeout=60))
    await anext(groups)
    counts: list[int] = []

    def is_still() -> bool:
        counts.append(len(written))
        return len(counts) > 20 and len(set(counts[-20:])) == 1

    await comes("the writer waits", is_still)
    assert len(written) < 100
    rest = [group async for group in groups]
    assert len(rest) == 199


async def test_a_reader_that_leaves_ends_the_stream(rig: Rig) -> None:
    async def generate(context: Any) -> AsyncIterator[Any]:
        context.add_done_callback(lambda _: rig.servicers.noted.append("called back"))
        yield delivery_service_pb2.DeliverResponse()
        await rig.servicers.wait()

    rig.servicers.groups = generate
    call = rig.delivery.Deliver(delivery_service_pb2.DeliverRequest())
    await call.read()
    await comes("it waits", lambda: rig.servicers.waiting)
    call.cancel()
    await comes("it ends", lambda: sorted(rig.servicers.noted) == ["called back", "cancelled"])
    with pytest.raises(asyncio.CancelledError):
        await call.read()


async def test_calls_from_both_sides_share_one_bound(within: Rig) -> None:
    async def linger(request: Any, context: Any) -> Any:
        await within.servicers.wait()
        return AccountAnswer()

    within.servicers.account = linger
    over: Any = account_service_pb2_grpc.AccountServiceStub(within.network)
    held = [over.GetAccount(GET_ACCOUNT), within.accounts.GetAccount(GET_ACCOUNT)]
    await comes("both are in progress", lambda: within.servicers.waiting == MAX_CALLS)
    for stub in (over, within.accounts):
        error = await failure(stub.GetAccount(GET_ACCOUNT, timeout=SECONDS))
        assert (error.code(), error.details()) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED, "Too many calls are in progress.",
        )  # fmt: skip
    within.servicers.go.set()
    await asyncio.gather(*held)
    await within.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS)


async def test_messages_that_are_too_large_are_refused_either_way(rig: Rig) -> None:
    large = account_service_pb2.UpdateAccountRequest(name="x" * (MAX_REQUEST_BYTES + 1))
    error = await failure(rig.accounts.UpdateAccount(large, timeout=SECONDS))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

    async def much(request: Any, context: Any) -> Any:
        return AccountAnswer(account=account_pb2.Account(name="x" * 9_000_000))

    rig.servicers.account = much
    error = await failure(rig.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_method_that_is_not_there_is_unimplemented(rig: Rig) -> None:
    call: Any = rig.channel.unary_unary(
        "/smith.core.v1.AccountService/Nothing",
        request_serializer=account_service_pb2.GetAccountRequest.SerializeToString,
        response_deserializer=AccountAnswer.FromString,
    )
    assert (await failure(call(GET_ACCOUNT, timeout=SECONDS))).code() is grpc.StatusCode.UNIMPLEMENTED


async def test_a_server_that_does_not_serve_gets_no_calls(rig: Rig) -> None:
    await rig.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS)
    called = []

    async def note(request: Any, context: Any) -> Any:
        called.append(request)
        return AccountAnswer()

    async def is_refused() -> bool:
        called.clear()
        try:
            await rig.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS)
        except grpc.aio.AioRpcError as error:
            return error.code() is grpc.StatusCode.UNAVAILABLE
        return False

    async def is_answered() -> bool:
        return not await is_refused()

    rig.servicers.account = note
    await rig.server.set_serving(False)
    await eventually_async("calls are refused", is_refused)
    assert called == []
    await rig.server.set_serving(True)
    await eventually_async("calls are answered", is_answered)


async def test_health_is_told_also_by_a_server_that_does_not_serve(within: Rig) -> None:
    stub: Any = health_pb2_grpc.HealthStub(within.channel)
    for serving in (True, False):
        await within.server.set_serving(serving)
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
        assert (answer.status == health_pb2.HealthCheckResponse.SERVING) is serving
        assert (within.channel.get_state() is grpc.ChannelConnectivity.READY) is serving


async def test_a_stopping_server_finishes_calls_and_takes_no_others(rig: Rig) -> None:
    async def linger(request: Any, context: Any) -> Any:
        await rig.servicers.wait()
        return AccountAnswer(account=account_pb2.Account(name="finished"))

    rig.servicers.account = linger
    call = rig.accounts.GetAccount(GET_ACCOUNT)
    await comes("it is in progress", lambda: rig.servicers.waiting)
    stopping = asyncio.create_task(rig.server.stop(SECONDS))
    await asyncio.sleep(0)
    rig.servicers.go.set()
    assert (await call).account.name == "finished"
    await stopping
    error = await failure(rig.accounts.GetAccount(GET_ACCOUNT, timeout=SECONDS))
    assert error.code() is grpc.StatusCode.UNAVAILABLE


async def test_after_its_grace_a_stopping_server_cancels_what_is_left(within: Rig) -> None:
    async def linger(request: Any, context: Any) -> Any:
        await within.servicers.wait()

    within.servicers.account = linger
    call = within.accounts.GetAccount(GET_ACCOUNT)
    await comes("it is in progress", lambda: within.servicers.waiting)
    await within.server.stop(0.05)
    assert (await failure(call)).code() is grpc.StatusCode.UNAVAILABLE
    assert within.servicers.noted == ["cancelled"]


async def test_work_that_ignores_its_cancellation_does_not_hold_up_a_stop(within: Rig) -> None:
    async def stubborn(request: Any, context: Any) -> Any:
        try:
            await within.servicers.wait()
        except asyncio.CancelledError:
            await within.servicers.wait()

    within.servicers.account = stubborn
    call = within.accounts.GetAccount(GET_ACCOUNT)
    await comes("it is in progress", lambda: within.servicers.waiting)
    async with asyncio.timeout(SECONDS):
        await within.server.stop(0.05)
    assert (await failure(call)).code() is grpc.StatusCode.UNAVAILABLE
    within.servicers.go.set()


async def test_a_closed_channel_cancels_its_calls(within: Rig) -> None:
    async def linger(request: Any, context: Any) -> Any:
        await within.servicers.wait()

    within.servicers.account = linger
    call = within.accounts.GetAccount(GET_ACCOUNT)
    await comes("it is in progress", lambda: within.servicers.waiting)
    await within.channel.close()
    assert (await failure(call)).code() is grpc.StatusCode.CANCELLED
    await comes("the work is cancelled", lambda: within.servicers.noted == ["cancelled"])
    with pytest.raises(grpc.aio.UsageError):
        within.accounts.GetAccount(GET_ACCOUNT)


async def test_a_channel_without_a_server_refuses_at_once() -> None:
    stub: Any = account_service_pb2_grpc.AccountServiceStub(InProcessChannel())
    error = await failure(stub.GetAccount(GET_ACCOUNT, timeout=SECONDS))
    assert error.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_channel_without_the_secret_is_a_stranger(within: Rig) -> None:
    stranger = InProcessChannel()
    within.server.connect(stranger)
    stub: Any = account_service_pb2_grpc.AccountServiceStub(stranger)
    error = await failure(stub.GetAccount(GET_ACCOUNT, timeout=SECONDS))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED


def test_no_method_of_ours_takes_a_stream_of_requests() -> None:
    modules = (account_service_pb2, event_service_pb2, delivery_service_pb2)
    services = [*SERVICES, *(one for module in modules for one in module.DESCRIPTOR.services_by_name.values())]
    assert [method.full_name for one in services for method in one.methods if method.client_streaming] == []
