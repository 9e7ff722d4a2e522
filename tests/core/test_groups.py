"""Callers who come at the same time share a statement, and nothing else: neither a failure, nor a delay, nor a turn."""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack

import psycopg
import pytest

from core_service.work_queue import group as module
from core_service.work_queue.group import AT_ONCE, CROWD, Crowd, Group
from service_kit.errors import Unavailable
from tests.waiting import eventually_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOST_AT_ONCE = 1 + AT_ONCE
"""Statements: one for one item, the others for several."""
ACCOUNT, NEIGHBOUR = "account", "neighbour"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No statement is overdue, and nothing has waited for too long, however slow the machine, unless a test says so."""
    monkeypatch.setattr(module, "OVERDUE_SECONDS", 3600.0)
    monkeypatch.setattr(module, "WAIT_SECONDS", 3600.0)


@pytest.fixture
def impatience(patience: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statement is soon overdue."""
    monkeypatch.setattr(module, "OVERDUE_SECONDS", 0.02)


class Database:
    """Carries out statements when it is told to, and remembers what was in each. Poison is an item that it refuses."""

    def __init__(self, most: int = 100, gather_seconds: float = 0.0, most_waiting: int = 200) -> None:
        self.statements: list[list[str]] = []
        self.poison: set[str] = set()
        self.failure: Exception | None = None
        """What ends every statement for several items."""
        self.crowd = Crowd(gather_seconds)
        self._go = asyncio.Event()
        self.group: Group[str, str] = Group(
            "requests",
            self._alone,
            self._together,
            most=most,
            crowd=self.crowd,
            most_waiting=most_waiting,
        )

    def go(self) -> None:
        """Ends what is under way, and all later statements at once."""
        self._go.set()

    def ask(self, *items: str, key: str = ACCOUNT) -> "list[asyncio.Task[str]]":
        """A caller for each of the items."""
        return [asyncio.create_task(self.group.ask(key, item)) for item in items]

    async def until(self, count: int) -> None:
        """Returns when so many statements have begun."""

        async def begun() -> bool:
            return len(self.statements) >= count

        await eventually_async(f"{count} statements have begun", begun)

    async def _alone(self, item: str) -> str:
        return (await self._carry_out([item]))[0]

    async def _together(self, items: list[str]) -> Sequence[str]:
        return await self._carry_out(items)

    async def _carry_out(self, items: list[str]) -> list[str]:
        self.statements.append(items)
        await self._go.wait()
        if self.failure is not None and len(items) > 1:
            raise self.failure
        if self.poison.intersection(items):
            raise ValueError("poison")
        return [item.upper() for item in items]


async def test_a_caller_who_comes_alone_does_not_wait_for_company() -> None:
    database = Database(gather_seconds=3600.0)
    database.go()
    assert [await database.group.ask(ACCOUNT, item) for item in "abc"] == ["A", "B", "C"]
    assert database.statements == [["a"], ["b"], ["c"]]


async def test_those_who_come_while_a_statement_is_under_way_share_the_next() -> None:
    database = Database()
    tasks = database.ask("a")
    await database.until(1)
    tasks += database.ask("b", "c", "d")
    await asyncio.sleep(0)
    database.go()
    assert await asyncio.gather(*tasks) == ["A", "B", "C", "D"]
    assert database.statements == [["a"], ["b", "c", "d"]]


async def test_in_a_crowd_a_statement_waits_for_more() -> None:
    database = Database(gather_seconds=0.5)
    database.go()
    with ExitStack() as others:
        for _ in range(CROWD):
            others.enter_context(database.crowd)
        tasks = database.ask("a")
        await asyncio.sleep(0)
        tasks += database.ask("b", "c")
        assert await asyncio.gather(*tasks) == ["A", "B", "C"]
    assert await database.group.ask(ACCOUNT, "d") == "D"
    assert database.statements == [["a", "b", "c"], ["d"]]


async def test_an_item_with_which_no_statement_succeeds_fails_alone() -> None:
    database = Database()
    database.poison = {"c"}
    tasks = database.ask("a")
    await database.until(1)
    tasks += database.ask("b", "c", "d")
    await asyncio.sleep(0)
    database.go()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [results[0], results[1], results[3]] == ["A", "B", "D"]
    assert isinstance(results[2], ValueError)
    assert database.statements == [["a"], ["b", "c", "d"], ["b"], ["c"], ["d"]]


async def test_the_victim_of_a_deadlock_is_carried_out_one_by_one() -> None:
    database = Database()
    database.failure = psycopg.errors.DeadlockDetected("deadlock detected")
    tasks = database.ask("a")
    await database.until(1)
    tasks += database.ask("b", "c")
    await asyncio.sleep(0)
    database.go()
    assert await asyncio.gather(*tasks) == ["A", "B", "C"]


async def test_when_the_database_is_away_all_hear_of_it_and_nothing_is_tried_twice() -> None:
    database = Database()
    database.failure = psycopg.OperationalError("the connection is lost")
    tasks = database.ask("a")
    await database.until(1)
    tasks += database.ask("b", "c")
    await asyncio.sleep(0)
    database.go()
    assert await asyncio.gather(*tasks, return_exceptions=True) == ["A", database.failure, database.failure]
    assert database.statements == [["a"], ["b", "c"]]
    database.failure = None
    assert await asyncio.gather(*database.ask("d")) == ["D"]


async def test_a_caller_who_leaves_takes_back_only_what_has_not_begun() -> None:
    database = Database()
    [first] = database.ask("a")
    await database.until(1)
    waiting = database.ask("b", "c", "d")
    await asyncio.sleep(0)
    waiting[1].cancel()
    await asyncio.sleep(0)
    database.go()
    assert await asyncio.gather(*[first, waiting[0], waiting[2]]) == ["A", "B", "D"]
    assert database.statements == [["a"], ["b", "d"]]


@pytest.mark.usefixtures("impatience")
async def test_a_caller_who_leaves_ends_no_statement_of_others() -> None:
    database = Database()
    [first] = database.ask("a")
    await database.until(1)
    leaving, staying = database.ask("b", "c")
    await database.until(2)  # The first is overdue.
    leaving.cancel()
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    database.go()
    assert await staying == "C"
    assert database.statements == [["a"], ["b", "c"]]


@pytest.mark.usefixtures("impatience")
async def test_a_statement_that_hangs_holds_up_those_that_share_it_and_no_others() -> None:
    database = Database()
    tasks = []
    for number in range(1, MOST_AT_ONCE + 1):
        tasks += database.ask(f"hangs {number}")
        await database.until(number)
    tasks += database.ask("waits")
    assert len(database.statements) == MOST_AT_ONCE
    database.go()
    assert await tasks[-1] == "WAITS"
    await asyncio.gather(*tasks)


async def test_accounts_take_turns() -> None:
    database = Database(most=3)
    tasks = database.ask("a")
    await database.until(1)
    tasks += database.ask("b", "c", "d", "e") + database.ask("x", "y", key=NEIGHBOUR)
    await asyncio.sleep(0)
    database.go()
    await asyncio.gather(*tasks)
    assert database.statements == [["a"], ["b", "x", "c"], ["y", "d", "e"]]


async def test_too_many_of_an_account_are_refused_at_once_and_a_neighbour_is_not() -> None:
    database = Database(most_waiting=2)
    tasks = database.ask("a")
    await database.until(1)
    tasks += database.ask("b", "c")
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="Too many requests of this account"):
        await database.group.ask(ACCOUNT, "d")
    tasks += database.ask("x", key=NEIGHBOUR)
    database.go()
    assert await asyncio.gather(*tasks) == ["A", "B", "C", "X"]


@pytest.mark.usefixtures("impatience")
async def test_what_no_statement_begins_with_is_refused_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database()
    tasks = []
    for number in range(1, MOST_AT_ONCE + 1):
        tasks += database.ask(f"hangs {number}")
        await database.until(number)
    # Only now: those that hang have waited for their statements too, on a slow machine for longer than this.
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.1)
    with pytest.raises(Unavailable, match="The database is busy"):
        await database.group.ask(ACCOUNT, "waits")
    database.go()
    await asyncio.gather(*tasks)
    assert await database.group.ask(ACCOUNT, "later") == "LATER"
    assert ["waits"] not in database.statements
