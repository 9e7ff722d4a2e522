"""What only time brings about, seen on the screens of simulated iPhones: hours pass by moving the clocks."""

import asyncio
import datetime as dt

from tests.core.harness import refused_with
from tests.core.live_rig import KEY, Rig, RigPhone, Team, operation, put, started, step, streamed
from tests.waiting import eventually_async

ALERT = {"title": "Look", "body": "now"}


async def next_of(team: Team, before: str) -> str:
    """The activity that shows the stream now, once it is not the one before."""

    async def another() -> str | None:
        query = "SELECT activity_id FROM live_activity_streams WHERE account_id = %s AND activity_id <> %s"
        rows = await team.rig.core.sql(query, team.account.id, before)
        return rows[0][0] if rows else None

    return str(await eventually_async("another activity shows the stream", another))


async def over(phone: RigPhone, activity_id: str) -> None:
    """Returns once core counts the activity as over on the phone."""

    async def ended() -> bool:
        return (await phone.held(activity_id))[0] == "ended"

    await eventually_async("it is over by core", ended)


# --- rotation ---


async def test_from_seven_and_a_half_hours_on_a_put_replaces_the_activity(rig: Rig, team: Team) -> None:
    first = await streamed(team)
    await rig.advance(hours=7, minutes=29)
    assert operation(await put(team, step(2))) == "updated"
    await rig.advance(minutes=1)
    answer = await put(team, step(3))
    assert (operation(answer), answer.previous_activity_id) == ("rotated", first)
    assert (answer.devices_notified, answer.users_notified) == (1, 1)
    cards = await team.phone.shows(answer.activity_id)
    card = cards[answer.activity_id]
    assert card["content_state"]["current_step"] == 3
    assert [alert["sound"] for alert in card["alerts"]] == [None]
    await rig.advance(hours=7, minutes=29)
    assert operation(await put(team, step(4))) == "updated"


async def test_even_a_put_of_the_same_state_replaces_it_then(rig: Rig, team: Team) -> None:
    first = await streamed(team)
    await rig.advance(hours=7, minutes=31)
    answer = await put(team, step(1))
    assert (operation(answer), answer.previous_activity_id) == ("rotated", first)
    await team.phone.shows(answer.activity_id)


async def test_a_stream_whose_backend_keeps_silent_is_renewed_before_ios_ends_it(rig: Rig, team: Team) -> None:
    first = await streamed(team)
    await rig.advance(hours=1)
    assert operation(await put(team, step(2))) == "updated"
    await rig.advance(hours=6, minutes=46)
    second = await next_of(team, first)
    card = (await team.phone.shows(second))[second]
    assert card["content_state"]["current_step"] == 2
    await rig.advance(seconds=2)
    answer = await put(team, step(3))
    assert (operation(answer), answer.activity_id) == ("updated", second)


async def test_a_backend_that_repeats_the_same_state_is_heard_too(rig: Rig, team: Team) -> None:
    first = await streamed(team)
    await rig.advance(hours=2)
    assert operation(await put(team, step(1))) == "noop"
    await rig.advance(hours=5, minutes=46)
    await team.phone.shows(await next_of(team, first))


async def test_a_renewed_stream_ends_if_its_backend_was_not_heard_since(rig: Rig, team: Team) -> None:
    first = await streamed(team)
    await rig.advance(hours=1)
    await put(team, step(2))
    await rig.advance(hours=6, minutes=46)
    second = await next_of(team, first)
    await team.phone.shows(second)
    await rig.advance(hours=7, minutes=46)
    await team.phone.shows(second, state="ended")
    await rig.advance(minutes=3)
    await team.phone.shows()


async def test_a_stream_whose_backend_was_never_heard_again_ends_and_can_start_again(rig: Rig, team: Team) -> None:
    first = await streamed(team)
    await rig.advance(hours=7, minutes=46)
    card = (await team.phone.shows(first, state="ended"))[first]
    assert card["content_state"]["current_step"] == 1
    await rig.advance(minutes=3)
    await team.phone.shows()
    answer = await put(team, step(2))
    assert (operation(answer), answer.HasField("previous_activity_id")) == ("started", False)
    await team.phone.shows(answer.activity_id)


async def test_a_stream_that_everybody_has_removed_is_not_brought_back_by_time(rig: Rig, team: Team) -> None:
    first = await streamed(team)
    await rig.advance(hours=1)
    await put(team, step(2))
    await team.phone.do(f"live-activities/{first}/dismiss")

    async def dismissed() -> bool:
        return (await team.phone.held(first))[0] == "dismissed"

    await eventually_async("core knows", dismissed)
    await rig.advance(hours=6, minutes=46)

    async def ended() -> bool:
        [(ended_at,)] = await rig.core.sql("SELECT ended_at FROM live_activities WHERE id = %s", first)
        return ended_at is not None

    await eventually_async("it has ended", ended)
    await team.phone.shows()
    assert len(await team.phone.starts()) == 1
    answer = await put(team, step(3))
    assert operation(answer) == "started"
    await team.phone.shows(answer.activity_id)


async def test_a_replaced_activity_whose_update_token_comes_late_leaves_then(rig: Rig) -> None:
    team = await rig.team(update_token_delay_seconds=None)
    first = (await put(team, step(1))).activity_id
    await rig.advance(hours=7, minutes=31)
    second = (await put(team, step(2))).activity_id
    cards = await team.phone.until("both are there", lambda cards: set(cards) == {first, second})
    assert not any(card["token_reported"] for card in cards.values())
    await team.phone.settings(update_token_delay_seconds=0)
    await team.phone.shows(second)


async def test_the_end_of_a_replaced_activity_waits_a_minute_at_most_for_the_new_one(rig: Rig, team: Team) -> None:
    first = await streamed(team)
    await team.phone.settings(token_delay_seconds=None)
    await team.phone.do("rotate-start-token")
    await rig.advance(hours=7, minutes=31)
    second = (await put(team, step(2))).activity_id
    query = (
        "SELECT p.end_after - a.ended_at FROM live_activities a JOIN live_activity_devices p ON p.activity_id = a.id"
        " WHERE a.id = %s"
    )
    assert await rig.core.sql(query, first) == [(dt.timedelta(minutes=1),)]
    # Well before: the clocks go on while the machine stalls.
    await rig.advance(seconds=20)
    assert set(await team.phone.cards()) == {first}
    assert (await team.phone.cards())[first]["state"] == "active"
    await rig.advance(seconds=41)
    await team.phone.shows()
    await team.phone.settings(token_delay_seconds=0)
    await team.phone.shows(second)


async def test_a_phone_that_slept_through_the_renewal_catches_up(rig: Rig, team: Team) -> None:
    first = await streamed(team)
    await rig.advance(hours=1)
    await put(team, step(2))
    await team.phone.settings(offline=True)
    await rig.advance(hours=6, minutes=46)
    second = await next_of(team, first)
    await over(team.phone, first)
    await rig.advance(hours=1)
    await team.phone.settings(offline=False)
    card = (await team.phone.shows(second))[second]
    assert card["content_state"]["current_step"] == 2


async def test_a_paused_stream_shows_its_latest_state_however_late_it_is_resumed(rig: Rig, team: Team) -> None:
    await streamed(team)
    await team.account.owner.PauseLiveActivityStream(stream_key=KEY)
    await team.phone.shows()
    await rig.advance(hours=10)
    assert operation(await put(team, step(7))) == "paused"
    await rig.advance(hours=20)
    resumed = (await team.account.owner.ResumeLiveActivityStream(stream_key=KEY)).activity_id
    card = (await team.phone.shows(resumed))[resumed]
    assert card["content_state"]["current_step"] == 7


# --- 8 and 12 hours ---


async def test_after_eight_hours_an_activity_leaves_the_count_and_takes_no_more_updates(rig: Rig, team: Team) -> None:
    activity_ids = [await started(team, number) for number in range(1, 5)]
    start, update = team.backend.StartLiveActivity, team.backend.UpdateLiveActivity
    await refused_with("LIVE_ACTIVITY_LIMIT", start(content_state=step(5)))
    await rig.advance(hours=7, minutes=59)
    await refused_with("LIVE_ACTIVITY_LIMIT", start(content_state=step(5)))
    await rig.advance(minutes=1)
    first = activity_ids[0]
    await refused_with("LIVE_ACTIVITY_ENDED", update(activity_id=first, content_state=step(6)))
    assert (await team.backend.EndLiveActivity(activity_id=first, content_state=step(6))).ignored
    await team.phone.shows(*activity_ids, state="ended")
    await asyncio.gather(*(over(team.phone, activity_id) for activity_id in activity_ids))
    fifth = (await start(content_state=step(5))).activity_id
    await team.phone.live(fifth)
    await rig.advance(hours=4)
    await team.phone.shows(fifth)


async def test_a_card_is_never_stale_before_ios_ends_it(rig: Rig, team: Team) -> None:
    activity_id = await started(team)
    await rig.advance(hours=7, minutes=59)
    card = (await team.phone.cards())[activity_id]
    assert (card["state"], card["stale"]) == ("active", False)


async def test_a_start_that_was_owed_for_eight_hours_is_owed_no_more(rig: Rig, team: Team) -> None:
    await team.phone.settings(token_delay_seconds=None)
    await team.phone.do("rotate-start-token")
    activity_id = (await team.backend.StartLiveActivity(content_state=step(1))).activity_id
    await rig.advance(hours=8, seconds=1)
    await over(team.phone, activity_id)
    await team.phone.settings(token_delay_seconds=0)
    await eventually_async("the new token is reported", team.phone.has_reported)
    other = await started(team, 2)
    await team.phone.shows(other)


async def test_an_end_that_is_held_goes_out_with_the_token_up_to_the_last_minute(rig: Rig) -> None:
    team = await rig.team(update_token_delay_seconds=None)
    activity_id = (await team.backend.StartLiveActivity(content_state=step(1))).activity_id
    ended = await team.backend.EndLiveActivity(activity_id=activity_id, content_state=step(9))
    assert (ended.devices_notified, ended.devices_queued) == (0, 1)
    await rig.advance(hours=7, minutes=59)
    await team.phone.settings(update_token_delay_seconds=0)
    await over(team.phone, activity_id)
    # Its dismissal date is long past.
    await team.phone.shows()


async def test_an_end_that_was_held_for_twelve_hours_is_given_up(rig: Rig) -> None:
    team = await rig.team(update_token_delay_seconds=None)
    activity_id = (await team.backend.StartLiveActivity(content_state=step(1))).activity_id
    await team.backend.EndLiveActivity(activity_id=activity_id, content_state=step(9))
    await rig.advance(hours=11, minutes=59)
    await asyncio.sleep(1.1)  # longer than the timekeeper's pause: nothing must have happened
    assert (await team.phone.held(activity_id))[0] == "started"
    await rig.advance(minutes=2)
    await over(team.phone, activity_id)
    await team.phone.shows()


async def test_an_ended_card_stays_as_long_as_its_backend_says_and_three_minutes_otherwise(
    rig: Rig, team: Team
) -> None:
    plain, longer = await started(team, 1), await started(team, 2)
    end = team.backend.EndLiveActivity
    await end(activity_id=plain, content_state=step(9))
    await end(activity_id=longer, content_state=step(9, auto_dismiss_minutes=30))
    await team.phone.shows(plain, longer, state="ended")
    # Well before the three minutes are over: the clocks go on while the machine stalls.
    await rig.advance(minutes=2, seconds=10)
    await team.phone.shows(plain, longer, state="ended")
    await rig.advance(seconds=51)
    await team.phone.shows(longer, state="ended")
    await rig.advance(minutes=27)
    await team.phone.shows()


# --- a phone that is off ---


async def test_a_start_waits_ten_minutes_for_a_phone_that_is_off(rig: Rig) -> None:
    for minutes, shown in ((9, True), (11, False)):
        team = await rig.team(offline=True, catches_up=False)
        activity_id = (await team.backend.StartLiveActivity(content_state=step(1))).activity_id
        await rig.advance(minutes=minutes)
        await team.phone.settings(offline=False)
        await team.phone.shows(*([activity_id] if shown else []))
        [push] = await team.phone.starts()
        assert int(push["headers"]["apns-expiration"]) - push["aps"]["timestamp"] == 600
        assert (push["headers"]["apns-collapse-id"], push["headers"]["apns-priority"]) == (activity_id, "10")


async def test_a_phone_that_was_off_for_longer_catches_up(rig: Rig) -> None:
    team = await rig.team(offline=True)
    activity_id = (await team.backend.StartLiveActivity(content_state=step(1))).activity_id
    await rig.advance(hours=2)
    await team.backend.UpdateLiveActivity(activity_id=activity_id, content_state=step(2))
    await team.phone.settings(offline=False)
    card = (await team.phone.shows(activity_id))[activity_id]
    assert card["content_state"]["current_step"] == 2
    await team.phone.live(activity_id)
    await rig.advance(seconds=2)
    updated = await team.backend.UpdateLiveActivity(activity_id=activity_id, content_state=step(3))
    assert updated.devices_notified == 1
    await team.phone.until("the update", lambda cards: cards[activity_id]["content_state"]["current_step"] == 3)


async def test_an_alert_that_waits_for_an_update_token_is_said_for_ten_minutes_only(rig: Rig) -> None:
    for minutes, said in ((9, [ALERT["title"]]), (11, [])):
        team = await rig.team(update_token_delay_seconds=None)
        activity_id = (await team.backend.StartLiveActivity(content_state=step(1))).activity_id
        await team.backend.UpdateLiveActivity(activity_id=activity_id, content_state=step(2), alert=ALERT)
        await rig.advance(minutes=minutes)
        await team.phone.settings(update_token_delay_seconds=0)
        await team.phone.live(activity_id)
        card = (await team.phone.cards())[activity_id]
        assert card["content_state"]["current_step"] == 2
        assert [alert["title"] for alert in card["alerts"][1:]] == said
