"""Streams while something else happens in the database."""

import asyncio
from typing import Any

import psycopg
from smith.core.v1 import live_activity_service_pb2 as pb
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from tests.core.harness import Account, Caller, refusal
from tests.waiting import eventually_async

UPDATED = pb.LIVE_ACTIVITY_STREAM_OPERATION_UPDATED
NOOP = pb.LIVE_ACTIVITY_STREAM_OPERATION_NOOP
STARTED = pb.LIVE_ACTIVITY_STREAM_OPERATION_STARTED


async def backend_of(account: Account) -> Caller:
    """A backend of the account."""
    return account.core.caller((await account.add_key())[1])


def put(backend: Caller, percentage: int) -> asyncio.Task[Any]:
    """A PUT under way."""
    state = {"title": "Import", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": percentage}
    return asyncio.ensure_future(backend.PutLiveActivityStream(stream_key="import", content_state=state))


async def eventually_waiting(account: Account, what: str) -> None:
    """Returns once some statement waits for a lock that another one holds."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    async def waits() -> bool:
        return int((await account.core.sql(query))[0][0]) > 0

    await eventually_async(what, waits)


async def test_nobody_is_told_that_a_state_is_shown_before_it_is_recorded(account: Account) -> None:
    await account.add_startable_phone()
    backend = await backend_of(account)
    activity_id = (await put(backend, 1)).activity_id
    async with await psycopg.AsyncConnection.connect(account.core.database_url) as somebody:
        await somebody.execute("SELECT FROM live_activities WHERE id = %s FOR UPDATE", (activity_id,))
        first = put(backend, 2)
        await eventually_waiting(account, "the first PUT waits for the activity")
        others = [put(backend, 50) for _ in range(3)]
        done, _ = await asyncio.wait([first, *others], timeout=0.3)
        assert not done
        await somebody.rollback()
        answers = [(await one).operation for one in (first, *others)]
    # Which of the others comes first is nobody's to say.
    assert (answers[0], sorted(answers[1:])) == (UPDATED, [UPDATED, NOOP, NOOP])
    query = "SELECT version, content_state::json ->> 'percentage' FROM live_activities WHERE id = %s"
    assert await account.core.sql(query, activity_id) == [(3, "50")]


async def test_a_phone_that_is_unpaired_while_an_activity_starts_is_not_there(account: Account) -> None:
    leaving, staying = await account.add_startable_phone(), await account.add_startable_phone()
    backend = await backend_of(account)
    async with await psycopg.AsyncConnection.connect(account.core.database_url) as app:
        await app.execute("DELETE FROM devices WHERE id = %s", (leaving.id,))
        starting = put(backend, 1)
        await eventually_waiting(account, "the start waits for the unpairing")
        await app.commit()
        answer = await starting
    assert (answer.operation, answer.devices_notified + answer.devices_queued) == (STARTED, 1)
    query = "SELECT device_id::text FROM live_activity_devices WHERE activity_id = %s"
    assert await account.core.sql(query, answer.activity_id) == [(staying.id,)]


async def test_the_last_phone_leaving_while_an_activity_starts_leaves_no_recipients(account: Account) -> None:
    phone = await account.add_startable_phone()
    backend = await backend_of(account)
    async with await psycopg.AsyncConnection.connect(account.core.database_url) as app:
        await app.execute("DELETE FROM devices WHERE id = %s", (phone.id,))
        starting = put(backend, 1)
        await eventually_waiting(account, "the start waits for the unpairing")
        await app.commit()
        assert (await refusal(starting)).reason == "NO_RECIPIENTS"


async def test_what_was_over_when_its_stream_was_paused_does_not_come_back(account: Account) -> None:
    await account.add_startable_phone()
    backend = await backend_of(account)
    activity_id = (await put(backend, 100)).activity_id
    await backend.EndLiveActivity(activity_id=activity_id, content_state={"title": "Done", "percentage": 100})
    await account.owner.PauseLiveActivityStream(stream_key="import")
    assert not (await account.owner.ResumeLiveActivityStream(stream_key="import")).HasField("activity_id")
    await account.owner.PauseLiveActivityStream(stream_key="import")
    await put(backend, 1)
    assert (await account.owner.ResumeLiveActivityStream(stream_key="import")).HasField("activity_id")


async def test_those_who_leave_before_their_answer_leave_nothing_behind(account: Account) -> None:
    await account.add_startable_phone()
    backend = await backend_of(account)
    activity_id = (await put(backend, 1)).activity_id
    async with await psycopg.AsyncConnection.connect(account.core.database_url) as somebody:
        await somebody.execute("SELECT FROM live_activities WHERE id = %s FOR UPDATE", (activity_id,))
        puts = [put(backend, percentage) for percentage in range(2, 8)]
        await eventually_waiting(account, "a PUT waits for the activity")
        for one in puts[::2]:
            one.cancel()
        await asyncio.gather(*puts[::2], return_exceptions=True)
        await somebody.rollback()
        answers = await asyncio.gather(*puts[1::2])
    assert {answer.operation for answer in answers} == {UPDATED}
    # Which of them came last is theirs to know: they were sent at once.
    await put(backend, 7)
    assert (await put(backend, 7)).operation == NOOP
