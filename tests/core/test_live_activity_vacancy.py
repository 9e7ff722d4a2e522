"""How many Live Activities a phone may show at once, and what a start does for which it has no room."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from smith.core.v1 import live_activity_service_pb2 as pb
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_CHANNELS
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_COUNTER, LIVE_ACTIVITY_TYPE_PROGRESS

from core_service.common.orm import now
from service_kit.status import RemoteError
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Caller, Core, Phone, refusal, start_account, start_core
from tests.core.live_rig import TravelClock
from tests.waiting import eventually_async

ROTATED = pb.LIVE_ACTIVITY_STREAM_OPERATION_ROTATED
STATE = {"title": "Import", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": 1}
OTHER_TYPE = {"title": "Import", "type": LIVE_ACTIVITY_TYPE_COUNTER, "number_of_steps": 3, "current_step": 1}
PER_DEVICE = 2


class StillClock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.moment = now()

    def __call__(self) -> dt.datetime:
        return self.moment

    def go_on(self) -> None:
        """A second passes."""
        self.moment += dt.timedelta(seconds=1)


@pytest.fixture(scope="module")
def clock() -> TravelClock:
    """The cores' clock."""
    return TravelClock()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def strict(new_database: NewDatabase, clock: TravelClock) -> AsyncIterator[Core]:
    """A core that refuses what a phone has no room for."""
    async with start_core(
        await asyncio.to_thread(new_database),
        clock=clock,
        delivery_wait=0.0,
        max_live_activities=50,
        max_live_activities_per_device=PER_DEVICE,
    ) as core:
        yield core


@pytest.fixture(scope="module")
def still() -> StillClock:
    """The clock of the core that gives way."""
    return StillClock()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def giving_way(new_database: NewDatabase, still: StillClock) -> AsyncIterator[Core]:
    """A core that ends the oldest instead."""
    async with start_core(
        await asyncio.to_thread(new_database),
        clock=still,
        delivery_wait=0.0,
        max_live_activities=50,
        max_live_activities_per_device=PER_DEVICE,
        live_activity_overflow="end_oldest",
    ) as core:
        yield core


class Team:
    """An account with a backend, and phones that are in a channel of their own each."""

    def __init__(self, account: Account, backend: Caller, clock: StillClock | None) -> None:
        self.account = account
        self.backend = backend
        self._clock = clock

    @classmethod
    async def of(cls, core: Core, clock: StillClock | None = None) -> "Team":
        """A new one. Each of its starts is a second later than the one before on this clock."""
        account = await start_account(core)
        await account.owner.UpdateAccount(rate_limit_per_minute=1000)
        return cls(account, core.caller((await account.add_key())[1]), clock)

    async def phone(self, *slugs: str) -> Phone:
        """A phone in these channels, which are made if there are none."""
        phone = await self.account.add_startable_phone()
        known = {channel.slug: channel.id for channel in (await self.account.owner.ListChannels()).channels}
        for slug in slugs:
            channel_id = known.get(slug) or await self.account.add_channel(slug)
            await self.account.owner.AssignDevice(channel_id=channel_id, device_id=phone.id)
        return phone

    async def start(self, *slugs: str, by: Caller | None = None) -> Any:
        """The answer to a start for these channels; for the whole account if none are named."""
        if self._clock is not None:
            self._clock.go_on()
        return await (by or self.backend).StartLiveActivity(content_state=STATE, **_target(slugs))

    async def put(self, key: str, *slugs: str, state: dict[str, Any] = STATE) -> Any:
        """The answer to a PUT, likewise."""
        if self._clock is not None:
            self._clock.go_on()
        return await self.backend.PutLiveActivityStream(stream_key=key, content_state=state, **_target(slugs))

    async def end(self, activity_id: str) -> None:
        """Ends it."""
        await self.backend.EndLiveActivity(activity_id=activity_id, content_state=STATE)

    async def shown_on(self, phone: Phone) -> set[str]:
        """The activities that count on the phone."""
        rows = await self.account.core.sql(
            """
            SELECT a.id FROM live_activity_devices p JOIN live_activities a ON a.id = p.activity_id
            WHERE p.device_id = %s AND p.phase IN ('requested', 'started', 'live') AND a.ended_at IS NULL
            """,
            phone.id,
        )
        return {row[0] for row in rows}

    async def refused(self, call: Any) -> tuple[str, dict[str, Any]]:
        """The message and the facts of a refusal for lack of room."""
        error: RemoteError = await refusal(call)
        assert (error.reason, error.error) == ("LIVE_ACTIVITY_LIMIT", "Live Activity limit reached")
        return error.message, error.facts


def _target(slugs: tuple[str, ...]) -> dict[str, Any]:
    return {"target": {"channels": slugs}} if slugs else {}


PER_DEVICE_MESSAGE = "Only 2 concurrent Live Activities are allowed per device"


async def test_a_phone_that_has_as_many_as_it_may_gets_no_more_and_others_do(strict: Core) -> None:
    team = await Team.of(strict)
    full, free = await team.phone("full"), await team.phone("free")
    shown = {(await team.start("full")).activity_id, (await team.put("s", "full")).activity_id}
    assert await team.refused(team.start("full")) == (PER_DEVICE_MESSAGE, {"limit": 2, "active": 2})
    assert await team.refused(team.put("new", "full")) == (PER_DEVICE_MESSAGE, {"limit": 2, "active": 2})
    await team.start("free")
    assert await team.shown_on(full) == shown
    assert len(await team.shown_on(free)) == 1
    assert not (await team.start("free")).HasField("ended_activity_id")


async def test_a_refusal_says_how_many_of_the_phones_have_no_room_if_some_have(strict: Core) -> None:
    team = await Team.of(strict)
    phones = [await team.phone("full"), await team.phone("full"), await team.phone("free")]
    for _ in range(PER_DEVICE):
        await team.start("full")
    message = f"{PER_DEVICE_MESSAGE}, and there is no room on 2 of the 3 targeted devices"
    facts = {"limit": 2, "active": 2, "blocked_devices": 2, "targeted_devices": 3}
    assert await team.refused(team.start()) == (message, facts)
    assert await team.shown_on(phones[2]) == set()


async def test_the_limit_of_the_account_is_told_as_it_ever_was(strict: Core) -> None:
    team = await Team.of(strict)
    await team.phone()
    for limit in (1, PER_DEVICE):
        await team.account.owner.UpdateAccount(max_live_activities=limit)
        await team.start()
        message = f"Only {limit} concurrent Live Activities are allowed per account"
        assert await team.refused(team.start()) == (message, {"limit": limit, "active": limit})


async def test_what_was_dismissed_or_has_ended_does_not_count(strict: Core) -> None:
    team = await Team.of(strict)
    phone = await team.phone()
    dismissed, ended = (await team.start()).activity_id, (await team.start()).activity_id
    await phone.caller.ReportLiveActivityDismissed(activity_id=dismissed)
    third = (await team.start()).activity_id
    await team.refused(team.start())
    await team.end(ended)
    fourth = (await team.start()).activity_id
    await team.refused(team.start())
    assert await team.shown_on(phone) == {third, fourth}


async def test_a_phone_that_was_paired_after_a_start_has_room(strict: Core) -> None:
    team = await Team.of(strict)
    await team.phone("ops")
    for _ in range(PER_DEVICE):
        await team.start()
    await team.phone("new")
    await team.start("new")
    await team.refused(team.start("ops"))


async def test_a_stream_needs_no_room_for_its_next_activity(strict: Core) -> None:
    team = await Team.of(strict)
    phone = await team.phone("full")
    other, before = (await team.start("full")).activity_id, (await team.put("s", "full")).activity_id
    rotated = await team.put("s", "full", state=OTHER_TYPE)
    assert (rotated.operation, rotated.previous_activity_id) == (ROTATED, before)
    assert await team.shown_on(phone) == {other, rotated.activity_id}


async def test_a_stream_needs_room_on_phones_that_it_turns_to(strict: Core) -> None:
    team = await Team.of(strict)
    mine, full = await team.phone("mine"), await team.phone("full")
    await team.start("full")
    shown = (await team.put("s", "mine")).activity_id
    await team.start("full")
    assert await team.refused(team.put("s", "full")) == (PER_DEVICE_MESSAGE, {"limit": 2, "active": 2})
    assert await team.shown_on(mine) == {shown}
    assert len(await team.shown_on(full)) == PER_DEVICE


async def test_a_phone_without_room_that_has_joined_does_not_keep_a_stream_from_going_on(
    strict: Core, clock: TravelClock
) -> None:
    """Its next activity is for the same channels, by a PUT or by itself, and is left out there."""
    team = await Team.of(strict)
    first = await team.phone("ops")
    shown = (await team.put("s", "ops")).activity_id
    joined = await team.phone("ops", "mine")
    own = {(await team.start("mine")).activity_id for _ in range(PER_DEVICE)}
    rotated = (await team.put("s", "ops", state=OTHER_TYPE)).activity_id
    assert await team.shown_on(first) == {rotated} != {shown}
    assert await team.shown_on(joined) == own
    await team.put("s", "ops", state=OTHER_TYPE | {"current_step": 2})
    clock.ahead += dt.timedelta(hours=7, minutes=46)

    async def is_renewed() -> bool:
        return bool(await team.shown_on(first) - {rotated})

    await eventually_async("the stream has another activity", is_renewed)
    assert await team.shown_on(joined) == own


@pytest.mark.parametrize("way", ["start", "put"])
async def test_starts_at_once_on_two_cores_never_exceed_it(strict: Core, clock: TravelClock, way: str) -> None:
    team = await Team.of(strict)
    phone = await team.phone()
    secret = team.backend.secret
    async with start_core(
        strict.database_url,
        clock=clock,
        delivery_wait=0.0,
        max_live_activities=50,
        max_live_activities_per_device=PER_DEVICE,
    ) as second:
        callers = [core.caller(secret) for core in (strict, second)]
        calls = [
            callers[number % 2].StartLiveActivity(content_state=STATE)
            if way == "start"
            else callers[number % 2].PutLiveActivityStream(stream_key=f"s{number}", content_state=STATE)
            for number in range(16)
        ]
        answers = await asyncio.gather(*calls, return_exceptions=True)
    started = {answer.activity_id for answer in answers if not isinstance(answer, BaseException)}
    assert len(started) == PER_DEVICE
    assert await team.shown_on(phone) == started


# --- end_oldest ---


async def test_the_oldest_that_a_full_phone_shows_gives_way(giving_way: Core, still: StillClock) -> None:
    team = await Team.of(giving_way, still)
    phone, elsewhere = await team.phone("full"), await team.phone("free")
    on_another = (await team.start("free")).activity_id
    oldest, newer = (await team.start("full")).activity_id, (await team.start("full")).activity_id
    answer = await team.start("full")
    assert answer.ended_activity_id == oldest
    assert await team.shown_on(phone) == {newer, answer.activity_id}
    assert await team.shown_on(elsewhere) == {on_another}
    put = await team.put("s", "full")
    assert put.ended_activity_id == newer
    assert await team.shown_on(phone) == {answer.activity_id, put.activity_id}
    error = await refusal(team.backend.UpdateLiveActivity(activity_id=oldest, content_state=STATE))
    assert error.reason == "LIVE_ACTIVITY_ENDED"


async def test_a_full_phone_is_sent_the_end_first_and_the_start_a_moment_later(
    giving_way: Core, still: StillClock
) -> None:
    team = await Team.of(giving_way, still)
    full, free = await team.phone("full"), await team.phone("free")
    oldest = (await team.start("full")).activity_id
    await team.start("full")
    live = "UPDATE live_activity_devices SET phase = 'live', update_token = 'ab', leased = false WHERE activity_id = %s"
    await giving_way.sql(live, oldest)
    started = (await team.start()).activity_id
    query = "SELECT device_id::text, next_at - %s FROM live_activity_devices WHERE activity_id = %s AND attempt = 0"

    async def others_are_sent() -> bool:
        rows = await giving_way.sql(query, still.moment, oldest) + await giving_way.sql(query, still.moment, started)
        return [row[0] for row in rows] == [full.id]

    await eventually_async("the end and the other phone's start are sent", others_are_sent)
    assert await giving_way.sql(query, still.moment, started) == [(full.id, dt.timedelta(seconds=1))]
    still.go_on()

    async def all_are_sent() -> bool:
        return not await giving_way.sql(query, still.moment, started)

    await eventually_async("the start is sent to the full phone", all_are_sent)
    assert started in await team.shown_on(free) & await team.shown_on(full)


async def test_only_one_gives_way_and_only_if_that_is_enough_everywhere(giving_way: Core, still: StillClock) -> None:
    team = await Team.of(giving_way, still)
    phones = [await team.phone("a"), await team.phone("b")]
    on_a = [(await team.start("a")).activity_id for _ in range(PER_DEVICE)]
    await team.start("b")
    both_are_needed = await team.start("b")
    why = f"{PER_DEVICE_MESSAGE}. There is no single one that could be ended to make room"
    assert await team.refused(team.start()) == (why, {"limit": 2, "active": 2})
    assert await team.shown_on(phones[0]) == set(on_a)
    await team.end(both_are_needed.activity_id)
    on_both = await team.start()
    assert on_both.ended_activity_id == on_a[0]
    # The oldest on one of them is not on the other: the one that both show gives way, though it is newer.
    assert (await team.start()).ended_activity_id == on_both.activity_id


async def test_a_key_ends_only_what_it_may_end(giving_way: Core, still: StillClock) -> None:
    team = await Team.of(giving_way, still)
    phone = await team.phone("mine", "theirs")
    theirs = (await team.start("theirs")).activity_id
    for_all = (await team.start()).activity_id
    scoped = (await team.account.add_key(scope=API_KEY_SCOPE_CHANNELS, channels=["mine"]))[1]
    caller = giving_way.caller(scoped)
    await team.refused(team.start("mine", by=caller))
    assert await team.shown_on(phone) == {theirs, for_all}
    await team.end(for_all)
    own = (await team.start("mine", by=caller)).activity_id
    assert (await team.start("mine", by=caller)).ended_activity_id == own
    assert theirs in await team.shown_on(phone)


async def test_what_gives_way_leaves_the_count_of_the_account_too(giving_way: Core, still: StillClock) -> None:
    team = await Team.of(giving_way, still)
    await team.phone("full")
    await team.phone("free")
    await team.account.owner.UpdateAccount(max_live_activities=PER_DEVICE + 1)
    oldest, _ = await team.start("full"), await team.start("full")
    await team.start("free")
    assert (await team.start("full")).ended_activity_id == oldest.activity_id
    message, facts = await team.refused(team.start("free"))
    assert (message, facts) == (
        "Only 3 concurrent Live Activities are allowed per account", {"limit": 3, "active": 3}
    )  # fmt: skip


async def test_a_resumed_stream_makes_room_too(giving_way: Core, still: StillClock) -> None:
    team = await Team.of(giving_way, still)
    phone, owner = await team.phone(), team.account.owner
    await team.put("s")
    await owner.PauseLiveActivityStream(stream_key="s")
    oldest, newer = (await team.start()).activity_id, (await team.start()).activity_id
    still.go_on()
    resumed = await owner.ResumeLiveActivityStream(stream_key="s")
    assert resumed.ended_activity_id == oldest
    assert await team.shown_on(phone) == {newer, resumed.activity_id}


async def test_a_resumed_stream_that_finds_no_room_stays_paused(strict: Core) -> None:
    team = await Team.of(strict)
    phone, owner = await team.phone(), team.account.owner
    await team.put("s")
    await owner.PauseLiveActivityStream(stream_key="s")
    shown = {(await team.start()).activity_id for _ in range(PER_DEVICE)}
    assert await team.refused(owner.ResumeLiveActivityStream(stream_key="s")) == (
        PER_DEVICE_MESSAGE, {"limit": 2, "active": 2}
    )  # fmt: skip
    assert await team.shown_on(phone) == shown
    await team.end(shown.pop())
    assert (await owner.ResumeLiveActivityStream(stream_key="s")).activity_id in await team.shown_on(phone)
