"""What people see of Live Activities and streams: lists, devices, and what happened."""

import json
import uuid
from typing import Any

from smith.core.v1 import delivery_attempt_pb2 as attempts
from smith.core.v1 import live_activity_record_pb2 as records
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_ACTION_TYPE_WEBHOOK, LIVE_ACTIVITY_TYPE_PROGRESS

from tests.core.harness import Account, Caller, refused_with
from tests.core.live_rig import KEY, Team, put, step
from tests.waiting import eventually_async

ACTIVE, ENDED = records.LIVE_ACTIVITY_STATUS_ACTIVE, records.LIVE_ACTIVITY_STATUS_ENDED
START, UPDATE, END = (
    attempts.DELIVERY_EVENT_START,
    attempts.DELIVERY_EVENT_UPDATE,
    attempts.DELIVERY_EVENT_END,
)

FILL = """
INSERT INTO live_activities (id, account_id, version, content_state, alert_version, urgent_version, updates,
    quiet_start, created_at, updated_at, heard_at, expires_at, ended_at, dismiss_at)
SELECT lpad(i::text, 32, '0'), %(account_id)s, 1, '{"title": "Job ' || i || '", "type": "progress", "percentage": 1}',
       0, 1, 0, false, now(), now() - i * interval '1 second', now(), now() + interval '1 hour',
       CASE WHEN i %% 2 = 0 THEN now() - i * interval '1 second' END, CASE WHEN i %% 2 = 0 THEN now() END
FROM generate_series(1, 20000) i
"""


def state(title: str, percentage: float = 1) -> dict[str, Any]:
    return {"title": title, "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": percentage}


async def backend_of(account: Account) -> Caller:
    """A backend called CI, of an account with a phone and room for many activities."""
    await account.owner.UpdateAccount(max_live_activities=100, rate_limit_per_minute=1000)
    await account.add_startable_phone()
    return account.core.caller((await account.add_key(name="CI"))[1])


async def titles(caller: Caller, **filters: Any) -> list[str]:
    listed = (await caller.ListLiveActivities(**filters)).live_activities
    return [json.loads(one.content_state.json)["title"] for one in listed]


async def test_activities_are_listed_with_the_last_to_change_first(account: Account, stranger: Account) -> None:
    backend, elsewhere = await backend_of(account), await backend_of(stranger)
    await elsewhere.StartLiveActivity(content_state=state("Secret"))
    first = (await backend.StartLiveActivity(content_state=state("First"))).activity_id
    await backend.PutLiveActivityStream(stream_key="nightly", content_state=state("Second"))
    third = (await backend.StartLiveActivity(content_state=state("100% done"))).activity_id
    await backend.UpdateLiveActivity(activity_id=first, content_state=state("First", 2))
    await backend.EndLiveActivity(activity_id=third, content_state=state("100% done", 100))
    _, member = await account.add_member()
    assert await titles(member) == ["100% done", "First", "Second"]
    assert await titles(member, status=ACTIVE) == ["First", "Second"]
    assert await titles(member, status=ENDED) == ["100% done"]
    assert await titles(member, stream_key="nightly") == ["Second"]
    assert await titles(member, search="NIGHT") == ["Second"]
    assert await titles(member, search="0% d") == ["100% done"]
    assert await titles(member, search=first) == ["First"]
    assert await titles(member, search="Secret") == []


async def test_pages_of_many_activities_hold_each_of_them_once(account: Account) -> None:
    await account.core.sql(FILL, account_id=account.id)
    seen: list[str] = []
    token = None
    while len(seen) <= 20_000:
        page = await account.owner.ListLiveActivities(page_size=1000, page_token=token)
        seen += [one.activity_id for one in page.live_activities]
        if not page.HasField("next_page_token"):
            break
        token = page.next_page_token
    assert seen == [f"{i:032}" for i in range(1, 20_001)]
    found, token = [], None
    for _ in range(5):
        page = await account.owner.ListLiveActivities(search="Job 19999", status=ACTIVE, page_token=token)
        found += [one.activity_id for one in page.live_activities]
        token = page.next_page_token or None
        if token is None:
            break
    assert found == [f"{19_999:032}"]


async def test_a_page_token_of_somebody_else_is_refused(account: Account) -> None:
    for call in (account.owner.ListLiveActivities, account.owner.ListLiveActivityStreams):
        assert "page_token" in await refused_with("INVALID_REQUEST", call(page_token="!"))


async def test_an_activity_tells_all_but_what_its_webhook_calls(account: Account) -> None:
    backend = await backend_of(account)
    action = {"title": "Stop", "type": LIVE_ACTIVITY_ACTION_TYPE_WEBHOOK, "url": "https://example.com/secret"}
    more = state("Deploy") | {"auto_dismiss_minutes": 1}
    started = await backend.StartLiveActivity(content_state=more, action=action)
    answer = await account.owner.GetLiveActivity(activity_id=started.activity_id)
    shown = answer.live_activity
    assert json.loads(shown.content_state.json) == {
        "title": "Deploy",
        "type": "progress",
        "percentage": 1,
        "auto_dismiss_seconds": 60,
    }
    assert {**json.loads(shown.action.json), "id": None} == {"id": None, "title": "Stop", "type": "webhook"}
    assert (shown.status, shown.version, shown.updates, shown.started_by) == (ACTIVE, 1, 0, "CI")
    assert [(one.phase, one.devices) for one in answer.phases] == [(records.LIVE_ACTIVITY_PHASE_REQUESTED, 1)]
    assert "secret" not in str(answer)


async def test_nothing_is_told_of_another_accounts_activity(account: Account, stranger: Account) -> None:
    backend = await backend_of(stranger)
    theirs = (await backend.StartLiveActivity(content_state=state("Secret"))).activity_id
    for activity_id in (theirs, "x", ""):
        for name in (
            "GetLiveActivity",
            "ListLiveActivityDevices",
            "ListLiveActivityTimeline",
            "StopLiveActivity",
        ):
            await refused_with("NOT_FOUND", getattr(account.owner, name)(activity_id=activity_id))
    assert (await stranger.owner.GetLiveActivity(activity_id=theirs)).live_activity.status == ACTIVE


async def test_streams_are_listed_by_key_with_what_is_held_of_paused_ones(account: Account) -> None:
    backend = await backend_of(account)
    for key in ("b-paused", "a-active", "c-over"):
        await backend.PutLiveActivityStream(stream_key=key, content_state=state(key))
    await account.owner.PauseLiveActivityStream(stream_key="b-paused")
    await backend.PutLiveActivityStream(stream_key="b-paused", content_state=state("Newer", 7))
    over = (await account.owner.GetLiveActivityStream(stream_key="c-over")).stream.activity_id
    await account.owner.StopLiveActivity(activity_id=over)
    streams = (await account.owner.ListLiveActivityStreams()).streams
    assert [
        (one.stream_key, one.paused, one.HasField("activity_id"), json.loads(one.content_state.json)["title"])
        for one in streams
    ] == [
        ("a-active", False, True, "a-active"),
        ("b-paused", True, False, "Newer"),
        ("c-over", False, False, "c-over"),
    ]
    assert streams[2].last_activity_id == over
    paused = (await account.owner.ListLiveActivityStreams(paused=True)).streams
    assert [one.stream_key for one in paused] == ["b-paused"]
    page = await account.owner.ListLiveActivityStreams(page_size=2)
    rest = await account.owner.ListLiveActivityStreams(page_size=2, page_token=page.next_page_token)
    assert [one.stream_key for one in (*page.streams, *rest.streams)] == ["a-active", "b-paused", "c-over"]
    await refused_with("NOT_FOUND", account.owner.GetLiveActivityStream(stream_key="none"))


async def test_only_owners_stop_activities_and_it_is_audited(account: Account) -> None:
    backend = await backend_of(account)
    activity_id = (await backend.StartLiveActivity(content_state=state("Deploy", 42))).activity_id
    _, member = await account.add_member()
    await refused_with("FORBIDDEN", member.StopLiveActivity(activity_id=activity_id))
    assert not (await account.owner.StopLiveActivity(activity_id=activity_id)).ignored
    assert (await account.owner.StopLiveActivity(activity_id=activity_id)).ignored
    shown = (await account.owner.GetLiveActivity(activity_id=activity_id)).live_activity
    assert (shown.status, json.loads(shown.content_state.json)["percentage"]) == (ENDED, 42)
    entries = (await account.owner.ListAuditEntries()).audit_entries
    acts = [one for one in entries if one.method == "StopLiveActivity"]
    assert [activity_id in one.request.json for one in acts] == [True]


async def test_the_timeline_tells_each_state_and_what_became_of_it(team: Team) -> None:
    started = (await put(team, step(1))).activity_id
    await team.phone.live(started)
    await put(team, step(2))
    await put(team, step(2))
    await team.rig.advance(seconds=2)
    await team.account.owner.StopLiveActivity(activity_id=started)
    await team.phone.shows(started, state="ended")

    async def entries() -> list[Any]:
        return list((await team.account.owner.ListLiveActivityTimeline(activity_id=started)).entries)

    async def has_the_last_attempt() -> bool:
        ends = [one for one in await entries() if one.HasField("attempt") and one.attempt.event == END]
        return bool(ends) and await team.phone.held(started) == ("ended", None)

    # The phone shows a push before the server hears of it, and the log has it later still.
    await eventually_async("the end is in the log, and nothing more comes", has_the_last_attempt)
    told = await entries()
    states = [(one.version, one.state.event) for one in told if one.HasField("state")]
    assert states == [(3, END), (2, UPDATE), (1, START)]
    tried = {(one.version, one.attempt.event) for one in told if one.HasField("attempt")}
    assert {(1, START), (3, END)} <= tried
    assert {one.attempt.device_name for one in told if one.HasField("attempt")} == {"iPhone"}
    assert [uuid.UUID(one.id) for one in told] == sorted((uuid.UUID(one.id) for one in told), reverse=True)
    page = await team.account.owner.ListLiveActivityTimeline(activity_id=started, page_size=2)
    rest = await team.account.owner.ListLiveActivityTimeline(
        activity_id=started, page_size=1000, page_token=page.next_page_token
    )
    assert [one.id for one in (*page.entries, *rest.entries)] == [one.id for one in await entries()]


async def test_of_an_activitys_versions_the_last_fifty_are_kept(account: Account) -> None:
    backend = await backend_of(account)
    activity_id = (await backend.StartLiveActivity(content_state=state("Copy", 0))).activity_id
    for number in range(1, 61):
        await backend.UpdateLiveActivity(activity_id=activity_id, content_state=state("Copy", number))
    told = (await account.owner.ListLiveActivityTimeline(activity_id=activity_id, page_size=1000)).entries
    states = [one for one in told if one.HasField("state")]
    assert [one.version for one in states] == list(range(61, 11, -1))
    assert [json.loads(one.state.content_state.json)["percentage"] for one in states] == list(range(60, 10, -1))


async def test_each_device_says_how_far_it_has_come_and_why(team: Team) -> None:
    started = (await put(team, step(1))).activity_id
    await team.phone.live(started)
    phones = (await team.account.owner.ListLiveActivityDevices(activity_id=started)).devices
    assert [
        (one.device_name, one.phase, one.accepted_version, one.wanted_version, one.has_update_token, one.verdict)
        for one in phones
    ] == [("iPhone", records.LIVE_ACTIVITY_PHASE_LIVE, 1, 1, True, attempts.VERDICT_CODE_ACCEPTED)]
    assert phones[0].explanation == "APNs accepted the newest state."
    await team.account.owner.PauseLiveActivityStream(stream_key=KEY)
    phones = (await team.account.owner.ListLiveActivityDevices(activity_id=started)).devices
    assert phones[0].verdict == attempts.VERDICT_CODE_STREAM_PAUSED
