"""What members are told when a route to APNs is stopped."""

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pydantic import TypeAdapter
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_SANDBOX
from smith.core.v1.status_service_pb2 import DESTINATION_UNSPECIFIED

from core_service.common.orm import now
from core_service.events.service import EventBus, EventType, Watcher
from core_service.sending.circuit_breaker import Alarm, Route, Step
from core_service.sending.guarded_sender import GuardedSender
from core_service.sending.port import About, Concern, Outcome, OutcomeKind, Push, PushEvent, Target
from core_service.status.convert import to_response
from core_service.status.destinations import UNKNOWN
from core_service.status.service import ServerStatus
from service_kit.database import Pool, create_request_pool
from tests.core.harness import DEADLINE_SECONDS, Account, Core
from tests.core.saying_sender import ACCEPTED, SayingSender

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY_WRONG = Outcome(OutcomeKind.MISCONFIGURED, "InvalidProviderToken", concern=Concern.SENDER)
BAD_TOKEN = Outcome(OutcomeKind.TOKEN_DEAD, "BadDeviceToken", concern=Concern.TOKEN_OR_SERVER)
TOPIC_WRONG = Outcome(OutcomeKind.MISCONFIGURED, "TopicDisallowed", concern=Concern.TOPIC)


class Routes:
    """A sender, and what is told of it."""

    def __init__(self, pool: Pool) -> None:
        self.apns, self.events, self.woken, self.clock, self.steady = SayingSender(), EventBus(), 0, 0.0, 0.0
        self.sender = GuardedSender(self.apns, clock=lambda: self.clock)
        self.status = ServerStatus(self.sender, self.events, pool, now, steady=lambda: self.steady)
        self.status.wakes(self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def send(self, says: Outcome, bundle_id: str = "com.example.app", *, account_id: uuid.UUID | None = None) -> None:
        """A push, a minute after the one before."""
        self.clock += 60
        self.apns.outcome = says
        target = Target(uuid.uuid4(), uuid.uuid4(), uuid.uuid4().hex, "sandbox", bundle_id, uuid.uuid4())
        about = About(account_id, "a subject", PushEvent.ALERT) if account_id else None
        push = Push(b"{}", dt.datetime.now(dt.UTC), about=about, targets=[target])
        self.sender.submit(push, lambda _, outcome: None)


@pytest_asyncio.fixture(loop_scope="session")
async def routes(core: Core) -> AsyncIterator[Routes]:
    """Routes of the test's own."""
    async with create_request_pool(core.database_url, max_size=2) as pool:
        yield Routes(pool)


async def test_members_are_told_that_all_is_well(account: Account) -> None:
    status = await account.owner.GetServerStatus()
    assert list(status.alarms) == []
    # There is no delivery service here that could tell.
    assert (status.pushes, status.mails) == (DESTINATION_UNSPECIFIED, DESTINATION_UNSPECIFIED)
    assert list((await (await account.add_member())[1].GetServerStatus()).alarms) == []


async def test_an_app_that_only_others_have_is_not_told(routes: Routes, account: Account, stranger: Account) -> None:
    phone = await account.add_startable_phone()
    await account.core.sql("UPDATE devices SET bundle_id = 'com.example.secret' WHERE id = %s", phone.id)
    await stranger.add_startable_phone()
    routes.send(TOPIC_WRONG, "com.example.secret")
    [alarm] = await routes.status.alarms(uuid.UUID(account.id))
    assert (str(alarm.route), alarm.reason) == ("sandbox com.example.secret", "TopicDisallowed")
    assert await routes.status.alarms(uuid.UUID(stranger.id)) == []
    routes.send(KEY_WRONG)
    assert [str(one.route) for one in await routes.status.alarms(uuid.UUID(stranger.id))] == ["sandbox"]
    assert not routes.status.is_well


async def test_every_accounts_watchers_are_told_once_of_a_stop_and_once_of_its_end(routes: Routes) -> None:
    with routes.events.watch(uuid.uuid4()) as one, routes.events.watch(uuid.uuid4()) as other:
        for says in (KEY_WRONG, KEY_WRONG, ACCEPTED, ACCEPTED):
            routes.send(says)
        for watcher in (one, other):
            batch = await asyncio.wait_for(anext(aiter(watcher)), DEADLINE_SECONDS)
            assert [(event.type, event.reason) for event in batch.events] == [
                (EventType.DELIVERY_STOPPED, "InvalidProviderToken"),
                (EventType.DELIVERY_RESUMED, "InvalidProviderToken"),
            ]
    assert routes.woken == 1
    assert routes.status.is_well


async def test_an_account_that_stops_itself_alone_hears_of_it_alone(
    routes: Routes, account: Account, stranger: Account
) -> None:
    for one in (account, stranger):
        phone = await one.add_startable_phone()
        await one.core.sql("UPDATE devices SET bundle_id = 'com.example.app' WHERE id = %s", phone.id)
    account_id, other = uuid.UUID(account.id), uuid.UUID(stranger.id)
    with routes.events.watch(account_id) as its_own, routes.events.watch(other) as others:
        for _ in range(6):
            routes.send(BAD_TOKEN, account_id=account_id)
        batch = await asyncio.wait_for(anext(aiter(its_own)), DEADLINE_SECONDS)
        assert [event.type for event in batch.events] == [EventType.DELIVERY_STOPPED]
        routes.send(KEY_WRONG)
        batch = await asyncio.wait_for(anext(aiter(others)), DEADLINE_SECONDS)
        assert [event.reason for event in batch.events] == ["InvalidProviderToken"]
    told = to_response(await routes.status.alarms(account_id), (), UNKNOWN).alarms
    assert [(alarm.line, alarm.reason) for alarm in told] == [
        ("sandbox com.example.app", "BadDeviceToken"),
        ("sandbox", "InvalidProviderToken"),
    ]
    assert [alarm.reason for alarm in await routes.status.alarms(other)] == ["InvalidProviderToken"]


async def test_a_push_service_that_is_stopped_is_no_matter_of_apples_credentials() -> None:
    stopped = [
        Alarm(Route(environment, Step.TOPIC), "TopicDisallowed", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        for environment in ("sandbox", "web_google")
    ]
    phones, browsers = to_response(stopped, [], UNKNOWN).alarms
    assert (phones.line, browsers.line) == ("sandbox (SMITH_APNS_TOPIC)", "web_google (page unknown)")
    assert "Settings checks the credentials." in phones.advice
    assert "Settings checks the credentials." not in browsers.advice


ELSEWHERE = Alarm(Route("sandbox", Step.SENDER), "InvalidProviderToken", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
NEWS = TypeAdapter(tuple[Alarm, ...]).dump_json((ELSEWHERE,)).decode()


async def told(watcher: Watcher) -> list[EventType]:
    """What the watcher has been told and not read yet."""
    return [event.type for event in (await asyncio.wait_for(anext(watcher), DEADLINE_SECONDS)).events]


async def test_a_route_that_is_stopped_in_two_cores_is_one_alarm(routes: Routes) -> None:
    with routes.events.watch(uuid.uuid4()) as watcher:
        routes.status.heard("other", NEWS)
        assert not routes.status.is_well
        routes.send(KEY_WRONG)
        [alarm] = await routes.status.alarms(uuid.uuid4())
        assert alarm.route == ELSEWHERE.route
        assert await told(watcher) == [EventType.DELIVERY_STOPPED]
        routes.send(ACCEPTED)
        assert not routes.status.is_well
        routes.status.heard("other", "[]")
        assert await told(watcher) == [EventType.DELIVERY_RESUMED]
    assert routes.status.is_well


@pytest.mark.parametrize("news", ["", "{}", "[{}]", '[{"route": 1, "reason": "x", "since": "y"}]', "no JSON"])
async def test_news_of_another_release_is_no_alarm_and_does_no_harm(routes: Routes, news: str) -> None:
    routes.status.heard("other", NEWS)
    routes.status.heard("other", news)
    assert routes.status.is_well


async def test_what_a_core_tells_another_hears(routes: Routes) -> None:
    routes.send(KEY_WRONG)
    told = routes.status.news()
    routes.send(ACCEPTED)
    assert routes.status.is_well
    routes.status.heard("other", told)
    [alarm] = await routes.status.alarms(uuid.uuid4())
    assert (str(alarm.route), alarm.reason) == ("sandbox", "InvalidProviderToken")


async def test_the_alarms_of_a_core_that_has_died_die_with_it(routes: Routes) -> None:
    with routes.events.watch(uuid.uuid4()) as watcher:
        routes.status.heard("dead", NEWS)
        routes.steady += 14
        routes.status.review()
        assert not routes.status.is_well
        routes.steady += 2
        routes.status.review()
        assert await told(watcher) == [EventType.DELIVERY_STOPPED, EventType.DELIVERY_RESUMED]
    assert routes.status.is_well


async def test_accounts_in_one_hand_that_make_up_tokens_alarm_no_other(routes: Routes, account: Account) -> None:
    phone = await account.add_phone()
    await phone.caller.PutDeviceTokens(
        push_token=uuid.uuid4().hex, environment=APNS_ENVIRONMENT_SANDBOX, bundle_id="com.example.app"
    )
    attackers = [uuid.uuid4() for _ in range(2)]
    for _ in range(20):
        for attacker in attackers:
            routes.send(BAD_TOKEN, account_id=attacker)
    assert await routes.status.alarms(uuid.UUID(account.id)) == []
    for attacker in attackers:
        assert [alarm.route.account_id for alarm in routes.sender.alarms() if alarm.route.account_id == attacker]
