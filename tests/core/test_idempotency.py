"""A request that is repeated under its Idempotency-Key is done once and answered alike."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from core_service.idempotency import service as idempotency
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Caller, outcomes, refusal, start_account, start_core
from tests.waiting import LONG, eventually_async

pytestmark = pytest.mark.slow

STATE = {"title": "Deploy", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": 5}
SENT = "SELECT count(*) FROM notifications WHERE account_id = %s"
STARTED = "SELECT count(*) FROM live_activities WHERE account_id = %s"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies wait for the request that is at work however long the machine stalls."""
    monkeypatch.setattr(idempotency, "WAIT_SECONDS", LONG)


def keyed(caller: Caller, key: str | None = None) -> Caller:
    """The same caller, who gives this key, or one of its own, with every call."""
    return caller.with_metadata(("idempotency-key", key or str(uuid.uuid4())))


async def backend(account: Account) -> Caller:
    return account.core.caller((await account.add_key())[1])


async def count(account: Account, query: str) -> int:
    return int((await account.core.sql(query, account.id))[0][0])


async def test_a_repeated_push_is_sent_once_and_answered_alike(account: Account) -> None:
    await account.add_startable_phone()
    caller = keyed(await backend(account))
    answers = [await caller.SendPushNotification(title="once") for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert await count(account, SENT) == 1


async def test_a_header_that_is_written_differently_is_the_same_credential(account: Account) -> None:
    key, made = str(uuid.uuid4()), []
    for header in (f"Bearer {account.session}", f"bearer {account.session}", f"BEARER   {account.session} "):
        caller = account.core.caller().with_metadata(("authorization", header), ("idempotency-key", key))
        made.append(await caller.CreateChannel(slug="ops"))
    assert made[0] == made[1] == made[2]


async def test_copies_that_arrive_at_once_are_one_on_however_many_cores(new_database: NewDatabase) -> None:
    url = await asyncio.to_thread(new_database)
    async with start_core(url, delivery_wait=0.2) as first, start_core(url, delivery_wait=0.2) as second:
        account = await start_account(first)
        await account.add_startable_phone()
        _, secret = await account.add_key()
        key = str(uuid.uuid4())
        callers = [keyed(core.caller(secret), key) for core in (first, second) * 4]
        answers = await asyncio.gather(*(caller.StartLiveActivity(content_state=STATE) for caller in callers))
        assert len({answer.activity_id for answer in answers}) == 1
        assert await count(account, STARTED) == 1


async def test_another_request_under_the_key_is_refused(account: Account) -> None:
    await account.add_startable_phone()
    caller = keyed(await backend(account))
    await caller.SendPushNotification(title="once")
    for call in (caller.SendPushNotification(title="twice"), caller.StartLiveActivity(content_state=STATE)):
        error = await refusal(call)
        assert (error.reason, error.code) == ("IDEMPOTENCY_KEY_REUSED", grpc.StatusCode.ALREADY_EXISTS)
    assert await count(account, SENT) == 1


async def test_a_key_belongs_to_one_credential(account: Account) -> None:
    await account.add_startable_phone()
    for _ in range(2):
        await keyed(await backend(account), "shared").SendPushNotification(title="mine")
    assert await count(account, SENT) == 2


async def test_a_refused_request_may_be_corrected_under_its_key(account: Account) -> None:
    await account.add_startable_phone()
    caller = keyed(await backend(account))
    assert (await refusal(caller.SendPushNotification(title=""))).reason == "INVALID_REQUEST"
    await caller.SendPushNotification(title="better")
    assert await count(account, SENT) == 1


async def test_a_request_whose_process_died_is_finished_and_not_repeated(account: Account) -> None:
    await account.add_startable_phone()
    push, start = keyed(await backend(account)), keyed(await backend(account))
    sent = await push.SendPushNotification(title="once")
    started = await start.StartLiveActivity(content_state=STATE)
    # As if the process had died after recording and before answering, longer than a lease ago.
    await account.core.sql("UPDATE idempotent_requests SET answer = NULL, locked_until = now()")
    assert (await push.SendPushNotification(title="once")).devices_queued == sent.devices_queued
    assert (await start.StartLiveActivity(content_state=STATE)).activity_id == started.activity_id
    assert (await count(account, SENT), await count(account, STARTED)) == (1, 1)
    owed = "SELECT count(*) FROM deliveries d JOIN notifications n ON n.id = d.notification_id WHERE n.account_id = %s"
    assert await count(account, owed) == 1


async def test_what_an_owner_makes_is_there_once_when_a_process_died(account: Account) -> None:
    calls = {
        "CreateChannel": {"slug": "ops"},
        "CreateInvites": {"emails": [f"{uuid.uuid4().hex}@team.test", "b@team.test", account.email]},
        "CreateApiKey": {"name": "backend"},
    }
    for name, fields in calls.items():
        caller = keyed(account.owner)
        first = await getattr(caller, name)(**fields)
        await account.core.sql("UPDATE idempotent_requests SET answer = NULL, locked_until = now()")
        second = await getattr(caller, name)(**fields)
        if name == "CreateApiKey":
            # The first secret was told to no one.
            assert second.secret != first.secret
            assert second.api_key.id == first.api_key.id
            assert (await refusal(account.core.caller(first.secret).SendPushNotification(title="x"))).reason == (
                "UNAUTHENTICATED"
            )
            error = await refusal(account.core.caller(second.secret).SendPushNotification(title="x"))
            assert error.reason == "NO_RECIPIENTS"
        elif name == "CreateInvites":
            assert [one.invite.id for one in second.results] == [one.invite.id for one in first.results]
            assert second.results[2] == first.results[2]
        else:
            assert second == first
    assert len((await account.owner.ListApiKeys()).api_keys) == 1
    assert len((await account.owner.ListInvites()).invites) == 2


async def test_a_start_beyond_the_limit_may_be_repeated_under_its_key_when_there_is_room(account: Account) -> None:
    await account.add_startable_phone()
    await account.owner.UpdateAccount(max_live_activities=1)
    plain = await backend(account)
    active = await plain.StartLiveActivity(content_state=STATE)
    caller = keyed(plain)
    assert (await refusal(caller.StartLiveActivity(content_state=STATE))).reason == "LIVE_ACTIVITY_LIMIT"
    await plain.EndLiveActivity(activity_id=active.activity_id, content_state=STATE)
    started = await caller.StartLiveActivity(content_state=STATE)
    assert (await caller.StartLiveActivity(content_state=STATE)).activity_id == started.activity_id
    assert await count(account, STARTED) == 2


async def test_a_repeat_counts_against_the_rate_limit_as_any_request(account: Account) -> None:
    await account.add_startable_phone()
    caller = keyed(await backend(account))
    await account.owner.UpdateAccount(rate_limit_per_minute=2)
    for _ in range(2):
        await caller.SendPushNotification(title="once")
    assert (await refusal(caller.SendPushNotification(title="once"))).reason == "RATE_LIMITED"
    assert await count(account, SENT) == 1


async def test_a_revoked_key_gets_no_answer_that_is_kept(account: Account) -> None:
    await account.add_startable_phone()
    key_id, secret = await account.add_key()
    caller = keyed(account.core.caller(secret))
    await caller.SendPushNotification(title="once")
    await account.owner.RevokeApiKey(api_key_id=key_id)
    assert (await refusal(caller.SendPushNotification(title="once"))).reason == "UNAUTHENTICATED"


async def test_a_request_that_is_still_at_work_elsewhere_is_waited_for(account: Account) -> None:
    await account.add_startable_phone()
    caller = keyed(await backend(account))
    first = await caller.SendPushNotification(title="slow")
    # Its lease is a new one: the old one may be over on a slow machine, and then the copy need not wait.
    await account.core.sql("UPDATE idempotent_requests SET answer = NULL, locked_until = now() + interval '1 hour'")
    answer = asyncio.create_task(caller.SendPushNotification(title="slow"))
    ended, _ = await asyncio.wait({answer}, timeout=0.3)
    assert not ended
    await account.core.sql("UPDATE idempotent_requests SET locked_until = now()")
    assert (await answer).devices_queued == first.devices_queued
    assert await count(account, SENT) == 1


@asynccontextmanager
async def endless_push(
    database_url: str, *, delivery_wait: float = 3.0
) -> AsyncIterator[tuple[Account, Caller, asyncio.Task[Any]]]:
    """Somebody whose push, "once", is recorded and not answered, because the delivery service does not speak."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        delivery = f"127.0.0.1:{mute.getsockname()[1]}"
        async with start_core(database_url, delivery_address=delivery, delivery_wait=delivery_wait) as core:
            account = await start_account(core)
            await account.add_startable_phone()
            caller = keyed(await backend(account))
            first = asyncio.create_task(caller.SendPushNotification(title="once"))

            async def recorded() -> bool:
                return await count(account, SENT) == 1

            await eventually_async("it is recorded", recorded)
            try:
                yield account, caller, first
            finally:
                first.cancel()


@pytest.mark.thorough
async def test_a_request_whose_caller_has_gone_may_be_repeated_at_once(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that was killed, say. The copy that comes through another one does not wait for a lease to end."""
    monkeypatch.setattr(idempotency, "LEASE_SECONDS", 10 * LONG)
    async with endless_push(await asyncio.to_thread(new_database)) as (account, caller, first):
        first.cancel()
        async with asyncio.timeout(LONG):
            assert (await caller.SendPushNotification(title="once")).devices_queued == 1
        assert await count(account, SENT) == 1


async def test_a_request_that_takes_long_is_not_begun_again(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease is renewed, and the copy waits on."""
    # Renewed it is long before its end, also if the machine stalls.
    monkeypatch.setattr(idempotency, "LEASE_SECONDS", 10 * LONG)
    monkeypatch.setattr(idempotency, "RENEW_SECONDS", 0.05)
    async with endless_push(await asyncio.to_thread(new_database), delivery_wait=30) as (account, caller, first):
        copy = asyncio.create_task(caller.SendPushNotification(title="once"))
        ends: set[Any] = set()

        async def renewed_often() -> bool:
            ends.update(await account.core.sql("SELECT locked_until FROM idempotent_requests"))
            return len(ends) > 5

        await eventually_async("the lease is renewed again and again", renewed_often)
        assert not first.done()
        assert not copy.done()
        copy.cancel()


async def test_after_a_day_the_key_is_free(account: Account) -> None:
    await account.add_startable_phone()
    caller = keyed(await backend(account))
    await caller.SendPushNotification(title="today")
    await account.core.sql("UPDATE idempotent_requests SET created_at = now() - interval '25 hours'")
    await caller.SendPushNotification(title="tomorrow")
    assert await count(account, SENT) == 2


async def test_the_secret_in_an_answer_is_nowhere_in_the_database(account: Account) -> None:
    caller = keyed(account.owner)
    made = await caller.CreateApiKey(name="backend")
    assert (await caller.CreateApiKey(name="backend")).secret == made.secret
    [(kept,)] = await account.core.sql("SELECT answer FROM idempotent_requests ORDER BY created_at DESC LIMIT 1")
    assert made.secret.encode() not in kept
    assert b"backend" not in kept


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256])
async def test_a_malformed_key_is_refused_by_name(account: Account, key: str) -> None:
    error = await refusal(account.owner.with_metadata(("idempotency-key", key)).CreateChannel(slug="ops"))
    assert error.reason == "INVALID_REQUEST"
    assert "Idempotency-Key" in error.message


async def test_a_key_given_twice_is_refused(account: Account) -> None:
    twice = account.owner.with_metadata(("idempotency-key", "a"), ("idempotency-key", "b"))
    assert (await refusal(twice.CreateChannel(slug="ops"))).reason == "INVALID_REQUEST"


async def test_reading_needs_no_key_and_ignores_one(account: Account) -> None:
    caller = keyed(account.owner)
    before: Message = await caller.ListChannels()
    await account.add_channel("new")
    assert await caller.ListChannels() != before


async def test_two_at_once_with_different_requests_leave_one(account: Account) -> None:
    await account.add_startable_phone()
    caller = keyed(await backend(account))
    ended = await outcomes(*(caller.SendPushNotification(title=str(number)) for number in range(6)))
    assert ended == {"OK": 1, "ALREADY_EXISTS": 5}
    assert await count(account, SENT) == 1
