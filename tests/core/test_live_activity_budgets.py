"""How urgent the pushes of Live Activities are, and the warning to backends that send too many."""

from typing import Any

from tests.core.live_rig import Rig, Team, operation, put, started, step, streamed, tick
from tests.waiting import eventually_async

ALERT = {"title": "Look", "body": "now"}


async def update(team: Team, activity_id: str, state: dict[str, Any], **other: Any) -> Any:
    """The answer to an update that nothing delays: a moment after the one before."""
    await team.rig.advance(seconds=2)
    answer = await team.backend.UpdateLiveActivity(activity_id=activity_id, content_state=state, **other)
    assert answer.devices_notified == 1
    return answer


async def test_steps_are_urgent_until_ten_in_an_hour_and_alerts_and_ends_until_twelve(rig: Rig, team: Team) -> None:
    activity_id = await started(team)
    for number in range(2, 14):
        await update(team, activity_id, step(number))
    assert await team.phone.priorities(activity_id) == [10] * 10 + [5] * 2
    for number in (14, 15):
        await update(team, activity_id, step(number), alert=ALERT)
    await team.backend.EndLiveActivity(activity_id=activity_id, content_state=step(16))
    assert (await team.phone.priorities(activity_id))[-3:] == [10, 10, 5]
    card = (await team.phone.shows(activity_id, state="ended"))[activity_id]
    assert card["content_state"]["current_step"] == 16
    assert "throttled" not in (await team.phone.read())["dropped"]


async def test_an_end_uses_the_reserve(team: Team) -> None:
    activity_id = await started(team)
    for number in range(2, 13):
        await update(team, activity_id, step(number))
    await team.backend.EndLiveActivity(activity_id=activity_id, content_state=step(16))
    assert await team.phone.priorities(activity_id) == [10] * 10 + [5, 10]


async def test_the_budget_is_one_for_all_activities_of_a_phone(team: Team) -> None:
    activity_ids = [await started(team) for _ in range(3)]
    for number in range(2, 6):
        for activity_id in activity_ids:
            await update(team, activity_id, step(number))
    priorities = [await team.phone.priorities(activity_id) for activity_id in activity_ids]
    assert sum(sum(priority == 10 for priority in one) for one in priorities) == 10
    assert priorities[0] == [10, 10, 10, 10]


async def test_the_budget_comes_back_an_hour_after_each_push(rig: Rig, team: Team) -> None:
    activity_id = await started(team)
    for number in range(2, 13):
        await update(team, activity_id, step(number))
    assert (await team.phone.priorities(activity_id))[-1] == 5
    await rig.advance(minutes=58)
    await update(team, activity_id, step(20))
    assert (await team.phone.priorities(activity_id))[-1] == 5
    await rig.advance(minutes=2)
    await update(team, activity_id, step(21))
    assert (await team.phone.priorities(activity_id))[-1] == 10


async def test_frequent_pushes_make_the_budget_forty_eight(team: Team) -> None:
    await team.phone.settings(frequent_pushes_enabled=True)

    async def known() -> bool:
        query = "SELECT frequent_pushes_enabled FROM devices WHERE id = %s"
        return (await team.rig.core.sql(query, team.phone.device_id)) == [(True,)]

    await eventually_async("core knows of it", known)
    activity_id = await started(team)
    for number in range(2, 50):
        await update(team, activity_id, step(number))
    for number in range(50, 53):
        await update(team, activity_id, step(number), alert=ALERT)
    assert await team.phone.priorities(activity_id) == [10] * 46 + [5, 5, 10, 10, 5]
    assert "throttled" not in (await team.phone.read())["dropped"]


async def test_mere_ticks_cost_nothing_of_the_budget(team: Team) -> None:
    activity_id = (await team.backend.StartLiveActivity(content_state=tick(1))).activity_id
    await team.phone.live(activity_id)
    for percentage in range(2, 16):
        await update(team, activity_id, tick(percentage))
    await update(team, activity_id, tick(99), alert=ALERT)
    assert await team.phone.priorities(activity_id) == [5] * 14 + [10]


# --- the warning ---


async def test_the_thirteenth_update_is_warned_about_if_they_come_more_than_every_two_minutes(
    rig: Rig, team: Team
) -> None:
    quick, slow = await started(team), await started(team)
    for number in range(2, 14):
        assert not (await update(team, quick, step(number))).HasField("warning")
        assert not (await update(team, slow, step(number))).HasField("warning")
    assert (await update(team, quick, step(14))).HasField("warning")
    await rig.advance(minutes=26)
    assert not (await update(team, slow, step(14))).HasField("warning")
    assert (await update(team, slow, step(15))).HasField("warning")


async def test_streams_are_warned_likewise(rig: Rig, team: Team) -> None:
    await streamed(team)
    answers = []
    for number in range(2, 16):
        await rig.advance(seconds=2)
        answers.append(await put(team, step(number)))
    assert {operation(answer) for answer in answers} == {"updated"}
    assert [answer.HasField("warning") for answer in answers] == [False] * 12 + [True] * 2
