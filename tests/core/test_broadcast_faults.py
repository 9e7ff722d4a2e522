"""Processes that die, answers that are late, and accounts that go, while Live Activities are broadcast."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from service_kit.client import open_channel
from tests.core.broadcast_rig import ABOVE, SETTINGS, Crowd, crowd_of
from tests.core.conftest import NewDatabase
from tests.core.harness import PASSWORD, Core
from tests.core.live_rig import Rig, put, start_rig, step
from tests.core.processes import core_process, serving_address
from tests.waiting import eventually_async


@pytest.mark.thorough
async def test_a_channel_that_is_made_too_late_is_deleted_again(crowd: Crowd) -> None:
    late = {"tokens": {"channels": [{"delay_seconds": 4}, {}]}}
    await crowd.rig.control("POST", "/apns/faults", late)
    activity_id = (await crowd.backend.StartLiveActivity(content_state=step(1))).activity_id
    for phone in crowd.phones:
        await phone.live(activity_id)

    async def deleted() -> bool:
        stats = await crowd.stats()
        return (stats["channels_created"], stats["channels_deleted"]) == (1, 1)

    await eventually_async("the delivery service has it deleted", deleted)
    assert await crowd.rows(activity_id) == []


@pytest.mark.thorough
async def test_if_the_core_dies_that_asked_for_a_channel_the_starts_go_by_tokens(crowd: Crowd) -> None:
    await crowd.rig.control("POST", "/apns/faults", {"tokens": {"channels": [{"action": "mute"}]}})
    starting = asyncio.create_task(crowd.backend.StartLiveActivity(content_state=step(1)))

    async def asked() -> bool:
        query = (
            "UPDATE live_activity_broadcasts SET next_at = now() - interval '1 day'"
            " WHERE attempt = 1 AND account_id = %s RETURNING id"
        )
        return bool(await crowd.rig.core.sql(query, crowd.team.account.id))

    await eventually_async("its lease is over, as if it had died", asked)
    activity_id = (await starting).activity_id
    for phone in crowd.phones:
        await phone.live(activity_id)
    assert await crowd.rows(activity_id) == []


async def test_a_phone_that_begins_to_listen_too_late_is_told_once_more(crowd: Crowd) -> None:
    last = crowd.phones[-1]
    slow = {"tokens": {(await last.read())["push_to_start_token"]: [{"delay_seconds": 9}]}}
    await crowd.rig.control("POST", "/apns/faults", slow)
    starting = asyncio.create_task(crowd.backend.StartLiveActivity(content_state=step(1)))
    [activity_id] = await last.until("it listens", bool)
    await crowd.update(activity_id, 2)
    await crowd.shows(activity_id, 2)
    await crowd.rig.control("POST", "/apns/faults", {"connections": {"action": "answer"}})
    await starting
    await crowd.listening(activity_id)

    async def repeated() -> bool:
        return (await crowd.stats())["broadcasts"] == 2

    await eventually_async("the same broadcast is sent again", repeated)
    sent = (await crowd.rig.control("GET", "/apns/requests?limit=1000&token=broadcasts"))["requests"]
    assert len({json.loads(one["body"])["aps"]["timestamp"] for one in sent}) == 1
    cards = [(await phone.cards())[activity_id] for phone in crowd.phones]
    assert all(card["updates"] == 1 for card in cards)


@pytest.mark.thorough
async def test_an_account_that_is_deleted_takes_its_cards_off_and_its_channels_away(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    await crowd.team.account.owner.DeleteAccount(password=PASSWORD, account_name="Acme")
    for phone in crowd.phones:
        await phone.until("its card is gone", lambda cards: not cards)

    async def erased() -> bool:
        gone = not await crowd.rig.core.sql("SELECT 1 FROM live_activities WHERE id = %s", activity_id)
        rows = await crowd.rig.core.sql(
            "SELECT account_id, state FROM live_activity_broadcasts WHERE activity_id = %s", activity_id
        )
        return gone and rows == [(None, "deleting")]

    await eventually_async("only the channel is left", erased)
    await crowd.rig.advance(hours=2)

    async def deleted() -> bool:
        return (await crowd.stats())["channels_deleted"] >= 1 and not await crowd.rows(activity_id)

    await eventually_async("the channel is deleted", deleted)


async def test_a_deletion_that_apple_does_not_take_is_tried_again(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    await crowd.backend.EndLiveActivity(activity_id=activity_id, content_state=step(2))

    async def is_deleting() -> bool:
        return await crowd.rows(activity_id) == [("deleting", True)]

    await eventually_async("it has ended", is_deleting)
    await crowd.rig.control(
        "POST", "/apns/faults", {"tokens": {"channels": [{"status": 503, "reason": "Shutdown"}, {}]}}
    )
    await crowd.rig.advance(hours=2)

    async def deleted() -> bool:
        return (await crowd.stats())["channels_deleted"] >= 1 and not await crowd.rows(activity_id)

    await eventually_async("the channel is deleted in the end", deleted)


async def test_an_activity_that_ios_ends_by_itself_gives_its_channel_back(crowd: Crowd) -> None:
    activity_id = await crowd.start()
    await crowd.rig.advance(hours=8, minutes=1)

    async def deleted() -> bool:
        return (await crowd.stats())["channels_deleted"] >= 1 and not await crowd.rows(activity_id)

    await eventually_async("the channel is deleted", deleted)


# --- two cores, one of which is killed ---


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def present(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    """A server that does not travel in time, because the other core does not either."""
    database_url = await asyncio.to_thread(new_database)
    async with start_rig(database_url, tmp_path_factory.mktemp("two"), **SETTINGS) as running:
        yield running
        assert (await running.control("GET", "/apns/stats"))["timestamps_backwards"] == 0


@pytest.mark.thorough
async def test_cores_that_are_killed_lose_no_state(present: Rig, tmp_path: Path) -> None:
    crowd = await crowd_of(present)
    activity_id = (await put(crowd.team, step(1))).activity_id
    await crowd.listening(activity_id)
    _, key = await crowd.team.account.add_key()
    number, answered = 1, 1
    for killed in range(3):
        log = tmp_path / f"core{killed}.log"
        settings = {"SMITH_BROADCAST_ABOVE_DEVICES": str(ABOVE), "SMITH_MAX_LIVE_ACTIVITIES": "50"}
        url = present.core.database_url
        with core_process(url, log, delivery_address=present.delivery_address, **settings) as process:
            address = await asyncio.to_thread(serving_address, process, log)
            async with open_channel(address) as channel:
                other = Core(address, url, channel).caller(key)
                for _ in range(6):
                    number += 1
                    await _put(other, number)
                    answered = number
                number += 1
                last = asyncio.create_task(_put(other, number))
                await asyncio.sleep(0)
                process.kill()
                with suppress(grpc.aio.AioRpcError):
                    await last
                    answered = number
    [[state]] = await present.core.sql("SELECT content_state FROM live_activities WHERE id = %s", activity_id)
    shown = json.loads(state)["current_step"]
    assert shown >= answered

    async def settled() -> bool:
        return all(
            [
                (await phone.cards())[activity_id]["content_state"]["current_step"] == shown
                for phone in crowd.phones
            ]
        )  # fmt: skip

    await eventually_async("every phone shows the last state", settled)


async def _put(caller: Any, number: int) -> None:
    await caller.PutLiveActivityStream(stream_key="nightly", content_state=step(number))
