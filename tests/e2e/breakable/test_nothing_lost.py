"""Whatever dies while requests pour in: what was answered with success is on the screen afterwards, once."""

import collections
import concurrent.futures
import threading
import time

import httpx
import pytest

from tests.stack import Stack
from tests.team import Phone, Team, push
from tests.waiting import LONG, eventually

CALLERS = 6
PAUSE_SECONDS = 0.1
"""Before a caller that was refused calls again: calls in vain would slow down the process that is being started."""
RECOVERY_SECONDS = 2 * LONG


class Load:
    """Backends that send pushes as fast as they are answered, and remember which were promised."""

    def __init__(self, team: Team, name: str) -> None:
        self._key = team.key()
        self._name = name
        self._stop = threading.Event()
        self.promised: list[str] = []
        self.refused: collections.Counter[int | str] = collections.Counter()

    def __enter__(self) -> "Load":
        self._pool = concurrent.futures.ThreadPoolExecutor(CALLERS)
        self._callers = [self._pool.submit(self._call, caller) for caller in range(CALLERS)]
        eventually("pushes are promised", lambda: len(self.promised) > 20)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for caller in self._callers:
            caller.result(timeout=2 * LONG)

    def more(self, count: int) -> None:
        """Returns once `count` further pushes have been promised."""
        goal = len(self.promised) + count
        eventually(f"{count} more are promised", lambda: len(self.promised) >= goal, RECOVERY_SECONDS)

    def _call(self, caller: int) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            title = f"{self._name} {caller}/{number}"
            try:
                answer = push(self._key, title=title)
            except httpx.TransportError as error:
                self.refused[type(error).__name__] += 1
                time.sleep(PAUSE_SECONDS)
                continue
            if answer.status_code == 200:
                self.promised.append(title)
            else:
                # 503 is an honest "not taken"; anything else is a failure of ours.
                assert answer.status_code == 503, answer.text
                self.refused[503] += 1
                time.sleep(PAUSE_SECONDS)


def assert_nothing_lost(phone: Phone, load: Load) -> None:
    """Every promised push is on the screen, each once."""
    promised = set(load.promised)
    eventually(
        "none is missing", lambda: promised - set(phone.titles()), RECOVERY_SECONDS, until=lambda missing: not missing
    )
    counts = collections.Counter(phone.titles())
    assert {title: counts[title] for title in promised if counts[title] != 1} == {}


@pytest.mark.parametrize(
    "victim",
    ["core", *(pytest.param(other, marks=pytest.mark.thorough) for other in ("postgres", "delivery", "gateway"))],
)
def test_a_killed_process_loses_nothing(breakable: Stack, team: Team, phone: Phone, victim: str) -> None:
    with Load(team, f"kill {victim}") as load:
        for _ in range(2):
            breakable.kill(victim)
            load.more(30)
    assert_nothing_lost(phone, load)


@pytest.mark.thorough
@pytest.mark.parametrize("fault", ["refuse_connections", "mute_tls"])
def test_an_unreachable_apns_loses_nothing(team: Team, phone: Phone, fault: str) -> None:
    with Load(team, fault) as load:
        team.faults(settings={fault: True}, connections={"action": "reset"})
        load.more(20)
        team.no_faults()
        load.more(20)
    assert_nothing_lost(phone, load)


@pytest.mark.thorough
def test_answers_that_apns_never_gives_lose_nothing(team: Team, phone: Phone) -> None:
    token = phone.read()["push_token"]
    with Load(team, "mute") as load:
        team.faults(tokens={token: [{"action": "mute"}] * 10 + [{}]})
        load.more(20)
    team.no_faults()
    assert_nothing_lost(phone, load)


def test_connections_that_apns_closes_under_load_lose_nothing(team: Team, phone: Phone) -> None:
    with Load(team, "goaway") as load:
        for action in (
            {"action": "goaway", "reason": "Shutdown", "last_stream": "half", "answer_rest": True, "close": True},
            {"action": "reset"},
            {"action": "goaway", "reason": "Shutdown", "last_stream": "none", "answer_rest": False, "close": True},
        ):
            team.faults(connections=action)
            load.more(30)
    assert_nothing_lost(phone, load)
