"""Backends that take two gateways for one, as the documentation tells them, and count every answer."""

import itertools
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import httpx

from tests.http_client import plain_http_client
from tests.team import Phone, Team, secret_of
from tests.waiting import LONG, eventually

PATIENCE_SECONDS = 2 * LONG
PUSHERS, STREAMS = 4, 2
PAUSE_SECONDS = 0.05
UNAVAILABLE = httpx.codes.SERVICE_UNAVAILABLE


class Backend:
    """One caller with an API key.

    It tries one gateway after the other: the next at once when a connection fails, after `Retry-After` when the answer
    is 503. Everything it asks for may be asked for twice.
    """

    def __init__(self, gateways: Sequence[str], secret: str, answered: Counter[int | str]) -> None:
        self._gateways = itertools.cycle(
            [plain_http_client(gateway, Authorization=f"Bearer {secret}") for gateway in gateways]
        )
        self._answered = answered

    def push(self, title: str) -> None:
        """Sends a notification, and returns once it is promised."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        self._ask("POST", "/api/push-notification", {"title": title}, headers)

    def put(self, stream_key: str, number: int) -> None:
        """Has a stream show the number, and returns once that is promised."""
        state = {"title": stream_key, "subtitle": str(number), "type": "progress", "percentage": 50}
        self._ask("PUT", f"/api/live-activity/stream/{stream_key}", {"content_state": state}, {})

    def _ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = next(self._gateways).request(method, path, json=body, headers=headers)
            except httpx.TransportError as error:
                self._answered[type(error).__name__] += 1
                time.sleep(PAUSE_SECONDS)
                continue
            self._answered[answer.status_code] += 1
            if answer.status_code == httpx.codes.OK:
                return
            assert answer.status_code == UNAVAILABLE, f"{answer.status_code} {answer.text}"
            time.sleep(float(answer.headers["Retry-After"]))
        raise AssertionError(f"{method} {path} was not answered within {PATIENCE_SECONDS:g} s")


class Load:
    """Backends that send to one phone of their own for as long as the block lasts."""

    def __init__(self, team: Team, gateways: Sequence[str], name: str) -> None:
        slug, channel_id = team.channel()
        self.phone: Phone = team.phone(channel_id=channel_id)
        secret = secret_of(team.key(slug))
        self.answered: Counter[int | str] = Counter()
        """Answers by status, and connections that failed by how."""
        self._backend = lambda: Backend(gateways, secret, self.answered)
        self._name = name
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []
        self.promised: list[str] = []
        self.shown_last = {team.unique(f"stream-{number}"): 0 for number in range(STREAMS)}
        """The number that each stream showed last, by what was promised."""

    def __enter__(self) -> "Load":
        for caller in range(PUSHERS):
            self._begin(self._push, caller)
        for stream_key in self.shown_last:
            self._begin(self._put, stream_key)
        self.more(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Returns once every request under way is answered."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._failures and error is None:
            raise self._failures[0]

    def more(self, count: int) -> None:
        """Returns once so many more pushes were promised."""
        goal = len(self.promised) + count
        eventually(f"{count} more are promised", lambda: self._failures or len(self.promised) >= goal, PATIENCE_SECONDS)
        assert not self._failures, self._failures

    def _begin(self, work: Callable[[Any], None], argument: object) -> None:
        def guarded() -> None:
            try:
                work(argument)
            except BaseException as error:
                self._failures.append(error)

        self._threads.append(threading.Thread(target=guarded))
        self._threads[-1].start()

    def _push(self, caller: int) -> None:
        backend = self._backend()
        for number in itertools.count(1):
            if self._stop.wait(PAUSE_SECONDS):
                return
            title = f"{self._name} {caller}/{number}"
            backend.push(title)
            self.promised.append(title)

    def _put(self, stream_key: str) -> None:
        backend = self._backend()
        for number in itertools.count(1):
            if self._stop.wait(PAUSE_SECONDS):
                return
            backend.put(stream_key, number)
            self.shown_last[stream_key] = number
