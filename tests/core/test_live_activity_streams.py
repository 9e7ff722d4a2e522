"""Streams while something else happens in the database."""

import asyncio
import json
from typing import Any

import psycopg
import pytest
from smith.core.v1 import live_activity_service_pb2 as pb
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from tests.core.harness import Account, Caller, Core, refusal, start_core
from tests.waiting import eventually_async

pytestmark = pytest.mark.usefixtures("patience")

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


async def eventually_waiting(account: Account, what: str, count: int = 1) -> None:
    """Returns once some statements, so many at least, wait for a lock that another one holds."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    async def waits() -> bool:
        return int((await account.core.sql(query))[0][0]) >= count

    await eventually_async(what, waits)


async def test_no_caller_is_told_that_a_state_is_shown_before_it_is_recorded(account: Account) -> None:
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
    # Which of the others comes first is open.
    assert (answers[0], sorted(answers[1:])) == (UPDATED, [UPDATED, NOOP, NOOP])
    query = "SELECT version, content_state::json ->> 'percentage' FROM live_activities WHERE id = %s"
    assert await account.core.sql(query, activity_id) == [(3, "50")]


@pytest.mark.parametrize(
    ("first", "second", "tags", "metadata"),
    [
        ({"tags": ["new"]}, {"metadata": {"run": 2}}, ["new"], {"run": 2}),
        ({"tags": ["new"]}, {"percentage": 2}, ["new"], {"run": 1}),
        ({"percentage": 2, "tags": ["new"]}, {"metadata": {"run": 2}, "percentage": 2}, ["new"], {"run": 2}),
        ({"percentage": 2, "tags": ["new"]}, {"tags": ["late"]}, ["late"], {"run": 1}),
    ],
    ids=["note and note", "note and change", "change and note of it", "change and change back"],
)
async def test_what_two_cores_note_at_once_is_kept_and_the_later_one_wins(
    account: Account, first: dict[str, Any], second: dict[str, Any], tags: list[str], metadata: dict[str, int]
) -> None:
    """Tags and metadata that are left out stay, also if they came while the other core was writing."""
    await account.add_startable_phone()
    key = (await account.add_key())[1]
    async with start_core(account.core.database_url) as other:

        def put_to(core: Core, changes: dict[str, Any]) -> asyncio.Task[Any]:
            state = {"title": "Import", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": changes.get("percentage", 1)}
            noted: dict[str, Any] = {}
            if "tags" in changes:
                noted["tags"] = {"values": changes["tags"]}
            if "metadata" in changes:
                noted["metadata"] = {"json": json.dumps(changes["metadata"])}
            call = core.caller(key).PutLiveActivityStream(stream_key="import", content_state=state, **noted)
            return asyncio.ensure_future(call)

        activity_id = (await put_to(account.core, {"tags": ["old"], "metadata": {"run": 1}})).activity_id
        async with await psycopg.AsyncConnection.connect(account.core.database_url) as somebody:
            await somebody.execute("SELECT FROM live_activities WHERE id = %s FOR UPDATE", (activity_id,))
            answers = [put_to(account.core, first)]
            await eventually_waiting(account, "the first PUT waits for the activity")
            answers.append(put_to(other, second))
            await eventually_waiting(account, "the second PUT waits too", 2)
            await somebody.rollback()
        assert {(await answer).activity_id for answer in answers} == {activity_id}
        percentage = "(content_state::json ->> 'percentage')::int"
        query = f"SELECT tags, metadata::json, {percentage} FROM live_activities WHERE id = %s"  # noqa: S608 - ours
        assert await account.core.sql(query, activity_id) == [(tags, metadata, second.get("percentage", 1))]


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
