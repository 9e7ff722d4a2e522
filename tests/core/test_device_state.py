"""What a phone fetches, beside what it is pushed."""

import asyncio
import datetime as dt
import json

import psycopg
from smith.core.v1 import live_activity_pb2 as pb

from tests.core.conftest import NewDatabase
from tests.core.harness import Account, start_account, start_core
from tests.waiting import eventually_async

TICKING = """
UPDATE live_activity_devices
SET phase = 'live', update_token = 'abcd', maybe_shown = true, accepted_version = 1, sent_version = 1,
    timestamp = %s, paced_until = %s
"""

NOTE_WHAT_IS_SENT = (
    "CREATE TABLE sent (timestamp bigint)",
    """
    CREATE FUNCTION note_sent() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO sent VALUES (NEW.timestamp); RETURN NEW; END $$
    """,
    """
    CREATE TRIGGER note_sent AFTER UPDATE ON live_activity_devices
    FOR EACH ROW WHEN (NEW.sent_version = 3) EXECUTE FUNCTION note_sent()
    """,
)
"""What a row says of a push is true for a moment only: no service is there to take it, and that is written too."""


def progress(percentage: int) -> pb.LiveActivityContentState:
    """A state."""
    return pb.LiveActivityContentState(title="Import", type=pb.LIVE_ACTIVITY_TYPE_PROGRESS, percentage=percentage)


async def test_a_push_is_newer_than_the_state_that_the_phone_fetched_before_it(new_database: NewDatabase) -> None:
    second = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
    time = [second]
    async with start_core(await asyncio.to_thread(new_database), clock=lambda: time[0], delivery_wait=0) as core:
        account = await start_account(core)
        phone = await account.add_startable_phone()
        # No start is sent, and nothing races with the test: the activity is live on the phone because the row says so.
        await core.sql("UPDATE devices SET push_to_start_token_dead_reason = 'Unregistered'")
        for statement in NOTE_WHAT_IS_SENT:
            await core.sql(statement)
        backend = core.caller((await account.add_key())[1])
        activity_id = (await backend.StartLiveActivity(content_state=progress(1))).activity_id

        async def rests() -> bool:
            return (await core.sql("SELECT count(*) FROM live_activity_devices WHERE next_at IS NULL"))[0][0] == 1

        # A claim that began earlier would go by the time that it has read.
        await eventually_async("nothing is owed for want of a token", rests)
        time[0] = second + dt.timedelta(seconds=1.1)
        await core.sql(TICKING, int(second.timestamp()), second + dt.timedelta(seconds=1.9))
        await backend.UpdateLiveActivity(activity_id=activity_id, content_state=progress(2))
        fetched = (await phone.caller.GetDeviceState()).live_activities[0].timestamp
        await backend.UpdateLiveActivity(activity_id=activity_id, content_state=progress(3))
        time[0] = second + dt.timedelta(seconds=1.9)

        async def sent() -> int:
            rows = await core.sql("SELECT min(timestamp) FROM sent")
            return int(rows[0][0] or 0)

        assert await eventually_async("the newest state is sent", sent) > fetched


async def test_a_state_fetched_while_its_row_is_being_claimed_is_newer_than_the_one_before(account: Account) -> None:
    phone = await account.add_startable_phone()
    await account.core.sql(
        "UPDATE devices SET push_to_start_token_dead_reason = 'Unregistered' WHERE id = %s", phone.id
    )
    backend = account.core.caller((await account.add_key())[1])
    activity_id = (await backend.StartLiveActivity(content_state=progress(1))).activity_id
    row = "activity_id = %s AND device_id = %s"
    started = f"UPDATE live_activity_devices SET phase = 'started', accepted_version = 1, timestamp = 7 WHERE {row}"  # noqa: S608
    await account.core.sql(started, activity_id, phone.id)
    await backend.UpdateLiveActivity(activity_id=activity_id, content_state=progress(2))
    async with await psycopg.AsyncConnection.connect(account.core.database_url) as claiming:
        await claiming.execute(f"SELECT FROM live_activity_devices WHERE {row} FOR UPDATE", (activity_id, phone.id))
        fetching = asyncio.ensure_future(phone.caller.GetDeviceState())

        async def waits() -> bool:
            blocked = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            return fetching.done() or (await account.core.sql(blocked))[0][0] > 0

        await eventually_async("it waits for the claim, or does not", waits)
        await claiming.rollback()
        [shown] = (await fetching).live_activities
    assert json.loads(shown.content_state.json)["percentage"] == 2
    assert shown.timestamp > 7
