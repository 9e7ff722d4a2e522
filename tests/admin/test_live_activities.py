"""The pages about Live Activities: what is on the phones, what was, and what owners do to it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from nicegui import ElementFilter, ui
from nicegui.testing import User
from nicegui.testing.user_interaction import UserInteraction
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from admin_ui.components.buttons import Button
from tests.admin.conftest import Open
from tests.admin.looking import sees, sees_no
from tests.core.harness import Account, Caller
from tests.waiting import eventually_async


def state(title: str, percentage: float) -> dict[str, Any]:
    return {"title": title, "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": percentage}


@pytest_asyncio.fixture(loop_scope="session")
async def backend(account: Account) -> AsyncIterator[Caller]:
    """A backend of the account, which has a phone."""
    await account.owner.UpdateAccount(rate_limit_per_minute=1000)
    await account.add_startable_phone()
    yield account.core.caller((await account.add_key(name="CI"))[1])


async def put(backend: Caller, percentage: float, key: str = "nightly") -> str:
    answer = await backend.PutLiveActivityStream(stream_key=key, content_state=state("Backup", percentage))
    return str(answer.activity_id)


def buttons(user: User, label: str) -> list[Button]:
    """The buttons of exactly this name."""
    with user:
        return [one for one in ElementFilter(kind=Button) if one.text == label]


def click(user: User, label: str) -> None:
    """Clicks the newest button of this name: questions stand above the page."""
    UserInteraction(user, {buttons(user, label)[-1]}, None).click()


async def test_who_has_no_activity_is_told_how_to_start_one(owner: User, account: Account) -> None:
    await owner.open("/live-activities")
    await sees(owner, "Nothing is on the phones right now", "/api/live-activity/stream/nightly-backup")


async def test_a_moving_stream_moves_on_the_page_and_keeps_its_card(owner: User, backend: Caller) -> None:
    await owner.open("/live-activities")
    await put(backend, 10)
    await sees(owner, "10%", "nightly", "Active")
    for percentage in range(11, 43):
        await put(backend, percentage)
    await sees(owner, "42%")
    await sees_no(owner, "10%")


async def test_what_has_ended_is_past(owner: User, backend: Caller, account: Account) -> None:
    activity_id = await put(backend, 77)
    await owner.open("/live-activities")
    await sees(owner, "77%")
    await account.owner.StopLiveActivity(activity_id=activity_id)
    await sees(owner, "Nothing is on the phones right now", "Ended", "77%")


async def test_a_stream_is_paused_after_a_question_and_resumed(owner: User, backend: Caller, account: Account) -> None:
    await put(backend, 5)
    await owner.open("/live-activities")
    click(owner, "Pause")
    await sees(owner, "Pause nightly?")
    stream = (await account.owner.GetLiveActivityStream(stream_key="nightly")).stream
    assert not stream.paused
    click(owner, "Pause stream")
    await sees(owner, "Paused", "Resume")
    click(owner, "Resume")
    await sees(owner, "Active")
    assert not (await account.owner.GetLiveActivityStream(stream_key="nightly")).stream.paused


async def test_members_look_and_change_nothing(member: User, backend: Caller) -> None:
    activity_id = await put(backend, 5)
    for page in ("/live-activities", f"/live-activities/{activity_id}"):
        await member.open(page)
        await sees(member, "Backup")
        for button in ("Pause", "Pause stream", "Delete stream", "End"):
            assert not buttons(member, button)


async def test_an_activitys_page_tells_how_it_went_and_why(owner: User, backend: Caller) -> None:
    activity_id = await put(backend, 5)
    await owner.open(f"/live-activities/{activity_id}")
    await sees(owner, activity_id, "Stream nightly", "iPhone", "Starting", "Version 1", "CI", "Everybody")
    await put(backend, 42)
    await sees(owner, "Version 2", "42%", '"percentage": 42')


async def test_an_owner_ends_an_activity_after_a_question(owner: User, backend: Caller, account: Account) -> None:
    started = await backend.StartLiveActivity(content_state=state("Deploy", 30))
    await owner.open(f"/live-activities/{started.activity_id}")
    click(owner, "End")
    await sees(owner, "End “Deploy”?")
    click(owner, "End Live Activity")

    async def is_over() -> bool:
        found = await account.owner.GetLiveActivity(activity_id=started.activity_id)
        return bool(found.live_activity.HasField("ended_at"))

    await eventually_async("it is over", is_over)
    await sees(owner, "It is over and takes no more updates.", "Version 2")


async def test_an_owner_deletes_a_stream_after_a_question(owner: User, backend: Caller, account: Account) -> None:
    activity_id = await put(backend, 5)
    await owner.open(f"/live-activities/{activity_id}")
    click(owner, "Delete stream")
    await sees(owner, "Delete nightly?")
    click(owner, "Delete stream")
    await sees(owner, "nightly is deleted", "Ended")
    assert not (await account.owner.ListLiveActivityStreams()).streams


async def test_search_leaves_what_matches(owner: User, backend: Caller) -> None:
    await backend.StartLiveActivity(content_state=state("Deploy", 1))
    await backend.StartLiveActivity(content_state=state("Import", 2))
    await owner.open("/live-activities")
    await sees(owner, "Deploy", "Import")
    owner.find(kind=ui.input).type("impo")
    await sees_no(owner, "Deploy")
    await sees(owner, "Import")


async def test_no_activity_of_another_account_is_shown(admin: Open, stranger: Account, backend: Caller) -> None:
    activity_id = await put(backend, 5)
    answer = await admin(stranger.session).http_client.get(f"/live-activities/{activity_id}")
    assert answer.status_code == 404
    assert "Backup" not in answer.text
