"""What backends, people and apps are told of Live Activities by broadcast."""

import pytest
from smith.core.v1 import delivery_attempt_pb2 as attempts

from tests.core.broadcast_rig import Crowd
from tests.core.live_rig import KEY, put, step
from tests.waiting import eventually_async

COUNTS = ("devices_notified", "devices_queued", "users_notified")


async def test_answers_say_that_it_is_by_broadcast_and_count_nothing(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    updated = await crowd.update(activity_id, 2)
    ended = await crowd.backend.EndLiveActivity(activity_id=activity_id, content_state=step(3))
    for answer in (updated, ended):
        assert answer.by_broadcast
        assert not any(answer.HasField(name) for name in COUNTS if name in answer.DESCRIPTOR.fields_by_name)


async def test_a_start_counts_as_ever_because_it_goes_by_tokens(crowd: Crowd) -> None:
    started = await crowd.backend.StartLiveActivity(content_state=step(1))
    assert started.devices_notified + started.devices_queued == len(crowd.phones)
    await crowd.listening(started.activity_id)


async def test_a_stream_says_it_too_until_its_end(crowd: Crowd) -> None:
    first = await put(crowd.team, step(1))
    assert not first.HasField("by_broadcast")
    await crowd.listening(first.activity_id)
    updated = await put(crowd.team, step(2))
    assert updated.by_broadcast
    assert not updated.HasField("devices_notified")
    repeated = await put(crowd.team, step(2))
    assert not repeated.HasField("by_broadcast")
    ended = await crowd.backend.DeleteLiveActivityStream(stream_key=KEY)
    assert ended.by_broadcast
    assert not ended.HasField("devices_notified")


async def test_by_tokens_the_counts_are_there(crowd: Crowd) -> None:
    await crowd.rig.control("POST", "/apns/faults", {"settings": {"broadcast_enabled": False}})
    activity_id = (await crowd.backend.StartLiveActivity(content_state=step(1))).activity_id
    for phone in crowd.phones:
        await phone.live(activity_id)
    updated = await crowd.update(activity_id, 2)
    assert not updated.HasField("by_broadcast")
    assert updated.devices_notified + updated.devices_queued == len(crowd.phones)


async def test_the_log_has_one_attempt_for_all_phones_and_says_so(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    await crowd.update(activity_id, 2)
    await crowd.shows(activity_id, 2)
    owner = crowd.team.account.owner

    async def updates() -> list[attempts.DeliveryAttempt]:
        listed = (await owner.ListDeliveryAttempts(activity_id=activity_id)).delivery_attempts
        return [one for one in listed if one.event == attempts.DELIVERY_EVENT_UPDATE]

    async def one_is_there() -> bool:
        return len(await updates()) == 1

    await eventually_async("the attempt is recorded", one_is_there)
    [attempt] = await updates()
    assert attempt.by_broadcast
    assert not attempt.device_id
    timeline = (await owner.ListLiveActivityTimeline(activity_id=activity_id)).entries
    by_broadcast = [one.attempt for one in timeline if one.HasField("attempt") and one.attempt.by_broadcast]
    assert [(one.device_id, one.event) for one in by_broadcast] == [("", attempts.DELIVERY_EVENT_UPDATE)]


@pytest.mark.parametrize("is_sent", [True, False], ids=["taken", "not yet"])
async def test_why_says_what_apple_does_not(crowd: Crowd, is_sent: bool) -> None:
    activity_id = await crowd.start()
    if not is_sent:
        step_of_fault = {"status": 503, "reason": "ServiceUnavailable"}
        await crowd.rig.control("POST", "/apns/faults", {"tokens": {"broadcasts": [step_of_fault]}})
    await crowd.update(activity_id, 2)
    code = attempts.VERDICT_CODE_ACCEPTED if is_sent else attempts.VERDICT_CODE_RETRYING
    said = "does not say which phones it has reached" if is_sent else "by broadcast"
    owner, phone = crowd.team.account.owner, crowd.phones[0]

    async def explained() -> bool:
        verdict = (
            await owner.ExplainDelivery(device_id=phone.device_id, activity_id=activity_id)
        ).verdict  # fmt: skip
        return bool(verdict.code == code and said in verdict.explanation)

    await eventually_async("the verdict says it", explained)
    devices = (await owner.ListLiveActivityDevices(activity_id=activity_id)).devices
    assert len(devices) == len(crowd.phones)
    assert all(one.by_broadcast and one.verdict == code for one in devices)


async def test_an_app_that_starts_a_card_by_itself_is_told_the_channel(crowd: Crowd) -> None:
    off = crowd.phones[0]
    await off.settings(offline=True)
    # APNs keeps one push for a phone that is off, so the second start takes the place of the first.
    first = (await crowd.backend.StartLiveActivity(content_state=step(1))).activity_id
    await crowd.accepted(first)
    second = (await crowd.backend.StartLiveActivity(content_state=step(1))).activity_id
    await crowd.accepted(second)
    await off.settings(offline=False)
    cards = await off.until("it shows both", lambda cards: set(cards) == {first, second})
    [[channel_id]] = await crowd.rig.core.sql(
        "SELECT channel_id FROM live_activity_broadcasts WHERE activity_id = %s", first
    )
    assert cards[first]["channel_id"] == channel_id
    await crowd.update(first, 2)
    await crowd.shows(first, 2)
