"""What core's failures look like over REST."""

import asyncio
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from smith.core.v1.phone_service_pb2 import GetDeviceStateResponse

from service_kit.errors import AlreadyExists, DomainError, InvalidRequest, Kind, NotFound, Unavailable
from tests.gateway.conftest import MakeGateway, RunningGateway
from tests.gateway.core_stand_in import CoreStandIn
from tests.gateway.http_client import Reply
from tests.stack import free_ports
from tests.waiting import LONG, eventually_async

SEND = "SendPushNotification"
AT_ONCE_SECONDS = LONG / 2
"""Half of what the gateway waits for core: a request that waits for anything takes longer, on a busy machine too."""


class RateLimited(DomainError):
    kind, reason, error = Kind.EXHAUSTED, "RATE_LIMITED", "Rate limit exceeded"


class TooManyAttempts(DomainError):
    kind, reason, error = Kind.EXHAUSTED, "TOO_MANY_ATTEMPTS", "Too many attempts"


class LimitReached(DomainError):
    kind, reason, error = Kind.EXHAUSTED, "LIVE_ACTIVITY_LIMIT", "Live Activity limit reached"


class Unauthenticated(DomainError):
    kind, reason, error = Kind.UNAUTHENTICATED, "UNAUTHENTICATED", "Unauthorized"


class Forbidden(DomainError):
    kind, reason, error = Kind.FORBIDDEN, "CHANNEL_SCOPE", "Invalid channel targeting"


class TooLarge(DomainError):
    kind, reason, error = Kind.INVALID, "PAYLOAD_TOO_LARGE", "Payload too large"


class NoRecipients(DomainError):
    kind, reason, error = Kind.NOT_FOUND, "NO_RECIPIENTS", "No recipients found"


@pytest.mark.parametrize(
    ("error", "status", "facts"),
    [
        (InvalidRequest("title must not be empty"), 400, {}),
        (InvalidRequest.at("title", "must not be empty"), 400, {"field": "title"}),
        (InvalidRequest("give a or b").about("a", "b"), 400, {"field": "a"}),
        (NotFound("No such channel").about("channel_id"), 404, {}),
        (Unauthenticated("No such key"), 401, {}),
        (Forbidden("Not yours"), 403, {}),
        (NotFound("No such channel"), 404, {}),
        (NoRecipients("Nobody", effective_channel_slugs=["ops"]), 404, {"effective_channel_slugs": ["ops"]}),
        (AlreadyExists("Taken"), 409, {}),
        (TooLarge("payload is too long", part="payload", bytes=5000, limit=4096), 413, None),
        (LimitReached("Only 4", limit=4, active=4), 429, {"limit": 4, "active": 4}),
        (Unavailable("The database cannot be reached."), 503, {}),
    ],
)
async def test_each_cause_has_its_status_and_its_facts(
    gateway: RunningGateway, core: CoreStandIn, error: DomainError, status: int, facts: dict[str, object] | None
) -> None:
    """`{"error", "message", ...facts}`."""
    core.fails(SEND, error)
    reply = await gateway.push({"title": "x"})
    expected = error.facts if facts is None else facts
    assert reply.status == status
    assert reply.json() == {"error": error.error, "message": error.message, **expected}
    assert reply.headers.get("www-authenticate") == ('Bearer realm="ActivitySmith"' if status == 401 else None)
    assert reply.headers.get("retry-after") == ("1" if status == 503 else None)


@pytest.mark.parametrize("title", ["Not found", '"Not found"'])
async def test_errors_of_other_releases_are_understood(gateway: RunningGateway, core: CoreStandIn, title: str) -> None:
    """While core and gateway are being replaced: the release before wrote titles as JSON, and another may write facts
    as they are."""
    info = error_details_pb2.ErrorInfo(reason="NOT_FOUND", domain="activitysmith")
    info.metadata.update({"error": title, "hint": "in plain words", "limit": "4"})
    status = status_pb2.Status(code=grpc.StatusCode.NOT_FOUND.value[0], message="There is none.")
    status.details.add().Pack(info)

    async def refuse(request: Any, context: Any) -> None:
        details = ("grpc-status-details-bin", status.SerializeToString())
        await context.abort(grpc.StatusCode.NOT_FOUND, status.message, (details,))

    core.behaviours[SEND] = refuse
    reply = await gateway.push({"title": "x"})
    assert reply.status == 404
    assert reply.json() == {"error": "Not found", "message": "There is none.", "hint": "in plain words", "limit": 4}


async def test_the_rate_limit_error_is_the_documented_one(gateway: RunningGateway, core: CoreStandIn) -> None:
    """The documented members and a code, nothing else; the rest stands in headers."""
    message = "Too many requests, please try again later."

    async def refuse(request: Any, context: Any) -> Any:
        context.set_trailing_metadata(
            (("ratelimit-limit", "60"), ("ratelimit-remaining", "0"), ("ratelimit-reset", "7"))
        )
        raise RateLimited(message, limit=60, retry_after_seconds=6.2)

    core.behaviours[SEND] = refuse
    reply = await gateway.push({"title": "x"})
    documented = {"error": "Rate limit exceeded", "message": message}
    assert (reply.status, reply.json()) == (429, documented | {"code": "rate_limited"})
    assert reply.headers["retry-after"] == "7"
    assert [reply.headers[f"ratelimit-{name}"] for name in ("limit", "remaining", "reset")] == ["60", "0", "7"]


async def test_attempts_tell_when_to_come_back(gateway: RunningGateway, core: CoreStandIn) -> None:
    """In `Retry-After`."""
    core.fails("PairDevice", TooManyAttempts("Too many wrong codes.", retry_after_seconds=600))
    reply = await gateway.request("POST", "/api/device/pair", {})
    assert (reply.status, reply.headers["retry-after"], set(reply.json())) == (429, "600", {"error", "message"})


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (grpc.StatusCode.RESOURCE_EXHAUSTED, 503),
        (grpc.StatusCode.UNAVAILABLE, 503),
        (grpc.StatusCode.CANCELLED, 503),
        (grpc.StatusCode.DEADLINE_EXCEEDED, 503),
        (grpc.StatusCode.UNIMPLEMENTED, 503),
        (grpc.StatusCode.INVALID_ARGUMENT, 400),
        (grpc.StatusCode.OUT_OF_RANGE, 400),
        (grpc.StatusCode.UNAUTHENTICATED, 401),
        (grpc.StatusCode.PERMISSION_DENIED, 403),
        (grpc.StatusCode.NOT_FOUND, 404),
        (grpc.StatusCode.FAILED_PRECONDITION, 409),
        (grpc.StatusCode.ABORTED, 409),
        (grpc.StatusCode.DATA_LOSS, 500),
        (grpc.StatusCode.UNKNOWN, 500),
    ],
)
async def test_a_status_without_our_details_is_answered_in_words_of_ours(
    gateway: RunningGateway, core: CoreStandIn, code: grpc.StatusCode, status: int
) -> None:
    """gRPC's own words may name hosts and files."""
    core.aborts(SEND, code, "10.0.0.7:50051 /srv/secret")
    reply = await gateway.push({"title": "x"})
    assert reply.status == status
    assert b"10.0.0.7" not in reply.body
    assert b"secret" not in reply.body
    assert set(reply.json()) == {"error", "message"}
    assert reply.headers.get("retry-after") == ("1" if status == 503 else None)


async def test_a_mistake_of_core_leads_to_its_log_and_tells_no_more(gateway: RunningGateway, core: CoreStandIn) -> None:
    """The incident id is core's own."""
    core.aborts(SEND, grpc.StatusCode.INTERNAL, "Internal error, incident 0123456789ab")
    reply = await gateway.push({"title": "x"})
    assert reply.status == 500
    assert reply.json()["error"] == "Internal error"
    assert "0123456789ab" in reply.json()["message"]
    core.fails(SEND, RuntimeError("password=hunter2"))
    reply = await gateway.push({"title": "x"})
    assert reply.status == 500
    assert b"hunter2" not in reply.body


async def test_an_answer_that_does_not_come_is_given_up(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    """Every call has a deadline."""
    impatient = await make_gateway(f"127.0.0.1:{core.port}", gateway_call_timeout=0.2)
    release = core.never_answers(SEND)
    reply = await impatient.push({"title": "x"})
    release.set()
    assert (reply.status, reply.headers["retry-after"]) == (503, "1")


async def test_an_answer_that_is_asked_to_wait_may_wait(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    """The longest wait that the method has is added to the deadline."""
    deadlines: list[float] = []

    async def answer(request: Any, context: Any) -> Any:
        deadlines.append(context.time_remaining())
        return GetDeviceStateResponse()

    core.behaviours["GetDeviceState"] = answer
    impatient = await make_gateway(f"127.0.0.1:{core.port}", gateway_call_timeout=20)
    assert (await impatient.request("GET", "/api/device/state?after=1&wait_seconds=25")).status == 200
    assert 25 < deadlines[0] <= 45


async def test_a_core_that_is_away_is_told_at_once_and_its_return_noticed(make_gateway: MakeGateway) -> None:
    """No request hangs, none is sent twice, and no person has to restart the gateway."""
    core = CoreStandIn()
    [port] = free_ports(1)  # One that the system gave would be free for other tests while core is away.
    await core.start(port)
    gateway = await make_gateway(f"127.0.0.1:{port}")
    assert (await gateway.request("GET", "/readyz")).status == 200
    assert (await gateway.push({"title": "x"})).status == 200
    core.never_answers(SEND)
    in_progress = asyncio.create_task(gateway.push({"title": "x"}))
    await core.received(2)
    await core.stop()
    assert (await in_progress).status == 503
    assert len(core.calls) == 2
    for _ in range(3):
        async with asyncio.timeout(AT_ONCE_SECONDS):
            reply = await gateway.push({"title": "x"})
        assert (reply.status, reply.headers["retry-after"], reply.json()["error"]) == (503, "1", "Service unavailable")
    assert (await gateway.request("GET", "/readyz")).status == 503
    assert (await gateway.request("GET", "/healthz")).status == 200
    back = CoreStandIn()
    await back.start(port)

    async def is_served() -> bool:
        return (await gateway.push({"title": "x"})).status == 200

    await eventually_async("its return is noticed", is_served)
    await back.stop()


async def test_a_core_that_is_not_serving_makes_the_gateway_unready(make_gateway: MakeGateway) -> None:
    """Health comes from core."""
    core = CoreStandIn()
    await core.start()
    gateway = await make_gateway(f"127.0.0.1:{core.port}")
    assert core.server is not None
    await core.server.set_serving(False)
    assert (await gateway.request("GET", "/readyz")).status == 503
    await core.server.set_serving(True)

    async def is_ready() -> bool:
        return (await gateway.request("GET", "/readyz")).json() == {"status": "ready"}

    await eventually_async("the gateway is ready again", is_ready)
    await core.stop()


async def test_beyond_the_bound_of_requests_the_answer_is_503_at_once(
    make_gateway: MakeGateway, core: CoreStandIn
) -> None:
    """And the process still says that it is alive."""
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_max_concurrent_requests=2)
    for caller in range(2):
        headers = {"authorization": f"Bearer {caller}"}
        assert (await gateway.request("POST", "/api/push-notification", {"title": "x"}, headers)).status == 200
    core.calls.clear()
    release = core.never_answers(SEND)
    waiting = [
        asyncio.create_task(
            gateway.request("POST", "/api/push-notification", {"title": "x"}, {"authorization": f"Bearer {caller}"})
        )
        for caller in range(2)
    ]
    await core.received(2)
    async with asyncio.timeout(AT_ONCE_SECONDS):
        reply = await gateway.push({"title": "x" * 100_000})
        assert (reply.status, reply.headers["retry-after"]) == (503, "1")
        assert (await gateway.request("GET", "/healthz")).status == 200
    release.set()
    assert [(await one).status for one in waiting] == [200, 200]
    assert (await gateway.push({"title": "x"})).status == 200


async def test_one_caller_gets_half_of_the_calls_and_the_others_the_rest(
    make_gateway: MakeGateway, core: CoreStandIn
) -> None:
    """However many it makes, once core has accepted its key."""
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_max_concurrent_requests=8)

    def send(key: str) -> asyncio.Task[Reply]:
        headers = {"authorization": f"Bearer {key}"}
        return asyncio.create_task(gateway.request("POST", "/api/push-notification", {"title": "x"}, headers))

    assert [(await send(key)).status for key in ("greedy", "modest")] == [200, 200]
    core.calls.clear()
    release = core.never_answers(SEND)
    greedy = [send("greedy") for _ in range(4)]
    await core.received(4)
    async with asyncio.timeout(AT_ONCE_SECONDS):
        refused = await send("greedy")
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    modest = [send("modest") for _ in range(2)]
    await core.received(6)
    release.set()
    assert [(await one).status for one in [*greedy, *modest]] == [200] * 6
    assert (await send("greedy")).status == 200


async def test_what_is_wrong_though_the_server_serves_is_named_and_no_more(make_gateway: MakeGateway) -> None:
    """For monitors that watch readiness; the details are for members."""
    core = CoreStandIn()
    await core.start()
    gateway = await make_gateway(f"127.0.0.1:{core.port}")
    assert core.server is not None
    await core.server.set_well("smith.apns", False)
    reply = await gateway.request("GET", "/readyz")
    assert (reply.status, reply.json()) == (200, {"status": "ready", "warnings": ["apns"]})
    await core.server.set_well("smith.apns", True)

    async def is_ready() -> bool:
        return (await gateway.request("GET", "/readyz")).json() == {"status": "ready"}

    await eventually_async("the gateway is ready again", is_ready)
    await core.stop()


async def test_a_forwarded_address_is_believed_from_trusted_proxies_only(
    make_gateway: MakeGateway, gateway: RunningGateway, core: CoreStandIn
) -> None:
    """Guess limits count by it."""
    behind = await make_gateway(f"127.0.0.1:{core.port}", trusted_proxies="127.0.0.1")
    for one in (gateway, behind):
        await one.request("POST", "/api/device/pair", {}, {"x-forwarded-for": "203.0.113.9"})
    assert [call.metadata["x-client-address"] for call in core.calls] == ["127.0.0.1", "203.0.113.9"]
