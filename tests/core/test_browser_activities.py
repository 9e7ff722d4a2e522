"""Live Activities in browsers: the newest state, as often as a browser can bear it, and one notification for each."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from smith.delivery.v1.delivery_pb2 import Outcome
from smith.delivery.v1.reason_pb2 import OUTCOME_KIND_RETRY, OUTCOME_KIND_TOKEN_DEAD

from tests.core.browser_rig import PAGE, subscription, token_of
from tests.core.conftest import NewDatabase
from tests.core.harness import Account, Caller, Core, Phone, start_account, start_core
from tests.core.live_rig import MANY, HeldClock, TravelClock, step, tick
from tests.core.told_delivery import Attempt, ToldDelivery, told_delivery
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

GOOGLES, APPLES = "fcm.googleapis.com", "web.push.apple.com"
LOST = Outcome(kind=OUTCOME_KIND_RETRY, reason="PushServiceConnectionLost", retry_after_ms=1, maybe_accepted=True)
GONE = Outcome(kind=OUTCOME_KIND_TOKEN_DEAD, reason="SubscriptionGone")
ALERT = {"title": "Look", "body": "It is slow"}
KEY = "nightly"
WAIT = 20.0


@dataclass(frozen=True)
class Browser:
    """A browser, and what was sent to it."""

    device: Phone
    token: str
    delivery: ToldDelivery

    def sent(self, activity_id: str) -> list[Attempt]:
        """The pushes of the activity, oldest first."""
        return [one for one in self.delivery.of(self.token) if one.browser["tag"] == activity_id]

    def events(self, activity_id: str) -> list[str]:
        """What they do."""
        return [str(one.browser["data"]["smith"]["event"]) for one in self.sent(activity_id)]

    async def nth(self, number: int, activity_id: str) -> Attempt:
        """The activity's push of this number, from 1, as soon as it comes."""

        async def came() -> bool:
            return len(self.sent(activity_id)) >= number

        await eventually_async(f"push {number} comes", came)
        return self.sent(activity_id)[number - 1]


@dataclass
class Team:
    """An account, its backend, and the server's clock."""

    account: Account
    backend: Caller
    clock: TravelClock
    delivery: ToldDelivery

    async def browser(self, host: str = GOOGLES) -> Browser:
        """A new browser."""
        device, reported = await self.account.add_phone(), subscription(host, page_url=PAGE)
        await device.caller.PutWebSubscription(**reported)
        return Browser(device, token_of(reported), self.delivery)

    async def start(self, state: dict[str, Any]) -> str:
        """A new activity, which all devices get at once."""
        answer = await self.backend.StartLiveActivity(content_state=state)
        assert answer.devices_queued == 0
        return str(answer.activity_id)

    async def update(self, activity_id: str, state: dict[str, Any], **other: Any) -> tuple[int, int]:
        """Another state; how many devices have it, and how many are owed it."""
        answer = await self.backend.UpdateLiveActivity(activity_id=activity_id, content_state=state, **other)
        return answer.devices_notified, answer.devices_queued

    async def end(self, activity_id: str, state: dict[str, Any]) -> None:
        """The end, which all devices get at once."""
        answer = await self.backend.EndLiveActivity(activity_id=activity_id, content_state=state)
        assert answer.devices_queued == 0

    async def put(self, state: dict[str, Any]) -> str:
        """The activity that shows the stream's next state."""
        return str((await self.backend.PutLiveActivityStream(stream_key=KEY, content_state=state)).activity_id)

    async def later(self, seconds: float) -> None:
        """Time passes, and what is due by then is sent and settled."""
        self.clock.ahead += dt.timedelta(seconds=seconds)

        async def nothing_is_due() -> bool:
            return not await self.account.core.sql(
                "SELECT 1 FROM live_activity_devices WHERE account_id = %s AND (next_at <= %s OR leased)",
                *(self.account.id, self.clock()),
            )

        await eventually_async("all that is due is sent", nothing_is_due)

    async def rests(self, activity_id: str) -> None:
        """Returns once nothing is to happen to the activity on any device."""

        async def nothing_is_scheduled() -> bool:
            query = "SELECT 1 FROM live_activity_devices WHERE activity_id = %s AND (next_at IS NOT NULL OR leased)"
            return not await self.account.core.sql(query, activity_id)

        await eventually_async("it rests", nothing_is_scheduled)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def delivery() -> AsyncIterator[ToldDelivery]:
    """A delivery service that keeps what it was sent."""
    async with told_delivery() as service:
        yield service


@pytest.fixture(scope="module")
def clock() -> TravelClock:
    """The server's."""
    return HeldClock()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def core(new_database: NewDatabase, delivery: ToldDelivery, clock: TravelClock) -> AsyncIterator[Core]:
    """A core that sends to it."""
    url = await asyncio.to_thread(new_database)
    # Answers wait for what is sent at once, however busy the machine is.
    async with start_core(url, delivery_address=delivery.address, clock=clock, delivery_wait=WAIT) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def team(core: Core, delivery: ToldDelivery, clock: TravelClock) -> Team:
    """A new account; pushes are accepted at once."""
    delivery.is_held = False
    account = await start_account(core)
    await account.owner.UpdateAccount(rate_limit_per_minute=MANY)
    return Team(account, core.caller((await account.add_key())[1]), clock, delivery)


async def test_a_start_is_shown_and_the_next_step_takes_its_place_30_seconds_later(team: Team) -> None:
    browser = await team.browser()
    activity_id = await team.start(step(1, subtitle="build"))
    [start] = browser.sent(activity_id)
    assert (start.title, start.browser["body"]) == ("Deploy", "step 1 of 100 · build")
    assert "silent" not in start.browser
    assert (start.push.priority, start.push.collapse_id) == (10, activity_id)

    assert await team.update(activity_id, step(2)) == (0, 1)
    assert await team.update(activity_id, step(3)) == (0, 1)
    await team.later(29)
    assert len(browser.sent(activity_id)) == 1
    await team.later(1)
    second = await browser.nth(2, activity_id)
    assert (second.browser["body"], second.browser["silent"]) == ("step 3 of 100", True), "the newest state alone"
    assert (second.push.priority, second.push.collapse_id) == (5, activity_id)
    smith = second.browser["data"]["smith"]
    assert (smith["event"], smith["version"], smith["state"]["current_step"]) == ("update", 3, 3)
    await team.rests(activity_id)


async def test_a_mere_tick_waits_180_seconds_after_the_last_push(team: Team) -> None:
    browser = await team.browser()
    activity_id = await team.start(tick(1))
    for percentage in range(2, 6):
        assert await team.update(activity_id, tick(percentage)) == (0, 1)
        await team.later(44)
    assert len(browser.sent(activity_id)) == 1
    await team.later(4)
    second = await browser.nth(2, activity_id)
    assert (second.browser["body"], second.push.priority) == ("5 %", 1)


async def test_a_step_shortens_the_rest_of_a_tick(team: Team) -> None:
    browser = await team.browser()
    activity_id = await team.start(step(1, subtitle="a"))
    assert await team.update(activity_id, step(1, subtitle="b")) == (0, 1)
    await team.later(31)
    assert len(browser.sent(activity_id)) == 1
    assert await team.update(activity_id, step(2, subtitle="b")) == (1, 0)
    assert browser.sent(activity_id)[-1].browser["body"] == "step 2 of 100 · b"


async def test_an_alert_and_an_end_wait_for_nothing(team: Team) -> None:
    browser = await team.browser()
    activity_id = await team.start(tick(1))
    assert await team.update(activity_id, tick(2)) == (0, 1)
    assert await team.update(activity_id, tick(3), alert=ALERT) == (1, 0)
    alerting = browser.sent(activity_id)[-1]
    assert (alerting.title, alerting.browser["body"]) == ("Look", "It is slow\n3 %")
    assert "silent" not in alerting.browser
    assert alerting.push.priority == 10
    await team.end(activity_id, tick(100))
    end = browser.sent(activity_id)[-1]
    assert (end.browser["body"], end.browser["silent"], end.push.priority) == ("100 %", True, 10)
    assert end.browser["data"]["smith"]["dismiss_at"] > end.browser["data"]["smith"]["timestamp"]
    assert browser.events(activity_id) == ["start", "update", "end"]


async def test_an_iphones_browser_is_told_of_starts_alerts_and_ends_and_of_nothing_else(team: Team) -> None:
    browser = await team.browser(APPLES)
    activity_id = await team.start(tick(1))
    for percentage in range(2, 5):
        assert await team.update(activity_id, tick(percentage)) == (0, 0), "nothing is owed, and no caller waits"
    assert await team.update(activity_id, step(5)) == (0, 0)
    await team.rests(activity_id)
    await team.later(3600)
    assert await team.update(activity_id, step(6), alert=ALERT) == (1, 0)
    assert await team.update(activity_id, step(7)) == (0, 0)
    await team.end(activity_id, step(8))
    assert browser.events(activity_id) == ["start", "update", "end"]
    assert [one.push.priority for one in browser.sent(activity_id)] == [10] * 3
    await team.rests(activity_id)


async def test_a_rotation_is_one_notification_and_on_an_iphone_none(team: Team) -> None:
    google, apple = await team.browser(), await team.browser(APPLES)
    first = await team.put(tick(1))
    second = await team.put(step(1))
    assert second != first
    await team.later(2)
    [start] = google.sent(second)
    assert start.browser["silent"] is True
    assert start.browser["data"]["smith"]["replaces"] == first
    assert google.events(first) == ["start"], "its notification is taken away by the next one's"
    assert (apple.events(first), apple.events(second)) == (["start"], [])
    await team.backend.DeleteLiveActivityStream(stream_key=KEY)
    assert (google.events(second), apple.events(second)) == (["start", "end"], ["end"])
    await team.rests(first)
    await team.rests(second)


async def test_a_browser_that_subscribes_again_gets_the_newest_state_in_silence(team: Team) -> None:
    browser, apple = await team.browser(), await team.browser(APPLES)
    activity_id = await team.start(step(1))
    team.delivery.is_held = True
    updating = asyncio.ensure_future(team.update(activity_id, step(2), alert=ALERT))
    (await browser.nth(2, activity_id)).answer(GONE)
    (await apple.nth(2, activity_id)).answer(GONE)
    await updating
    team.delivery.is_held = False

    async def both_are_dead() -> bool:
        rows = await team.account.core.sql(
            "SELECT push_token_dead_reason, push_to_start_token_dead_reason FROM devices WHERE id = ANY(%s::uuid[])",
            [browser.device.id, apple.device.id],
        )
        return rows == [("SubscriptionGone",) * 2] * 2

    await eventually_async("the subscriptions are dead for notifications too", both_are_dead)
    await team.rests(activity_id)
    assert (await team.update(activity_id, step(3)))[0] == 0
    await team.later(700)
    renewed = []
    for one, host in ((browser, GOOGLES), (apple, APPLES)):
        reported = subscription(host, page_url=PAGE)
        await one.device.caller.PutWebSubscription(**reported)
        renewed.append(Browser(one.device, token_of(reported), team.delivery))
    start = await renewed[0].nth(1, activity_id)
    assert (start.browser["body"], start.browser["silent"]) == ("step 3 of 100", True)
    await team.rests(activity_id)
    await team.end(activity_id, step(4))
    assert renewed[0].events(activity_id) == ["start", "end"]
    assert renewed[1].events(activity_id) == ["end"], "an iPhone shows it already"
    assert (len(browser.sent(activity_id)), len(apple.sent(activity_id))) == (2, 2)


async def test_a_start_whose_answer_is_lost_is_repeated_in_its_own_place(team: Team) -> None:
    browser = await team.browser()
    team.delivery.is_held = True
    starting = asyncio.ensure_future(team.backend.StartLiveActivity(content_state=step(1)))
    await team.delivery.nth(1, browser.token)
    activity_id = browser.delivery.of(browser.token)[0].browser["tag"]
    (await browser.nth(1, activity_id)).answer(LOST)
    team.delivery.is_held = False
    assert (await starting).activity_id == activity_id
    await team.later(2)
    first, again = (await browser.nth(1, activity_id)), (await browser.nth(2, activity_id))
    assert again.message == first.message, "the same version, so that the page knows it"
    assert await team.update(activity_id, step(2)) == (0, 1)


async def test_what_a_core_had_in_hand_when_it_died_is_sent_by_another_with_the_newest_state(team: Team) -> None:
    browser = await team.browser()
    activity_id = await team.start(step(1))
    await team.account.core.sql(
        "UPDATE live_activity_devices SET leased = true, sent_version = 2, sent_event = 'update', next_at = %s,"
        " attempt = attempt + 1 WHERE activity_id = %s",
        *(team.clock() + dt.timedelta(seconds=20), activity_id),
    )
    assert await team.update(activity_id, step(2), alert=ALERT) == (0, 1)
    assert await team.update(activity_id, step(3)) == (0, 1)
    await team.later(20)
    second = await browser.nth(2, activity_id)
    assert second.browser["data"]["smith"]["state"]["current_step"] == 3
    assert second.browser["data"]["smith"]["alerting"] is True
    await team.rests(activity_id)


async def test_a_rest_that_was_written_before_the_clock_was_set_back_is_none(team: Team) -> None:
    browser = await team.browser()
    activity_id = await team.start(tick(1))
    await team.account.core.sql(
        "UPDATE live_activity_devices SET paced_until = %s WHERE activity_id = %s",
        *(team.clock() + dt.timedelta(hours=1), activity_id),
    )
    assert await team.update(activity_id, tick(2)) == (1, 0)
    assert len(browser.sent(activity_id)) == 2


async def test_one_account_may_have_phones_and_browsers_and_each_has_its_own_pace(team: Team) -> None:
    google, apple = await team.browser(), await team.browser(APPLES)
    phone = await team.account.add_startable_phone()
    answer = await team.backend.StartLiveActivity(content_state=step(1))
    assert (answer.devices_notified, answer.devices_queued) == (3, 0)
    activity_id, token = answer.activity_id, "ab" * 32
    await phone.caller.PutLiveActivityToken(activity_id=activity_id, token=token)
    await team.rests(activity_id)
    assert await team.update(activity_id, step(2)) == (1, 1), "the phone has it, and Google's is owed it"
    [update] = team.delivery.of(token)
    assert (update.aps["event"], update.aps["content-state"]["current_step"]) == ("update", 2)
    await team.later(30)
    await google.nth(2, activity_id)
    assert google.events(activity_id) == ["start", "update"]
    assert apple.events(activity_id) == ["start"]
    await team.end(activity_id, step(3))
    assert google.events(activity_id)[-1] == apple.events(activity_id)[-1] == team.delivery.of(token)[-1].aps["event"]


async def test_what_a_person_has_dismissed_is_pushed_no_more(team: Team) -> None:
    browser = await team.browser()
    activity_id = await team.start(step(1))
    await browser.device.caller.ReportLiveActivityDismissed(activity_id=activity_id)
    assert await team.update(activity_id, step(2), alert=ALERT) == (0, 0)
    await team.end(activity_id, step(3))
    assert browser.events(activity_id) == ["start"]


async def test_a_browser_that_is_unpaired_shows_nothing_of_any_activity(team: Team) -> None:
    google, apple = await team.browser(), await team.browser(APPLES)
    shown = [await team.start(step(1)), await team.start(tick(1))]
    for one in (google, apple):
        await team.account.owner.DeleteDevice(device_id=one.device.id)
    for activity_id in shown:
        end = await google.nth(2, activity_id)
        assert (end.title, end.browser["silent"]) == ("Unpaired", True)
        assert end.browser["data"]["smith"]["event"] == "end"
        assert "Deploy" not in str(end.message)
        assert apple.events(activity_id) == ["start"], "there it would only ring"
    await all_withdrawn(team)


async def test_a_browser_that_has_gone_is_not_told_to_take_anything_away_for_ever(team: Team) -> None:
    browser = await team.browser()
    activity_id = await team.start(step(1))
    team.delivery.is_held = True
    await team.account.owner.DeleteDevice(device_id=browser.device.id)
    (await browser.nth(2, activity_id)).answer(GONE)
    await all_withdrawn(team)
    assert browser.events(activity_id) == ["start", "end"]


async def all_withdrawn(team: Team) -> None:
    """Returns once nothing of the account is to be taken off a screen."""

    async def none_is_owed() -> bool:
        query = "SELECT 1 FROM live_activity_withdrawals WHERE account_id = %s"
        return not await team.account.core.sql(query, team.account.id)

    await eventually_async("nothing is owed", none_is_owed)
