"""Pushes to browsers, from the Deliver call to a push service that listens, over TLS and in the clear."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02
from smith.delivery.v1.delivery_pb2 import Environment
from smith.delivery.v1.delivery_service_pb2 import GetDestinationsRequest
from smith.delivery.v1.reason_pb2 import Concern

from delivery_service.signing_key import CHECK_SECONDS
from tests.delivery.conftest import Start
from tests.delivery.harness import (
    ACCEPTED,
    MISCONFIGURED,
    REJECTED,
    RETRY,
    TOKEN_DEAD,
    Apns,
    Service,
    push,
    refusing_port,
    tally,
    target,
)
from tests.delivery.push_services import (
    Listening,
    Received,
    answering,
    b64,
    new_key,
    point,
    push_service,
    web_push,
    write_key,
)
from tests.waiting import eventually_async

PAYLOAD = b'{"web_push":8030,"notification":{"title":"Deployed"}}'


@pytest.fixture
def key(tmp_path: Path) -> ec.EllipticCurvePrivateKey:
    """The server's key for browsers."""
    made = new_key()
    write_key(tmp_path / "webpush.pem", made)
    return made


@pytest.fixture
async def browsers(apns: Apns) -> AsyncIterator[Listening]:
    """A push service over TLS, as those of browser makers are."""
    async with push_service(tls=apns.process.folder) as listening:
        yield listening


def settings(folder: Path, *services: Listening, **more: str) -> dict[str, str]:
    """A delivery service that may send to these."""
    return {
        "SMITH_WEBPUSH_KEY_FILE": str(folder / "webpush.pem"),
        "SMITH_WEBPUSH_SUBJECT": "mailto:operator@example.com",
        "SMITH_WEBPUSH_ALLOW": ",".join(service.origin for service in services),
        "SMITH_WEBPUSH_TIMEOUT": "11",
        **more,
    }


@pytest.fixture
async def service(
    start: Start, apns: Apns, key: ec.EllipticCurvePrivateKey, browsers: Listening, tmp_path: Path
) -> AsyncIterator[Service]:
    """A delivery service that knows the push service."""
    trusted = {"SMITH_WEBPUSH_CA_FILE": str(apns.process.folder / "ca.pem")}
    async with start(**settings(tmp_path, browsers, **trusted)) as service:
        yield service


async def test_a_push_is_read_by_its_browser_and_signed_by_this_server(
    service: Service, browsers: Listening, key: ec.EllipticCurvePrivateKey
) -> None:
    browser = browsers.browser("/push/abc?d=1")
    [outcome] = await service.deliver(web_push(browser, payload=PAYLOAD, collapse_id="n1", priority=10))
    assert (outcome.kind, outcome.status, outcome.reason) == (ACCEPTED, 201, "")
    [received] = browsers.received
    assert received.path == "/push/abc?d=1"
    assert browser.decrypt(received) == PAYLOAD
    assert Vapid02.verify(received.headers["authorization"])
    assert received.headers["authorization"].endswith(f"k={b64(point(key))}")
    assert received.headers["host"] == browsers.origin.removeprefix("https://")
    assert (received.headers["urgency"], received.headers["ttl"]) == ("high", "0")
    assert len(received.headers["topic"]) == 32


async def test_a_push_service_in_the_clear_may_be_named(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    async with push_service() as plain, start(**settings(tmp_path, plain)) as service:
        browser = plain.browser()
        assert tally(await service.deliver(web_push(browser, payload=PAYLOAD))) == {(ACCEPTED, ""): 1}
        assert browser.decrypt(plain.received[0]) == PAYLOAD


async def test_many_browsers_share_connections_and_each_gets_its_own(service: Service, browsers: Listening) -> None:
    some = [browsers.browser(f"/{number}") for number in range(300)]
    for _ in range(2):
        assert tally(await service.deliver(web_push(*some, payload=PAYLOAD))) == {(ACCEPTED, ""): 300}
    by_path = {received.path: received for received in browsers.received}
    assert all(one.decrypt(by_path[f"/{number}"]) == PAYLOAD for number, one in enumerate(some))
    assert len(browsers.received) == 600
    assert browsers.connections <= 32


async def test_pushes_to_browsers_and_their_connections_begin_at_a_pace_that_leaves_room_for_phones(
    service: Service, browsers: Listening
) -> None:
    """A slow machine takes longer, none is faster: 600 pushes and 20 connections a second. What phones feel of it is
    measured by benchmarks/web_push.py."""
    began = time.monotonic()
    outcomes = await service.deliver(web_push(*(browsers.browser() for _ in range(300)), payload=PAYLOAD))
    seconds = time.monotonic() - began
    assert tally(outcomes) == {(ACCEPTED, ""): 300}
    assert seconds > 0.99 * 299 / 600
    assert seconds > 0.99 * (browsers.connections - 1) / 20


async def test_phones_and_browsers_of_one_call_each_get_their_outcome(service: Service, browsers: Listening) -> None:
    browsers.answer = answering(410)
    outcomes = await service.deliver(push(count=2), web_push(browsers.browser()), push(target(environment=9)))
    assert [(one.kind, one.reason) for one in outcomes] == [
        (ACCEPTED, ""),
        (ACCEPTED, ""),
        (TOKEN_DEAD, "SubscriptionGone"),
        (REJECTED, "UnknownEnvironment"),
    ]


async def test_what_is_no_subscription_is_refused_alone(service: Service, browsers: Listening) -> None:
    web = {"environment": Environment.ENVIRONMENT_WEB}
    elsewhere = browsers.browser()
    elsewhere.endpoint = "https://push.example.com/x"
    good = browsers.browser()
    bad = [target(**web), target("nonsense", **web), elsewhere.target(), good.target()]
    assert [(one.kind, one.reason) for one in await service.deliver(push(*bad))] == [
        (REJECTED, "MalformedSubscription"),
        (REJECTED, "MalformedSubscription"),
        (REJECTED, "PushServiceNotAllowed"),
        (ACCEPTED, ""),
    ]


async def test_what_a_service_asks_for_is_told(service: Service, browsers: Listening) -> None:
    browsers.answer = answering(429, b"slower", Retry_After="77")
    [outcome] = await service.deliver(web_push(browsers.browser()))
    assert (outcome.kind, outcome.retry_after_ms, outcome.concern) == (RETRY, 77_000, Concern.CONCERN_LOAD)
    assert not outcome.maybe_accepted


async def test_a_browser_of_another_key_is_dead_under_the_configuration_of_now(
    service: Service, browsers: Listening
) -> None:
    browsers.answer = answering(403, b'{"reason":"VapidPkHashMismatch"}')
    [outcome] = await service.deliver(web_push(browsers.browser()))
    told = await service.stub.GetDestinations(GetDestinationsRequest(), timeout=20)
    assert (outcome.kind, outcome.reason) == (TOKEN_DEAD, "VapidPkHashMismatch")
    assert outcome.configuration == told.configuration != ""


async def test_another_key_in_the_file_is_used_without_a_restart_and_changes_the_configuration(
    service: Service, browsers: Listening, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    async def told() -> Any:
        return await service.stub.GetDestinations(GetDestinationsRequest(), timeout=20)

    before = await told()
    assert (before.web_push_public_key, before.web_push_fault) == (b64(point(key)), "")
    other = new_key()
    write_key(tmp_path / "webpush.pem", other)

    async def is_new() -> bool:
        return bool((await told()).web_push_public_key == b64(point(other)))

    await eventually_async("the key is read again", is_new)
    assert CHECK_SECONDS <= 2
    assert (await told()).configuration != before.configuration
    await service.deliver(web_push(browsers.browser()))
    assert browsers.received[-1].headers["authorization"].endswith(f"k={b64(point(other))}")


async def test_without_a_key_every_push_to_a_browser_says_so_and_phones_are_not_concerned(
    start: Start, tmp_path: Path
) -> None:
    async with push_service() as plain:
        for file, reason in (("", "WebPushKeyMissing"), (str(tmp_path / "none.pem"), "WebPushKeyUnreadable")):
            async with start(**settings(tmp_path, plain, SMITH_WEBPUSH_KEY_FILE=file)) as service:
                outcomes = await service.deliver(web_push(plain.browser()), push(count=1))
                told = await service.stub.GetDestinations(GetDestinationsRequest(), timeout=20)
            assert [(one.kind, one.reason) for one in outcomes] == [(MISCONFIGURED, reason), (ACCEPTED, "")]
            assert outcomes[0].concern == Concern.CONCERN_SENDER
            assert (told.web_push_fault, told.web_push_public_key) == (reason, "")
            assert "SMITH_WEBPUSH_KEY_FILE" in told.web_push_fault_explanation
        assert plain.received == []


# Services that are down, slow or broken.


async def answers_nothing(received: Received, writer: asyncio.StreamWriter) -> None:
    """Takes the request, and keeps the connection."""


async def hangs_up(received: Received, writer: asyncio.StreamWriter) -> None:
    """Takes the request, and ends the connection."""
    writer.transport.abort()


@pytest.mark.thorough
async def test_a_service_that_does_not_answer_delays_neither_another_nor_phones(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    async with push_service(answers_nothing) as mute, push_service() as good:
        more = settings(tmp_path, mute, good, SMITH_WEBPUSH_CONNECTIONS="4")
        async with start(**more) as service:
            waiting: asyncio.Task[list[Any]] = asyncio.create_task(  # noqa: RUF006 - awaited below
                service.deliver(web_push(*(mute.browser() for _ in range(100))), web_push(good.browser()), deadline=60)
            )
            await eventually_async("the mute one has pushes", lambda: _now(len(mute.received) == 4))
            outcomes = await service.deliver(web_push(good.browser()), push(count=1))
            assert tally(outcomes) == {(ACCEPTED, ""): 2}
            assert not waiting.done()
            await eventually_async("the good one of the same call has its push", lambda: _now(len(good.received) == 2))
            assert tally(await waiting) == {
                (RETRY, "PushServiceTimeout"): 4,
                (RETRY, "PushServiceBusy"): 96,
                (ACCEPTED, ""): 1,
            }


async def _now(truth: bool) -> bool:
    return truth


async def test_a_push_that_may_have_arrived_is_told_apart_from_one_that_did_not(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    async with (
        push_service(hangs_up) as rude,
        push_service() as mute,
        start(**settings(tmp_path, rude, mute)) as service,
    ):
        [lost] = await service.deliver(web_push(rude.browser()))
        assert (lost.reason, lost.maybe_accepted) == ("PushServiceConnectionLost", True)
        # Over a connection that is there the push is sent at once: its time cannot be over before it has left.
        assert tally(await service.deliver(web_push(mute.browser()))) == {(ACCEPTED, ""): 1}
        mute.answer = answers_nothing
        service.delivery._web_push._timeout = 1.0
        [late] = await service.deliver(web_push(mute.browser()))
        assert mute.connections == 1
        assert (late.reason, late.maybe_accepted) == ("PushServiceTimeout", True)


async def test_a_service_that_is_down_fails_those_that_wait_at_once(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    with refusing_port() as port:
        gone = Listening(f"http://127.0.0.1:{port}", answering(201))
        async with start(**settings(tmp_path, gone)) as service:
            outcomes = await service.deliver(web_push(*(gone.browser() for _ in range(200))))
    assert tally(outcomes) == {(RETRY, "PushServiceUnreachable"): 200}
    assert not any(outcome.maybe_accepted for outcome in outcomes)


async def test_a_connection_that_cannot_be_made_fails_none_that_others_can_carry(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with push_service() as plain, start(**settings(tmp_path, plain)) as service:
        assert tally(await service.deliver(web_push(plain.browser()))) == {(ACCEPTED, ""): 1}
        [line] = service.delivery._web_push._lines._lines.values()
        dials = 0
        tried = asyncio.Event()

        async def cannot_connect() -> Any:
            nonlocal dials
            dials += 1
            tried.set()
            raise ConnectionRefusedError

        async def answers_once_another_was_tried(received: Received, writer: asyncio.StreamWriter) -> None:
            await tried.wait()
            await answering(201)(received, writer)

        monkeypatch.setattr(line, "_dial", cannot_connect)
        plain.answer = answers_once_another_was_tried
        found = tally(await service.deliver(web_push(*(plain.browser() for _ in range(100)))))
    # Each connection that could not be made has cost the push that asked for it, and no other.
    assert dials
    assert found == {(ACCEPTED, ""): 100 - dials, (RETRY, "PushServiceUnreachable"): dials}


async def test_a_connection_that_the_service_has_closed_is_not_used_again(
    service: Service, browsers: Listening
) -> None:
    async def closes(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    browsers.answer = closes
    for _ in range(5):
        assert tally(await service.deliver(web_push(browsers.browser()))) == {(ACCEPTED, ""): 1}
    assert browsers.connections == 5


async def test_a_caller_that_gives_up_frees_the_connections(service: Service, browsers: Listening) -> None:
    browsers.answer = answers_nothing
    with pytest.raises(Exception, match="DEADLINE_EXCEEDED"):
        await service.deliver(web_push(*(browsers.browser() for _ in range(100))), deadline=1.0)
    await eventually_async("no connection is left", lambda: _now(browsers.open == 0))
    browsers.answer = answering(201)
    some = [browsers.browser() for _ in range(100)]
    assert tally(await service.deliver(web_push(*some))) == {(ACCEPTED, ""): 100}


async def test_more_browsers_than_the_service_holds_are_refused_as_a_whole_and_phones_are_not(
    start: Start, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    async with push_service() as plain:
        async with start(**settings(tmp_path, plain, SMITH_WEBPUSH_MAX_IN_PROGRESS="2")) as service:
            with pytest.raises(Exception, match="RESOURCE_EXHAUSTED"):
                await service.deliver(web_push(*(plain.browser() for _ in range(3))))
            assert tally(await service.deliver(push(count=50), web_push(plain.browser()))) == {(ACCEPTED, ""): 51}
        assert len(plain.received) == 1
