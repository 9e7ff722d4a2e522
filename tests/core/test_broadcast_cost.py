"""What an update of many phones costs, by tokens and by broadcast."""

import time
from dataclasses import dataclass

import pytest

from tests.core.harness import start_account
from tests.core.live_rig import Rig, step
from tests.waiting import eventually_async

PHONES = 1000
UPDATES = 5
ADD_PHONES = """
INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, os_version, content_version, push_token,
                     push_to_start_token, push_to_start_token_registered_at, created_at, last_seen_at)
SELECT gen_random_uuid(), %(account_id)s, %(user_id)s, 'iPhone', sha256(gen_random_uuid()::text::bytea), 'sandbox',
       %(os_version)s::text, 2, md5(%(os_version)s::text || i || 'push') || md5(i::text),
       md5(%(os_version)s::text || i) || md5(i::text), now(), now(), now()
FROM generate_series(1, %(phones)s) i
"""
GIVE_UPDATE_TOKENS = """
UPDATE live_activity_devices SET phase = 'live', update_token = md5(device_id::text) || md5(activity_id), next_at = NULL
WHERE activity_id = %s
"""


@dataclass(frozen=True)
class Cost:
    """What updates have cost."""

    pushes: int
    processor_seconds: float
    """Of gateway, core and delivery, which run in this process."""


async def _cost(server: Rig, os_version: str) -> Cost:
    account = await start_account(server.core)
    await account.owner.UpdateAccount(rate_limit_per_minute=10_000)
    backend = server.core.caller((await account.add_key())[1])
    values = {"account_id": account.id, "user_id": account.owner_id, "os_version": os_version, "phones": PHONES}
    await server.core.sql(ADD_PHONES, **values)
    activity_id = (await backend.StartLiveActivity(content_state=step(1))).activity_id

    async def started() -> bool:
        query = "SELECT count(*) FROM live_activity_devices WHERE activity_id = %s AND phase = 'started'"
        return bool(await server.core.sql(query, activity_id) == [(PHONES,)])

    await eventually_async("all phones have it", started)
    if os_version < "18":
        await server.core.sql(GIVE_UPDATE_TOKENS, activity_id)
    await server.control("DELETE", "/apns/stats")
    began = time.process_time()
    for number in range(2, 2 + UPDATES):
        await backend.UpdateLiveActivity(activity_id=activity_id, content_state=step(number))

        async def accepted(version: int = number) -> bool:
            query = """
            SELECT NOT EXISTS (
                SELECT FROM live_activity_devices
                WHERE activity_id = %(id)s AND broadcast_channel_id IS NULL AND accepted_version < %(version)s
            ) AND NOT EXISTS (
                SELECT FROM live_activity_broadcasts WHERE activity_id = %(id)s AND accepted_version < %(version)s
            )
            """
            return bool(await server.core.sql(query, id=activity_id, version=version) == [(True,)])

        await eventually_async("all phones are told", accepted)
    spent = time.process_time() - began
    return Cost((await server.control("GET", "/apns/stats"))["accepted"], spent)


@pytest.mark.thorough
async def test_an_update_costs_one_push_however_many_phones_there_are(broadcasting: Rig) -> None:
    await broadcasting.control("DELETE", "/apns/faults")
    await broadcasting.control("POST", "/apns/faults", {"settings": {"accept_unknown_tokens": True}})
    by_tokens = await _cost(broadcasting, "17.6")
    by_broadcast = await _cost(broadcasting, "18.2")
    await broadcasting.control("DELETE", "/apns/faults")
    print(f"{PHONES} phones, {UPDATES} updates: by tokens {by_tokens}, by broadcast {by_broadcast}")
    assert by_tokens.pushes == PHONES * UPDATES
    assert by_broadcast.pushes == UPDATES
    assert by_broadcast.processor_seconds < by_tokens.processor_seconds / 2
