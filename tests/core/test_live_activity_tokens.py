"""Push-to-start tokens that die and come back while something happens."""

import secrets
import uuid

from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from core_service.common.orm import now
from core_service.live_activities.state.activity import ActivityState, new_activity_id
from service_kit.database import create_request_pool
from tests.core.harness import Account, Phone
from tests.core.live_world import World
from tests.waiting import eventually_async

STATE = ActivityState({"title": "Deploy", "type": "progress", "percentage": 5}, None, None)


async def kill_start_token(account: Account, phone: Phone) -> None:
    """As APNs does, between two launches of the app."""
    await account.core.sql(
        "UPDATE devices SET push_to_start_token_dead_reason = 'Unregistered' WHERE id = %s", phone.id
    )


async def attempts(account: Account, activity_id: str) -> list[int]:
    """How often the start was sent to each device."""
    query = "SELECT attempt FROM live_activity_devices WHERE activity_id = %s"
    return [row[0] for row in await account.core.sql(query, activity_id)]


async def test_a_start_waits_for_the_next_push_to_start_token(account: Account) -> None:
    phone = await account.add_startable_phone()
    await kill_start_token(account, phone)
    backend = account.core.caller((await account.add_key())[1])
    state = {"title": "Deploy", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": 5}
    answer = await backend.StartLiveActivity(content_state=state)
    assert (answer.devices_notified, answer.devices_queued) == (0, 1)
    assert await attempts(account, answer.activity_id) == [0]
    await phone.caller.PutDeviceTokens(push_to_start_token=secrets.token_hex(32))

    async def sent() -> bool:
        return (await attempts(account, answer.activity_id))[0] > 0

    await eventually_async("it is sent", sent)


async def test_a_token_that_is_reported_while_a_start_is_being_recorded_is_not_overlooked(account: Account) -> None:
    phone = await account.add_startable_phone()
    await kill_start_token(account, phone)
    activity_id = new_activity_id()
    async with (
        create_request_pool(account.core.database_url, max_size=2) as pool,
        World(pool).store.turn(uuid.UUID(account.id)) as turn,
    ):
        assert (await turn.start(activity_id, STATE, None, now())).total == 1
        await phone.caller.PutDeviceTokens(push_to_start_token=secrets.token_hex(32))

    async def sent() -> bool:
        return (await attempts(account, activity_id))[0] > 0

    await eventually_async("it is sent", sent)
