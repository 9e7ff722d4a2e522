"""What members are told when a line to APNs stands still."""

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_SANDBOX
from smith.core.v1.status_service_pb2 import DESTINATION_UNSPECIFIED

from core_service.common.orm import now
from core_service.events.service import EventBus, EventType, Watcher
from core_service.sending.line import Alarm, Line, LineNews
from core_service.sending.line_courier import LineCourier
from core_service.sending.port import About, OnOutcome, Outcome, Push, PushEvent, Target, Verdict
from core_service.status.convert import to_response
from core_service.status.destinations import UNKNOWN
from core_service.status.service import ServerStatus
from service_kit.database import Pool, create_request_pool
from tests.core.harness import Account, Core

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY_WRONG = Outcome(Verdict.MISCONFIGURED, "InvalidProviderToken")
BAD_TOKEN = Outcome(Verdict.TOKEN_DEAD, "BadDeviceToken")
TOPIC_WRONG = Outcome(Verdict.MISCONFIGURED, "TopicDisallowed")
ACCEPTED = Outcome(Verdict.ACCEPTED)


class Apns:
    """Says the same of every push."""

    says = ACCEPTED

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """See Courier."""
        for target in push.targets:
            on_outcome(target, self.says)


class Lines:
    """A courier, and what is told of it."""

    def __init__(self, pool: Pool) -> None:
        self.apns, self.events, self.woken, self.clock, self.steady = Apns(), EventBus(), 0, 0.0, 0.0
        self.courier = LineCourier(self.apns, clock=lambda: self.clock)
        self.status = ServerStatus(self.courier, self.events, pool, now, steady=lambda: self.steady)
        self.status.wakes(self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def send(self, says: Outcome, bundle_id: str = "com.example.app", *, account_id: uuid.UUID | None = None) -> None:
        """A push, a minute after the one before."""
        self.clock += 60
        self.apns.says = says
        target = Target(uuid.uuid4(), uuid.uuid4(), uuid.uuid4().hex, "sandbox", bundle_id, uuid.uuid4())
        about = About(account_id, "a subject", PushEvent.ALERT) if account_id else None
        push = Push(b"{}", dt.datetime.now(dt.UTC), about=about, targets=[target])
        self.courier.submit(push, lambda _, outcome: None)


@pytest_asyncio.fixture(loop_scope="session")
async def lines(core: Core) -> AsyncIterator[Lines]:
    """Lines of the test's own."""
    async with create_request_pool(core.database_url, max_size=2) as pool:
        yield Lines(pool)


async def test_members_are_told_that_all_is_well(account: Account) -> None:
    status = await account.owner.GetServerStatus()
    assert list(status.alarms) == []
    # There is no delivery service here that could tell.
    assert (status.pushes, status.mails) == (DESTINATION_UNSPECIFIED, DESTINATION_UNSPECIFIED)
    assert list((await (await account.add_member())[1].GetServerStatus()).alarms) == []


async def test_an_app_that_only_others_have_is_nobody_elses_business(
    lines: Lines, account: Account, stranger: Account
) -> None:
    phone = await account.add_startable_phone()
    await account.core.sql("UPDATE devices SET bundle_id = 'com.example.secret' WHERE id = %s", phone.id)
    await stranger.add_startable_phone()
    lines.send(TOPIC_WRONG, "com.example.secret")
    [alarm] = await lines.status.alarms(uuid.UUID(account.id))
    assert (str(alarm.line), alarm.reason) == ("sandbox com.example.secret", "TopicDisallowed")
    assert await lines.status.alarms(uuid.UUID(stranger.id)) == []
    lines.send(KEY_WRONG)
    assert [str(one.line) for one in await lines.status.alarms(uuid.UUID(stranger.id))] == ["sandbox"]
    assert not lines.status.is_well


async def test_every_accounts_watchers_are_told_once_of_a_stop_and_once_of_its_end(lines: Lines) -> None:
    with lines.events.watch(uuid.uuid4()) as one, lines.events.watch(uuid.uuid4()) as other:
        for says in (KEY_WRONG, KEY_WRONG, ACCEPTED, ACCEPTED):
            lines.send(says)
        for watcher in (one, other):
            batch = await asyncio.wait_for(anext(aiter(watcher)), 5)
            assert [(event.type, event.reason) for event in batch.events] == [
                (EventType.DELIVERY_STOPPED, "InvalidProviderToken"),
                (EventType.DELIVERY_RESUMED, "InvalidProviderToken"),
            ]
    assert lines.woken == 1
    assert lines.status.is_well


async def test_an_account_that_stops_itself_alone_hears_of_it_alone(
    lines: Lines, account: Account, stranger: Account
) -> None:
    for one in (account, stranger):
        phone = await one.add_startable_phone()
        await one.core.sql("UPDATE devices SET bundle_id = 'com.example.app' WHERE id = %s", phone.id)
    account_id, other = uuid.UUID(account.id), uuid.UUID(stranger.id)
    with lines.events.watch(account_id) as its_own, lines.events.watch(other) as others:
        for _ in range(6):
            lines.send(BAD_TOKEN, account_id=account_id)
        batch = await asyncio.wait_for(anext(aiter(its_own)), 5)
        assert [event.type for event in batch.events] == [EventType.DELIVERY_STOPPED]
        lines.send(KEY_WRONG)
        batch = await asyncio.wait_for(anext(aiter(others)), 5)
        assert [event.reason for event in batch.events] == ["InvalidProviderToken"]
    told = to_response(await lines.status.alarms(account_id), (), UNKNOWN).alarms
    assert [(alarm.line, alarm.reason) for alarm in told] == [
        ("sandbox com.example.app", "BadDeviceToken"),
        ("sandbox", "InvalidProviderToken"),
    ]
    assert [alarm.reason for alarm in await lines.status.alarms(other)] == ["InvalidProviderToken"]


ELSEWHERE = Alarm(
    Line("sandbox", None, every_app=True), "InvalidProviderToken", "", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
)


async def told(watcher: Watcher) -> list[EventType]:
    """What the watcher has been told and not read yet."""
    return [event.type for event in (await asyncio.wait_for(anext(watcher), 5)).events]


async def test_a_line_that_stands_still_in_two_cores_is_one_alarm(lines: Lines) -> None:
    with lines.events.watch(uuid.uuid4()) as watcher:
        lines.status.heard("other", LineNews((ELSEWHERE,)))
        assert not lines.status.is_well
        lines.send(KEY_WRONG)
        [alarm] = await lines.status.alarms(uuid.uuid4())
        assert alarm.line == ELSEWHERE.line
        assert await told(watcher) == [EventType.DELIVERY_STOPPED]
        lines.send(ACCEPTED)
        assert not lines.status.is_well
        lines.status.heard("other", LineNews())
        assert await told(watcher) == [EventType.DELIVERY_RESUMED]
    assert lines.status.is_well


async def test_the_alarms_of_a_core_that_has_died_die_with_it(lines: Lines) -> None:
    with lines.events.watch(uuid.uuid4()) as watcher:
        lines.status.heard("dead", LineNews((ELSEWHERE,)))
        lines.steady += 14
        lines.status.review()
        assert not lines.status.is_well
        lines.steady += 2
        lines.status.review()
        assert await told(watcher) == [EventType.DELIVERY_STOPPED, EventType.DELIVERY_RESUMED]
    assert lines.status.is_well


async def test_a_push_that_another_core_could_send_sets_the_line_going(lines: Lines) -> None:
    """It may have taken the only one there was to try the line with."""
    lines.send(KEY_WRONG)
    assert not lines.status.is_well
    lines.status.heard("other", LineNews(working=(ELSEWHERE.line,)))
    assert lines.status.is_well
    assert lines.woken == 1


async def test_the_others_are_told_once_when_a_push_goes_over_a_line_that_they_stopped(lines: Lines) -> None:
    lines.send(ACCEPTED)
    lines.status.heard("other", LineNews((ELSEWHERE,)))
    assert lines.status.news() == LineNews()
    lines.send(ACCEPTED)
    assert lines.status.news() == LineNews(working=(ELSEWHERE.line,))
    assert lines.status.news() == LineNews()


async def test_accounts_in_one_hand_that_make_up_tokens_alarm_no_other(lines: Lines, account: Account) -> None:
    phone = await account.add_phone()
    await phone.caller.PutDeviceTokens(
        push_token=uuid.uuid4().hex, environment=APNS_ENVIRONMENT_SANDBOX, bundle_id="com.example.app"
    )
    attackers = [uuid.uuid4() for _ in range(2)]
    for _ in range(20):
        for attacker in attackers:
            lines.send(BAD_TOKEN, account_id=attacker)
    assert await lines.status.alarms(uuid.UUID(account.id)) == []
    for attacker in attackers:
        assert [alarm.line.account_id for alarm in lines.courier.alarms() if alarm.line.account_id == attacker]
