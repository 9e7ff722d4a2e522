"""APNs that cannot be reached, or only sometimes."""

import asyncio
import time

from smith.delivery.v1.delivery_service_pb2 import GetDestinationsRequest
from smith.delivery.v1.reason_pb2 import Concern, Reason

from delivery_service.apns.provider_token import CLOCK_SKEW, STEP
from tests.delivery.conftest import Start
from tests.delivery.harness import ACCEPTED, MISCONFIGURED, RETRY, TOKEN_DEAD, Apns, Service, push, tally
from tests.waiting import LONG, eventually_async

CONNECT_FAILED = (RETRY, "ConnectFailed")
ALL_ACCEPTED = (ACCEPTED, "")


async def _accepted(service: Service) -> bool:
    return tally(await service.deliver(push(count=1))) == {ALL_ACCEPTED: 1}


async def test_a_host_that_refuses_connections_is_reported_at_once_and_found_again(
    apns: Apns, service: Service
) -> None:
    await apns.settings(refuse_connections=True)
    began = time.monotonic()
    outcomes = await service.deliver(push(count=500))
    assert tally(outcomes) == {CONNECT_FAILED: 500}
    assert {outcome.retry_after_ms for outcome in outcomes} == {1000}
    assert time.monotonic() - began < LONG, "a connection that is not made takes that long"
    await apns.settings(refuse_connections=False)
    await eventually_async("accepted again", lambda: _accepted(service))


async def test_pushes_do_not_wait_in_turn_for_a_host_that_does_not_answer(apns: Apns, start: Start) -> None:
    await apns.settings(mute_tls=True)
    async with start(SMITH_APNS_CONNECT_TIMEOUT="1") as service:
        began = time.monotonic()
        assert tally(await service.deliver(push(count=500))) == {CONNECT_FAILED: 500}
        assert time.monotonic() - began < LONG  # in turn, two at once, it would be 250 s


async def test_a_failing_host_is_not_hammered(apns: Apns, start: Start) -> None:
    await apns.settings(mute_settings=True)
    async with start(SMITH_APNS_CONNECT_TIMEOUT="0.1") as service:
        began, opened = time.monotonic(), 0
        # On a busy machine the first ones may come to nothing before APNs has seen them.
        while (elapsed := time.monotonic() - began) < 1.5 or (opened < 2 and elapsed < LONG):
            assert set(tally(await service.deliver(push(count=20)))) == {CONNECT_FAILED}
            await asyncio.sleep(0.01)
            opened = (await apns.stats())["connections_opened"]
        # At most two at once, every half second.
        assert 2 <= opened <= 2 * (1 + elapsed / 0.5)
        await apns.settings(mute_settings=False)
        await eventually_async("accepted again", lambda: _accepted(service))


async def test_connections_that_are_reset_at_the_door_are_survived(apns: Apns, start: Start) -> None:
    await apns.settings(reset_connections_per_minute=0)
    async with start(SMITH_APNS_CONNECT_TIMEOUT="1") as service:
        assert tally(await service.deliver(push(count=50))) == {CONNECT_FAILED: 50}


async def test_a_certificate_of_an_unknown_authority_is_refused(apns: Apns, start: Start) -> None:
    async with start(SMITH_APNS_CA_FILE="") as service:
        assert tally(await service.deliver(push(count=3))) == {CONNECT_FAILED: 3}
    assert await apns.requests() == []


async def test_an_idle_connection_stays_open_and_one_that_apns_closed_is_replaced(apns: Apns, service: Service) -> None:
    assert await _accepted(service)
    assert await _accepted(service)
    assert (await apns.stats())["connections_opened"] == 1
    await apns.connections("goaway", reason="IdleTimeout")
    assert await _accepted(service)
    assert (await apns.stats())["connections_opened"] == 2


async def test_a_storm_of_503_is_left_to_core_for_fifteen_minutes(apns: Apns, service: Service) -> None:
    await apns.script("*", {"status": 503, "reason": "ServiceUnavailable"})
    outcomes = await service.deliver(push(count=400))
    assert tally(outcomes) == {(RETRY, "ServiceUnavailable"): 400}
    assert {outcome.retry_after_ms for outcome in outcomes} == {900_000}
    stats = await apns.stats()
    assert stats["rejected"] == 400
    assert stats["connections_opened"] <= 4


async def test_a_revoked_key_is_a_misconfiguration_until_it_is_restored(apns: Apns, service: Service) -> None:
    await service.deliver(push(count=1))
    await apns.settings(revoke_key=True)
    outcomes = await service.deliver(push(count=10))
    assert tally(outcomes) == {(MISCONFIGURED, "InvalidProviderToken"): 10}
    assert {outcome.retry_after_ms for outcome in outcomes} == {60_000}
    assert {outcome.concern for outcome in outcomes} == {Concern.CONCERN_SENDER}
    await apns.settings(revoke_key=False)
    assert await _accepted(service)


async def test_tokens_of_the_other_environment_are_dead_here(apns: Apns, service: Service) -> None:
    await apns.settings(wrong_environment=True)
    outcomes = await service.deliver(push(count=2))
    assert tally(outcomes) == {(TOKEN_DEAD, "BadDeviceToken"): 2}
    told = await service.stub.GetDestinations(GetDestinationsRequest(), timeout=LONG)
    for outcome in outcomes:
        assert (outcome.code, outcome.concern) == (Reason.REASON_BAD_DEVICE_TOKEN, Concern.CONCERN_TOKEN_OR_SERVER)
        assert outcome.configuration == told.configuration, "it may be the server's fault: under this configuration"


async def test_all_connections_and_services_show_one_provider_token(apns: Apns, start: Start) -> None:
    await apns.settings(latency_seconds=0.05)
    began = half_hour()
    async with start() as one, start() as other:
        await asyncio.gather(one.deliver(push(count=300)), other.deliver(push(count=300)))
    stats = await apns.stats()
    assert stats["connections_opened"] > 2
    # If a half hour ended meanwhile, that of the next may have been shown too.
    assert 1 <= stats["distinct_provider_tokens"] <= 1 + half_hour() - began


def half_hour() -> int:
    """The number of the one whose token is shown now."""
    return int((time.time() - CLOCK_SKEW) // STEP)
