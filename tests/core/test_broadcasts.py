"""One push for many phones: Live Activities by broadcast, against the simulated APNs and phones."""

import asyncio
from typing import Any

import pytest

from tests.core.broadcast_rig import Crowd
from tests.core.live_rig import Rig, put, step, tick
from tests.waiting import eventually_async


async def test_an_update_of_many_phones_is_one_push(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    before = await crowd.stats()
    assert before["live_activity_starts"] == len(crowd.phones)
    for number in range(2, 5):
        await crowd.update(activity_id, number)
        await crowd.shows(activity_id, number)
    after = await crowd.stats()
    assert after["broadcasts"] == 3
    assert after["accepted"] - before["accepted"] == 3
    cards = [(await phone.cards())[activity_id] for phone in crowd.phones]
    assert all(card["update_token"] is None and card["updates"] == 3 for card in cards)


async def test_a_phone_of_an_older_ios_keeps_its_token(crowd: Crowd) -> None:
    older = await crowd.rig.phone(crowd.team.account, os_version="17.6")
    activity_id = await crowd.start()
    await older.live(activity_id)
    await crowd.update(activity_id, 2)
    await crowd.shows(activity_id, 2)
    cards = await older.until("it shows it", lambda cards: cards[activity_id]["content_state"]["current_step"] == 2)
    assert cards[activity_id]["channel_id"] is None
    stats = await crowd.stats()
    assert (stats["broadcasts"], stats["live_activity_updates"]) == (1, 2)


async def test_few_phones_have_no_channel_made(broadcasting: Rig) -> None:
    await broadcasting.control("DELETE", "/apns/stats")
    team = await broadcasting.team()
    activity_id = (await team.backend.StartLiveActivity(content_state=step(1))).activity_id
    await team.phone.live(activity_id)
    assert (await broadcasting.control("GET", "/apns/stats"))["channels_created"] == 0
    [[by_broadcast]] = await broadcasting.core.sql(
        "SELECT by_broadcast FROM live_activities WHERE id = %s", activity_id
    )
    assert not by_broadcast


async def test_an_end_takes_all_cards_off_and_the_channel_is_deleted_later(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    state = step(2, auto_dismiss_minutes=10)
    await crowd.backend.EndLiveActivity(activity_id=activity_id, content_state=state)
    for phone in crowd.phones:
        await phone.until("it has ended", lambda cards: cards[activity_id]["state"] == "ended")

    async def deleting() -> bool:
        return await crowd.rows(activity_id) == [("deleting", True)]

    await eventually_async("the channel is kept for phones that are off", deleting)
    held = [await phone.held(activity_id) for phone in crowd.phones]
    assert held == [("ended", None)] * len(crowd.phones)
    await crowd.rig.advance(hours=2)

    async def gone() -> bool:
        return await crowd.rows(activity_id) == []

    await eventually_async("the channel is deleted", gone)
    # Those of other tests are over by then, too.
    assert (await crowd.stats())["channels_deleted"] >= 1


@pytest.mark.parametrize(
    "fault",
    [
        {"settings": {"broadcast_enabled": False}},
        {"settings": {"max_channels": 0}},
        {"tokens": {"channels": [{"status": 500, "reason": "InternalServerError"}]}},
        {"tokens": {"channels": [{"action": "mute"}]}},
    ],
    ids=["FeatureNotEnabled", "CannotCreateChannelConfig", "InternalServerError", "no answer"],
)
async def test_if_no_channel_is_made_every_phone_is_started_by_token(crowd: Crowd, fault: dict[str, Any]) -> None:
    await crowd.rig.control("POST", "/apns/faults", fault)
    activity_id = (await crowd.backend.StartLiveActivity(content_state=step(1))).activity_id
    for phone in crowd.phones:
        await phone.live(activity_id)
    await crowd.update(activity_id, 2)
    await crowd.shows(activity_id, 2)
    assert (await crowd.stats())["broadcasts"] == 0
    assert await crowd.rows(activity_id) == []


async def test_a_burst_of_updates_ends_with_the_newest_and_costs_few_pushes(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    await asyncio.gather(*(crowd.update(activity_id, number) for number in range(2, 30)))
    last = await crowd.update(activity_id, 40)
    assert last.success
    await crowd.shows(activity_id, 40)
    assert (await crowd.stats())["broadcasts"] <= 5


@pytest.mark.parametrize(
    "steps",
    [
        [{"status": 429, "reason": "TooManyRequests"}, {}],
        [{"action": "reset", "code": "INTERNAL_ERROR"}, {}],
        [{"status": 503, "reason": "Shutdown"}, {}],
    ],
    ids=["429", "lost", "503"],
)
async def test_a_broadcast_that_fails_is_tried_again(crowd: Crowd, steps: list[dict[str, Any]]) -> None:
    activity_id = await crowd.start()
    await crowd.rig.control("POST", "/apns/faults", {"tokens": {"broadcasts": steps}})
    await crowd.update(activity_id, 2)

    async def waits() -> bool:
        [[failures]] = await crowd.rig.core.sql(
            "SELECT failures FROM live_activity_broadcasts WHERE activity_id = %s", activity_id
        )
        return bool(failures == 1)

    if steps[0].get("status") == 429:
        await eventually_async("it waits as APNs asks", waits)
        await crowd.rig.advance(seconds=40)
    await crowd.shows(activity_id, 2)


async def test_a_phone_that_was_off_gets_the_newest_broadcast(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    off = crowd.phones[0]
    await off.settings(offline=True, catches_up=False)
    await crowd.update(activity_id, 2)
    for phone in crowd.phones[1:]:
        await phone.until("it shows it", lambda cards: cards[activity_id]["content_state"]["current_step"] == 2)
    await off.settings(offline=False)
    await crowd.shows(activity_id, 2)


async def test_an_alert_reaches_all(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    await crowd.update(activity_id, 2, alert={"title": "Halfway", "body": "50 of 100"})
    await crowd.shows(activity_id, 2)
    for phone in crowd.phones:
        assert (await phone.cards())[activity_id]["alerts"][-1]["title"] == "Halfway"


async def test_a_person_who_removes_the_card_gets_nothing_more_and_others_do(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    await crowd.phones[0].do(f"live-activities/{activity_id}/dismiss")

    async def known() -> bool:
        return (await crowd.phones[0].held(activity_id))[0] == "dismissed"

    await eventually_async("core knows", known)
    await crowd.update(activity_id, 2)
    crowd.phones = crowd.phones[1:]
    await crowd.shows(activity_id, 2)


async def test_a_stream_that_is_rotated_gets_a_new_channel(crowd: Crowd) -> None:
    first = (await put(crowd.team, step(1))).activity_id
    await crowd.listening(first)
    second = (await put(crowd.team, tick(5))).activity_id
    await crowd.listening(second)
    for phone in crowd.phones:
        await phone.until("it shows the second only", lambda cards: set(cards) == {second})
    assert (await crowd.stats())["channels_created"] == 2


async def test_a_phone_that_is_unpaired_hears_nothing_more(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    gone, *others = crowd.phones
    before = (await gone.cards())[activity_id]["channel_id"]
    await crowd.team.account.owner.DeleteDevice(device_id=gone.device_id)
    await gone.until("its card is gone", lambda cards: not cards)
    crowd.phones = others
    for phone in others:
        await phone.live(activity_id)
    await crowd.update(activity_id, 2)
    await crowd.shows(activity_id, 2)
    cards = [(await phone.cards())[activity_id] for phone in others]
    assert all(card["channel_id"] is None and card["update_token"] for card in cards)
    sent = (await crowd.rig.control("GET", "/apns/requests?limit=1000&token=broadcasts"))["requests"]
    to_channel = [one for one in sent if one["headers"]["apns-channel-id"] == before]
    assert len(to_channel) == 1
    assert "Unpaired" in to_channel[0]["body"]


async def test_a_channel_that_is_gone_leaves_phones_as_they_are_until_their_app_reports(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    refusal = {"tokens": {"broadcasts": [{"status": 410, "reason": "ChannelNotRegistered"}]}}
    await crowd.rig.control("POST", "/apns/faults", refusal)
    await crowd.update(activity_id, 2)

    async def forgotten() -> bool:
        return await crowd.rows(activity_id) == []

    await eventually_async("core gives the channel up", forgotten)
    await crowd.phones[0].do("open")
    cards = await crowd.phones[0].cards()
    assert cards[activity_id]["content_state"]["current_step"] == 2
