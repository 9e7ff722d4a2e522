"""People who are signed in send as API keys do: to the whole account, within its rate limit."""

from typing import Any

import pytest

from tests.core.belongings import CONTENT_STATE
from tests.core.harness import Account, Core, refusal, start_account


async def test_a_person_notifies_the_whole_account(account: Account) -> None:
    await account.add_startable_phone()
    _, member = await account.add_member()
    sent = await member.SendPushNotification(title="Hello")
    assert (sent.devices_notified, sent.devices_queued) == (0, 1)
    rows = await account.core.sql("SELECT api_key_id FROM notifications WHERE account_id = %s", account.id)
    assert rows == [(None,)]


async def test_a_person_runs_a_live_activity_from_start_to_end(account: Account) -> None:
    await account.add_startable_phone()
    state: Any = CONTENT_STATE
    _, member = await account.add_member()
    started = await member.StartLiveActivity(content_state=state)
    await member.UpdateLiveActivity(activity_id=started.activity_id, content_state=state)
    await member.EndLiveActivity(activity_id=started.activity_id, content_state=state)
    assert (await member.PutLiveActivityStream(stream_key="mine", content_state=state)).activity_id
    assert (await member.DeleteLiveActivityStream(stream_key="mine")).success


async def test_people_and_keys_share_the_accounts_rate_limit(core: Core) -> None:
    account = await start_account(core)
    await account.owner.UpdateAccount(rate_limit_per_minute=2)
    backend = core.caller((await account.add_key())[1])
    for caller in (backend, account.owner):
        assert (await refusal(caller.SendPushNotification(title="Nobody"))).reason == "NO_RECIPIENTS"
    for caller in (backend, account.owner):
        assert (await refusal(caller.SendPushNotification(title="Nobody"))).reason == "RATE_LIMITED"


@pytest.mark.parametrize("method", ["PutLiveActivityToken", "RunAction"])
async def test_what_phones_do_people_do_not(account: Account, method: str) -> None:
    assert (await refusal(getattr(account.owner, method)())).reason == "FORBIDDEN"
