"""A phone that was paired again, here or in another account: what its former device and its screen lose."""

import asyncio
import secrets
from collections import Counter
from typing import Any

from smith.core.v1.delivery_attempt_pb2 import VerdictCode
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_SANDBOX, DEVICE_STATE_READY, DEVICE_STATE_WAITING

from tests.core.harness import Account, Phone, start_account
from tests.core.live_rig import Rig, Team, started, step
from tests.waiting import eventually_async


def tokens() -> dict[str, Any]:
    """What an app reports, Apple's tokens in digits of either case."""
    return {
        "push_token": secrets.token_hex(32).upper(),
        "push_to_start_token": secrets.token_hex(32),
        "environment": APNS_ENVIRONMENT_SANDBOX,
    }


async def state_of(account: Account, phone: Phone) -> int:
    """What the account's people are told about the device."""
    return int((await account.owner.GetDevice(device_id=phone.id)).device.state)


async def held(account: Account, phone: Phone) -> tuple[str | None, str | None]:
    """The tokens that the server has for the device."""
    [row] = await account.core.sql("SELECT push_token, push_to_start_token FROM devices WHERE id = %s", phone.id)
    return row[0], row[1]


async def test_tokens_belong_to_the_newest_report_on_the_whole_server(account: Account, stranger: Account) -> None:
    reported = tokens()
    first, second, third = await account.add_phone(), await account.add_phone(), await stranger.add_phone()
    await first.caller.PutDeviceTokens(**reported)
    await account.core.sql("UPDATE devices SET push_token_dead_reason = 'Unregistered' WHERE id = %s", first.id)
    await second.caller.PutDeviceTokens(**reported)
    assert (await state_of(account, first), await state_of(account, second)) == (
        DEVICE_STATE_WAITING, DEVICE_STATE_READY,
    )  # fmt: skip
    await third.caller.PutDeviceTokens(**(reported | {"push_token": reported["push_token"].lower()}))
    assert await held(account, first) == await held(account, second) == (None, None)
    assert (await state_of(account, second), await state_of(stranger, third)) == (
        DEVICE_STATE_WAITING, DEVICE_STATE_READY,
    )  # fmt: skip
    await first.caller.PutDeviceTokens(**reported)
    assert await held(stranger, third) == (None, None)
    assert await state_of(account, first) == DEVICE_STATE_READY


async def test_either_token_proves_that_the_phone_is_another_device_now(account: Account, stranger: Account) -> None:
    for name in ("push_token", "push_to_start_token"):
        reported = tokens()
        old, new = await account.add_phone(), await stranger.add_phone()
        await old.caller.PutDeviceTokens(**reported)
        await new.caller.PutDeviceTokens(environment=APNS_ENVIRONMENT_SANDBOX, **{name: reported[name]})
        assert await held(account, old) == (None, None)


async def test_a_token_that_is_reported_with_another_environment_or_bundle_id_has_one_holder_too(
    account: Account, stranger: Account
) -> None:
    reported = tokens()
    old, new = await account.add_phone(), await stranger.add_phone()
    await old.caller.PutDeviceTokens(**reported)
    await new.caller.PutDeviceTokens(**(reported | {"bundle_id": "com.example.other", "environment": 1}))
    assert await held(account, old) == (None, None)


async def test_phones_of_two_accounts_that_report_and_swap_tokens_at_once_all_succeed_and_one_holds_each(
    account: Account, stranger: Account
) -> None:
    phones = [await one.add_phone() for one in (account, stranger, account, stranger)]
    reported = [tokens() for _ in range(2)]
    # Each report takes two tokens, in every combination.
    crossed = [reported[0] | {"push_to_start_token": reported[1]["push_to_start_token"]}, *reported]
    for round_number in range(10):
        await asyncio.gather(
            *(
                phone.caller.PutDeviceTokens(**crossed[(number + round_number) % 3])
                for number, phone in enumerate(phones * 2)
            )
        )
    for account_tokens in await account.core.sql(
        "SELECT array_agg(push_token), array_agg(push_to_start_token) FROM devices WHERE id = ANY(%s::uuid[])",
        [phone.id for phone in phones],
    ):
        for column in account_tokens:
            assert all(count == 1 for count in Counter(filter(None, column)).values())


async def test_the_former_account_is_told_of_the_change_and_not_of_the_new_one(rig: Rig, team: Team) -> None:
    stranger = await start_account(rig.core, "Elsewhere")
    fault = [{"status": 429, "reason": "TooManyRequests"}]
    token = (await team.phone.read())["push_token"]
    await rig.control("POST", "/apns/faults", {"tokens": {token: fault}})
    answer = await team.backend.SendPushNotification(title="payroll")
    assert (answer.devices_notified, answer.devices_queued) == (0, 1)
    await pair_again(rig, stranger, team)
    await rig.control("DELETE", "/apns/faults")
    # The time of the next attempt has come.
    due = "UPDATE deliveries SET due_at = now() WHERE notification_id = %s"
    await rig.core.sql(due, answer.notification_id)

    async def settled() -> Any:
        query = "SELECT state FROM deliveries WHERE notification_id = %s AND state <> 'due'"
        return await rig.core.sql(query, answer.notification_id)

    assert await eventually_async("what was owed is settled", settled) == [("token_dead",)]
    assert (await team.phone.read())["notifications"] == []
    verdict = (
        await team.account.owner.ExplainDelivery(device_id=team.phone.device_id, notification_id=answer.notification_id)
    ).verdict
    assert VerdictCode.Name(verdict.code).endswith("TOKEN_DEAD")
    assert "the phone was paired again" in verdict.explanation
    assert "Elsewhere" not in verdict.explanation
    [device] = (await team.account.owner.ListDevices()).devices
    assert device.state == DEVICE_STATE_WAITING


async def pair_again(rig: Rig, account: Account, team: Team, **more: Any) -> Phone:
    """The team's phone as a device of the account: the app has reported its tokens there."""
    seen = await team.phone.read()
    phone = await account.add_phone()
    reported = {name: seen[name] for name in ("push_token", "push_to_start_token")}
    await phone.caller.PutDeviceTokens(environment=APNS_ENVIRONMENT_SANDBOX, **reported, **more)
    return phone


async def no_withdrawal_is_owed(rig: Rig) -> bool:
    """Whether the end of every such card has been taken by APNs."""
    return bool((await rig.core.sql("SELECT count(*) = 0 FROM live_activity_withdrawals"))[0][0])


async def test_a_card_leaves_the_screen_when_the_phone_becomes_somebody_elses(rig: Rig, team: Team) -> None:
    activity_id = await started(team)
    card = (await team.phone.cards())[activity_id]
    stranger = await start_account(rig.core, "Elsewhere")
    phone = await pair_again(rig, stranger, team)
    await team.phone.until("the card is gone", lambda cards: not cards)
    await eventually_async("APNs has taken the end", lambda: no_withdrawal_is_owed(rig))
    # Nothing of the former account comes to it: no state, no start, no alert; and not to the one that it is now.
    await team.backend.UpdateLiveActivity(activity_id=activity_id, content_state=step(77))
    await team.backend.EndLiveActivity(activity_id=activity_id, content_state=step(78))
    assert not (await phone.caller.GetDeviceState()).live_activities
    assert await team.phone.cards() == {}
    pushes = (await rig.control("GET", f"/apns/requests?limit=100&token={card['update_token']}"))["requests"]
    assert "Unpaired" in pushes[0]["body"]
    assert not any(f'"current_step":{number}' in push["body"] for push in pushes for number in (77, 78))
    verdict = (
        await team.account.owner.ExplainDelivery(device_id=team.phone.device_id, activity_id=activity_id)
    ).verdict
    assert "the phone was paired again" in verdict.explanation


async def test_a_card_whose_token_was_not_known_leaves_the_screen_once_it_is(rig: Rig) -> None:
    team = await rig.team(update_token_delay_seconds=None)
    activity_id = (await team.backend.StartLiveActivity(content_state=step(1))).activity_id
    await team.phone.until("it is shown", lambda cards: activity_id in cards)
    await pair_again(rig, await start_account(rig.core, "Elsewhere"), team)
    await team.backend.UpdateLiveActivity(activity_id=activity_id, content_state=step(77))
    assert [card["content_state"]["current_step"] for card in (await team.phone.cards()).values()] == [1]
    await team.phone.settings(update_token_delay_seconds=0)
    await team.phone.until("the card is gone", lambda cards: not cards)


async def test_a_card_stays_when_the_same_person_pairs_the_phone_here_again(rig: Rig, team: Team) -> None:
    activity_id = await started(team)
    await pair_again(rig, team.account, team)
    await team.backend.UpdateLiveActivity(activity_id=activity_id, content_state=step(2))
    await team.phone.until(
        "the newest state is shown", lambda cards: cards[activity_id]["content_state"]["current_step"] == 2
    )


async def test_a_card_leaves_the_screen_of_a_phone_that_an_owner_unpairs(rig: Rig, team: Team) -> None:
    await started(team)
    await team.account.owner.DeleteDevice(device_id=team.phone.device_id)
    await team.phone.until("the card is gone", lambda cards: not cards)


async def test_cards_leave_the_screens_of_a_person_who_is_removed(rig: Rig, team: Team) -> None:
    member_id, member = await team.account.add_member()
    code = (await member.CreatePairingCode()).pairing_code
    paired = await rig.control("POST", "/phones", {"pairing_code": code, "name": "iPhone"})
    theirs = type(team.phone)(rig, paired["id"], paired["device_id"])
    await eventually_async("the app has reported its tokens", theirs.has_reported)
    activity_id = (await team.backend.StartLiveActivity(content_state=step(1))).activity_id
    for phone in (team.phone, theirs):
        await phone.live(activity_id)
    await team.account.owner.RemoveMember(user_id=member_id)
    await theirs.until("the card is gone", lambda cards: not cards)
    await team.backend.UpdateLiveActivity(activity_id=activity_id, content_state=step(2))
    await team.phone.until(
        "the others go on", lambda cards: cards[activity_id]["content_state"]["current_step"] == 2
    )  # fmt: skip


async def test_the_end_of_a_card_stays_owed_until_apns_takes_it(rig: Rig, team: Team) -> None:
    activity_id = await started(team)
    token = (await team.phone.cards())[activity_id]["update_token"]
    await rig.control("POST", "/apns/faults", {"tokens": {token: [{"status": 429, "reason": "TooManyRequests"}]}})
    await team.account.owner.DeleteDevice(device_id=team.phone.device_id)
    row = "live_activity_withdrawals WHERE update_token = %s"

    async def refused() -> bool:
        # Beyond every lease: the time of the next attempt.
        waiting = f"SELECT EXISTS (SELECT FROM {row} AND attempts = 1 AND next_at > now() + interval '21 seconds')"  # noqa: S608
        return bool((await rig.core.sql(waiting, token))[0][0])

    await eventually_async("APNs has refused it", refused)
    assert activity_id in await team.phone.cards()
    await rig.control("DELETE", "/apns/faults")
    await rig.core.sql(f"UPDATE {row}".replace(" WHERE", " SET next_at = now() WHERE"), token)
    await team.phone.until("the card is gone", lambda cards: not cards)
    await eventually_async("APNs has taken the end", lambda: no_withdrawal_is_owed(rig))


async def test_phones_are_unpaired_and_paired_again_while_their_cards_are_busy(rig: Rig) -> None:
    """Reports, removals, starts, updates and ends at once: none waits for another for ever."""
    accounts = [await start_account(rig.core) for _ in range(2)]
    backends = []
    for account in accounts:
        await account.owner.UpdateAccount(rate_limit_per_minute=10_000)
        backends.append(rig.core.caller((await account.add_key())[1]))
    reported = [tokens() for _ in range(3)]

    async def use(account: Account, number: int) -> None:
        for turn in range(4):
            phone = await account.add_phone()
            await phone.caller.PutDeviceTokens(**reported[(number + turn) % 3])
            if turn % 2:
                await account.owner.DeleteDevice(device_id=phone.id)

    async def busy(backend: Any) -> None:
        for turn in range(8):
            await backend.PutLiveActivityStream(stream_key="busy", content_state=step(turn + 1))

    # No recipients is an answer, too.
    work = [use(account, number) for number, account in enumerate(accounts * 3)] + [busy(one) for one in backends * 2]
    answers = await asyncio.gather(*work, return_exceptions=True)
    unforeseen = [one for one in answers if one is not None and "NO_RECIPIENTS" not in str(one)]
    assert [one for one in unforeseen if "INTERNAL" in str(one) or "UNKNOWN" in str(one)] == []
