"""Whatever happens in whatever order, a browser ends on the last state, and what has ended stays ended."""

import asyncio
import datetime as dt
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core_service.devices.models import Environment
from core_service.live_activities.reconcile.reconciler import LEASE
from core_service.phones import live_activity_queries as queries
from core_service.sending.port import OnOutcome, Outcome, OutcomeKind, Push
from service_kit.database import Pool
from tests.core.live_screen import ACCEPTED, Card, InFlight, ScreenedPhone
from tests.core.live_world import World

EXAMPLES = int(os.environ.get("SMITH_TEST_EXAMPLES", "0"))
"""So many at random, instead of a few that are the same each time."""

Operation = tuple[str, tuple[Any, ...]]
Script = list[tuple[Operation, bool]]


class BrowserScreen(ScreenedPhone):
    """What the page's worker makes of pushes: of each activity a notification, which only newer versions change."""

    def take(self, push: InFlight) -> Outcome:
        """Applies the push; the push service's answer."""
        if push.target.token != self.start_token:
            return Outcome(OutcomeKind.TOKEN_DEAD, "SubscriptionGone")
        smith = push.aps
        if push.activity_id in self.dismissed:
            return ACCEPTED
        card = self.cards.setdefault(push.activity_id, Card(0, 0, "", alive=False))
        if smith["version"] > card.timestamp:
            card.number, card.timestamp = smith["state"]["percentage"], smith["version"]
            card.alive = smith["event"] != "end"
        if (replaced := self.cards.get(smith.get("replaces", ""))) is not None:
            replaced.alive = False
        return ACCEPTED


class BrowserWorld(World):
    """The same with a browser in the place of the phone."""

    def __init__(self, pool: Pool, environment: Environment) -> None:
        super().__init__(pool)
        self.environment = environment
        self.phone = BrowserScreen(self._new_subscription())
        self.subscriptions = 1

    @staticmethod
    def _new_subscription(number: int = 1) -> str:
        return f"https://push.example/{os.urandom(8).hex()} point{number} secret"

    async def begin(self) -> None:
        """Makes everything, and the browser of it."""
        await super().begin()
        async with self.pool.connection() as connection:
            await connection.execute(
                "UPDATE devices SET environment = %s, push_token = push_to_start_token WHERE id = %s",
                (self.environment.value, self.device_id),
            )

    def submit(self, push: Push, on_outcome: OnOutcome) -> None:
        """Takes a push, as a sender does."""
        [target] = push.targets
        assert push.web is not None
        smith = json.loads(push.web(None))["notification"]["data"]["smith"]
        activity_id = smith["id"]
        others = [one for one in self.in_flight if one.activity_id == activity_id]
        assert all(self.now - one.sent_at >= LEASE for one in others), "two pushes in flight for one activity"
        assert activity_id not in self.phone.dismissed, "a push for a dismissed activity"
        before = self.sent.setdefault(activity_id, [])
        if before:
            last = before[-1]
            assert smith["version"] >= last["version"], "an older state"
            assert smith["timestamp"] >= last["timestamp"], "a timestamp that goes back"
            assert last["event"] != "end" or smith["event"] == "end", "something after the end"
        if self.environment is Environment.WEB_APPLE:
            assert smith["event"] != "update", "a notification that rings for nothing"
        before.append(smith)
        self.in_flight.append(InFlight(smith, activity_id, target, on_outcome, self.now))

    async def report_new(self) -> None:
        """A browser has no update tokens."""

    async def rotate_start_token(self) -> None:
        """The browser has another subscription."""
        self.subscriptions += 1
        self.phone.start_token = self._new_subscription(self.subscriptions)

    async def report_start_token(self) -> None:
        """Its page reports the subscription."""
        parameters = {"device_id": self.device_id, "now": self.now, "token": self.phone.start_token}
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(
                "UPDATE devices SET push_token = %(token)s, push_token_dead_reason = NULL,"
                " push_to_start_token = %(token)s, push_to_start_token_registered_at = %(now)s,"
                " push_to_start_token_dead_reason = NULL WHERE id = %(device_id)s",
                parameters,
            )
            await connection.execute(queries.OWE_STARTS, parameters)
            await connection.execute(queries.RENEW, parameters)

    async def come_to_rest(self) -> None:
        """Everything works from now on, and time enough passes."""
        for _ in range(6):
            await self.report_start_token()
            while await self.claim() or self.in_flight:
                while self.in_flight:
                    await self.answer(0, "none")
            self.now += dt.timedelta(seconds=181)


PLAIN = ("update", "update", "update", "end", "rotate", "dismiss", "rotate_start_token", "report_start_token")
FAULTS = ["none", "none", "none", "lost", "unheard", "refused", "crash"]
SECONDS = [0.2, 1.0, 11.0, 21.0, 31.0, 61.0, 181.0]


def operations() -> st.SearchStrategy[Operation]:
    """Something that happens."""
    plain = st.sampled_from(PLAIN).map(lambda name: (name, ()))
    answers = st.tuples(st.just("answer"), st.tuples(st.integers(0, 2), st.sampled_from(FAULTS)))
    waits = st.tuples(st.just("wait"), st.tuples(st.sampled_from(SECONDS)))
    return st.one_of(plain, answers, answers, waits)


async def play(pool: Pool, script: Script, environment: Environment) -> None:
    """Plays what happens, lets everything come to rest, and looks at the browser."""
    world = BrowserWorld(pool, environment)
    await world.begin()
    for (name, arguments), claims in script:
        await getattr(world, name)(*arguments)
        if claims:
            await world.claim()
    await world.come_to_rest()
    assert await world.scheduled() == []
    if environment is Environment.WEB_APPLE:
        return
    present, cards = await world.present(), world.phone.cards
    assert not any(cards[one].alive for one in world.activity_ids[:-1] if one in cards), "a replaced one is shown still"
    if present.id in world.phone.dismissed:
        return
    card = cards.get(present.id)
    assert (card is not None and card.alive) is (present.ended_at is None)
    assert card is None or card.number == present.fields["percentage"]


@pytest.mark.thorough
@pytest.mark.parametrize("environment", [Environment.WEB_GOOGLE, Environment.WEB_APPLE])
@settings(
    max_examples=EXAMPLES or 80,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(script=st.lists(st.tuples(operations(), st.sampled_from([True, True, True, False])), min_size=5, max_size=25))
@pytest.mark.slow
def test_the_browser_ends_on_the_last_state(
    runner: asyncio.Runner, runner_pool: Pool, environment: Environment, script: Script
) -> None:
    runner.run(play(runner_pool, script, environment))


def test_a_start_that_comes_after_its_successors_is_taken_away(runner: asyncio.Runner, runner_pool: Pool) -> None:
    again, last_comes_first = ("wait", (21.0,)), ("answer", (2, "none"))
    script: Script = [(("update", ()), True), (again, True), (("rotate", ()), True), (last_comes_first, True)]
    runner.run(play(runner_pool, script, Environment.WEB_GOOGLE))
