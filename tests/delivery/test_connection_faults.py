"""What stock aioapns was measured to get wrong on one connection, and ours must not."""

import asyncio
import gc

import pytest

from delivery_service.apns import connection as module
from delivery_service.apns.connection import MAX_IN_FLIGHT
from delivery_service.apns.sending import Sending
from tests.delivery.conftest import Start
from tests.delivery.harness import (
    ACCEPTED,
    MISCONFIGURED,
    PRODUCTION,
    RETRY,
    TOKEN_DEAD,
    Apns,
    Service,
    push,
    random_token,
    tally,
    target,
)
from tests.waiting import LONG, eventually_async

pytestmark = pytest.mark.slow

ALL_ACCEPTED = (ACCEPTED, "")


@pytest.fixture
def none_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a busy machine takes, a push without an answer counts as in flight."""
    monkeypatch.setattr(module, "SLOW_SECONDS", LONG)


async def test_a_cold_burst_beyond_the_first_stream_limit_is_accepted_whole(apns: Apns, service: Service) -> None:
    assert tally(await service.deliver(push(count=600))) == {ALL_ACCEPTED: 600}
    stats = await apns.stats()
    assert stats["accepted"] == 600
    assert stats["duplicates_by_apns_id"] == stats["protocol_errors"] == 0
    assert stats["connections_opened"] <= 4


@pytest.mark.parametrize("before_answer", [True, False])
async def test_in_flight_reaches_what_the_server_allows_after_it_raised_its_limit(
    apns: Apns, start: Start, none_is_slow: None, before_answer: bool
) -> None:
    await apns.settings(settings_before_answer=before_answer)
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        await service.deliver(push(count=1))
        await apns.hold()
        sending = asyncio.create_task(service.deliver(push(count=300)))
        await apns.until_streams_open(MAX_IN_FLIGHT)
        await apns.release()
        assert tally(await sending) == {ALL_ACCEPTED: 300}
    assert (await apns.stats())["peak_streams"] == MAX_IN_FLIGHT


async def test_nothing_is_sent_before_the_servers_first_settings(apns: Apns, service: Service) -> None:
    await apns.settings(first_settings_delay_seconds=0.3)
    assert tally(await service.deliver(push(count=200))) == {ALL_ACCEPTED: 200}
    assert (await apns.stats())["protocol_errors"] == 0


async def test_a_refused_stream_is_sent_again_at_once(apns: Apns, service: Service) -> None:
    token = random_token()
    await apns.script(token, {"action": "reset", "code": "REFUSED_STREAM"}, {})
    assert tally(await service.deliver(push(target(token), count=20))) == {ALL_ACCEPTED: 21}
    assert len(await apns.requests(token)) == 2


async def test_a_stream_refused_three_times_is_left_to_core(apns: Apns, service: Service) -> None:
    token = random_token()
    await apns.script(token, {"action": "reset", "code": "REFUSED_STREAM"})
    (outcome,) = await service.deliver(push(target(token)))
    assert (outcome.kind, outcome.reason, outcome.retry_after_ms) == (RETRY, "StreamRefused", 1000)
    assert len(await apns.requests(token)) == 3


@pytest.mark.parametrize("code", ["INTERNAL_ERROR", "CANCEL"])
async def test_a_stream_that_may_have_been_processed_is_not_sent_twice(apns: Apns, service: Service, code: str) -> None:
    token = random_token()
    await apns.script(token, {"action": "reset", "code": code})
    (outcome,) = await service.deliver(push(target(token)))
    assert (outcome.kind, outcome.reason) == (RETRY, "StreamReset")
    assert len(await apns.requests(token)) == 1
    await apns.until_streams_open(0)


@pytest.mark.parametrize(
    ("step", "kind", "reason"),
    [
        ({"status": 503, "body": "empty"}, RETRY, "Http503"),
        ({"status": 502, "body": "html"}, RETRY, "Http502"),
        ({"status": 400, "body": "html"}, 4, "Http400"),
        ({"status": 200, "body": "empty_data"}, ACCEPTED, ""),
        ({"status": 410, "reason": "Unregistered", "body": "split"}, TOKEN_DEAD, "Unregistered"),
        ({"status": 200, "apns_id": "upper"}, ACCEPTED, ""),
        ({"action": "duplicate"}, ACCEPTED, ""),
    ],
)
async def test_an_odd_answer_is_understood_and_hurts_no_neighbour(
    apns: Apns, service: Service, step: dict[str, object], kind: int, reason: str
) -> None:
    token = random_token()
    await service.deliver(push(count=1))
    await apns.settings(latency_seconds=0.05)
    await apns.script(token, step)
    odd, *others = await service.deliver(push(target(token), count=50))
    assert (odd.kind, odd.reason) == (kind, reason)
    assert tally(others) == {ALL_ACCEPTED: 50}
    stats = await apns.stats()
    assert stats["duplicates_by_apns_id"] == stats["streams_open"] == 0


async def test_two_pushes_with_one_apns_id_are_both_answered(apns: Apns, service: Service) -> None:
    await apns.settings(latency_seconds=0.05)
    apns_id = "11111111-2222-4333-8444-555555555555"
    twins = [target(apns_id=apns_id) for _ in range(3)]
    assert tally(await service.deliver(push(*twins))) == {ALL_ACCEPTED: 3}


@pytest.mark.thorough
async def test_a_mute_stream_among_busy_ones_times_out_alone(apns: Apns, start: Start) -> None:
    token = random_token()
    await apns.script(token, {"action": "mute"})
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        await service.deliver(push(count=1))
        sending = asyncio.create_task(service.deliver(push(target(token), count=300)))
        await until_one_is_left(apns, service, accepted=301)
        time_is_over(service)
        mute, *others = await sending
        assert (mute.kind, mute.reason, mute.retry_after_ms) == (RETRY, "AnswerTimeout", 1000)
        assert tally(others) == {ALL_ACCEPTED: 300}
        assert len(await apns.requests(token)) == 1
        await apns.until_streams_open(0)


@pytest.mark.thorough
async def test_many_mute_streams_do_not_end_a_connection_that_answers_others(apns: Apns, start: Start) -> None:
    tokens = [random_token() for _ in range(10)]
    for token in tokens:
        await apns.script(token, {"action": "mute"})
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        await service.deliver(push(count=1))
        mute = asyncio.create_task(service.deliver(push(*(target(token) for token in tokens))))
        await apns.until_streams_open(10)
        assert tally(await service.deliver(push(count=5))) == {ALL_ACCEPTED: 5}
        time_is_over(service)
        while not mute.done():
            assert tally(await service.deliver(push(count=5))) == {ALL_ACCEPTED: 5}
        assert tally(mute.result()) == {(RETRY, "AnswerTimeout"): 10}
    assert (await apns.stats())["connections_opened"] == 1


@pytest.mark.thorough
async def test_more_mute_tokens_than_usual_streams_hold_no_other_up_for_long(apns: Apns, start: Start) -> None:
    tokens = [random_token() for _ in range(MAX_IN_FLIGHT)]
    for token in tokens:
        await apns.script(token, {"action": "mute"})
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        await service.deliver(push(count=1))
        mute = asyncio.create_task(service.deliver(push(*(target(token) for token in tokens))))
        await apns.until_streams_open(MAX_IN_FLIGHT)
        assert tally(await service.deliver(push(count=200), deadline=LONG - 10)) == {ALL_ACCEPTED: 200}
        assert not mute.done()
        mute.cancel()
    assert (await apns.stats())["connections_opened"] == 1


async def test_a_peer_that_fell_silent_is_dropped_and_replaced(apns: Apns, start: Start) -> None:
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        assert tally(await service.deliver(push(count=1))) == {ALL_ACCEPTED: 1}
        # On this connection alone little time is left: the others are to be answered on a busy machine too.
        (connection,) = service.connections
        connection._answer_timeout = 1.0
        await apns.connections("silence")
        assert set(tally(await service.deliver(push(count=20)))) <= {
            (RETRY, "AnswerTimeout"),
            (RETRY, "ConnectionLost"),
        }
        assert tally(await service.deliver(push(count=20))) == {ALL_ACCEPTED: 20}


@pytest.mark.parametrize("last_stream", ["all", "half", "none"])
async def test_goaway_under_load_loses_nothing_and_repeats_nothing(apns: Apns, start: Start, last_stream: str) -> None:
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        await service.deliver(push(count=1))
        await apns.hold()
        sending = asyncio.create_task(service.deliver(push(count=100)))
        await apns.until_streams_open(100)
        await apns.settings(latency_seconds=0)
        await apns.connections("goaway", last_stream=last_stream)
        await apns.release()
        assert tally(await sending) == {ALL_ACCEPTED: 100}
    stats = await apns.stats()
    assert (stats["accepted"], stats["duplicates_by_apns_id"]) == (101, 0)


async def test_a_goaway_that_breaks_its_word_leaves_the_pushes_to_core(apns: Apns, start: Start) -> None:
    async with start() as service:
        await service.deliver(push(count=1))
        await apns.hold()
        sending = asyncio.create_task(service.deliver(push(count=50)))
        await apns.until_streams_open(50)
        await apns.connections("goaway", last_stream="all", answer_rest=False)
        assert tally(await sending) == {(RETRY, "ConnectionLost"): 50}


async def test_a_lost_connection_answers_those_in_flight_and_those_that_wait(
    apns: Apns, start: Start, none_is_slow: None
) -> None:
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        await service.deliver(push(count=1))
        await apns.hold()
        sending = [asyncio.create_task(service.deliver(push(count=MAX_IN_FLIGHT))) for _ in range(3)]
        await apns.until_streams_open(MAX_IN_FLIGHT)
        await apns.settings(latency_seconds=0)
        await apns.connections("reset")
        outcomes = [outcome for one in sending for outcome in await one]
        result = tally(outcomes)
        assert result[(RETRY, "ConnectionLost")] == MAX_IN_FLIGHT
        assert result[ALL_ACCEPTED] == 2 * MAX_IN_FLIGHT
    assert (await apns.stats())["duplicates_by_apns_id"] == 0


async def test_a_large_burst_obeys_flow_control_and_leaks_no_stream(apns: Apns, start: Start) -> None:
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        assert tally(await service.deliver(push(count=500, size=3000))) == {ALL_ACCEPTED: 500}
        stats = await apns.stats()
        assert stats["accepted"] == 500
        assert stats["streams_open"] == stats["protocol_errors"] == 0


async def test_a_payload_larger_than_the_streams_window_goes_in_pieces(apns: Apns, service: Service) -> None:
    await apns.settings(initial_window=1000)
    assert tally(await service.deliver(push(count=50, size=3500))) == {ALL_ACCEPTED: 50}


@pytest.mark.thorough
async def test_a_server_that_withholds_its_window_does_not_block_the_sender_for_ever(apns: Apns, start: Start) -> None:
    await apns.settings(withhold_window_updates=True)
    async with start(SMITH_APNS_ANSWER_TIMEOUT="8", SMITH_APNS_CONNECTIONS="1") as service:
        result = tally(await service.deliver(push(count=60, size=3500)))
        assert result[ALL_ACCEPTED] >= 10
        assert set(result) <= {
            ALL_ACCEPTED,
            (RETRY, "NoFreeStream"),
            (RETRY, "AnswerTimeout"),
            (RETRY, "ConnectionLost"),
        }
        await apns.settings(withhold_window_updates=False)
        # Those over the next connection are all to be answered, on a busy machine too.
        service.delivery.apns.pools[PRODUCTION]._answer_timeout = LONG
        assert tally(await service.deliver(push(count=60, size=3500))) == {ALL_ACCEPTED: 60}


async def test_a_limit_lowered_below_what_is_in_flight_breaks_nothing(apns: Apns, start: Start) -> None:
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        await service.deliver(push(count=1))
        await apns.hold()
        sending = asyncio.create_task(service.deliver(push(count=50)))
        await apns.until_streams_open(50)
        await apns.connections("set_streams", value=1)
        more = asyncio.create_task(service.deliver(push(count=30)))
        await apns.release()
        assert tally(await sending) == {ALL_ACCEPTED: 50}
        assert tally(await more) == {ALL_ACCEPTED: 30}
        await apns.connections("set_streams", value=1000)
        assert tally(await service.deliver(push(count=200))) == {ALL_ACCEPTED: 200}
    stats = await apns.stats()
    assert stats["connections_opened"] == 1
    assert stats["protocol_errors"] == 0


async def test_rejections_that_shrink_the_limit_do_not_break_the_connection(apns: Apns, service: Service) -> None:
    await apns.settings(drop_to_one_after_error=True)
    dead = [target() for _ in range(20)]
    for one in dead:
        await apns.script(one.token, {"status": 400, "reason": "BadDeviceToken"})
    outcomes = await service.deliver(push(*dead, count=200))
    assert tally(outcomes) == {(TOKEN_DEAD, "BadDeviceToken"): 20, ALL_ACCEPTED: 200}
    assert (await apns.stats())["protocol_errors"] == 0


async def test_an_expired_provider_token_mid_run_costs_one_resend_on_a_new_connection(apns: Apns, start: Start) -> None:
    token = random_token()
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        await service.deliver(push(count=1))
        await apns.script(token, {"status": 403, "reason": "ExpiredProviderToken"}, {})
        assert tally(await service.deliver(push(target(token), count=50))) == {ALL_ACCEPTED: 51}
    first, second = reversed(await apns.requests(token))
    assert first["connection"] != second["connection"]
    assert (await apns.stats())["duplicates_by_apns_id"] == 0


async def test_a_connection_wedged_by_an_expired_token_is_left_behind(apns: Apns, service: Service) -> None:
    await service.deliver(push(count=1))
    await apns.settings(wedge_after_expired_token=True, clock_offset_seconds=7200)
    (outcome,) = await service.deliver(push(count=1))
    assert (outcome.kind, outcome.reason) == (MISCONFIGURED, "ExpiredProviderToken")
    await apns.settings(clock_offset_seconds=0)

    async def accepted_again() -> bool:
        return tally(await service.deliver(push(count=1))) == {ALL_ACCEPTED: 1}

    await eventually_async("a new connection is used", accepted_again)


async def test_nothing_is_kept_of_a_push_that_is_over(apns: Apns, start: Start) -> None:
    async with start(SMITH_APNS_CONNECTIONS="1") as service:
        await service.deliver(push(count=1))
        before = pushes_in_memory()
        mute = target()
        await apns.script(mute.token, {"action": "mute"})
        (connection,) = service.connections
        for sent in (401, 801):
            sending = asyncio.create_task(service.deliver(push(mute, count=400)))
            await until_one_is_left(apns, service, accepted=sent)
            time_is_over(service)
            await sending
        assert connection.load == 0
        assert pushes_in_memory() == before


async def until_one_is_left(apns: Apns, service: Service, accepted: int) -> None:
    """Returns once so many pushes were accepted, and one alone has no answer on the only connection."""

    async def is_left() -> bool:
        (connection,) = service.connections
        return (await apns.stats())["accepted"] == accepted and connection.load == 1

    await eventually_async("one alone has no answer", is_left)


def time_is_over(service: Service) -> None:
    """For the answers that are still missing: the connection finds out when it looks the next time. With a short time
    for all answers, those that a busy machine is late with would be missing too."""
    for connection in service.connections:
        for sending in connection._in_flight.values():
            sending.deadline = 0.0


def pushes_in_memory() -> int:
    """How many there are in this process."""
    gc.collect()
    return sum(isinstance(one, Sending) for one in gc.get_objects())
