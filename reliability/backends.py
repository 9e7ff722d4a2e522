"""Backends that send all the time and remember what they were promised."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType

import httpx

from tests.team import Phone, Team

PUSHERS, PUSH_PAUSE = 4, 0.06
STREAMS, PUT_PAUSE = 2, 0.25
REFUSED_PAUSE = 0.1
"""Seconds that a backend waits after a refusal before its next request."""
UNAVAILABLE = httpx.codes.SERVICE_UNAVAILABLE


@dataclass
class Stream:
    """A stream whose state is a number that only rises."""

    key: str
    sent: int = 0
    promised: int = 0
    """The highest number that was answered with success."""


@dataclass
class Tally:
    """The requests of backends, and their answers."""

    sent: int = 0
    promised: list[str] = field(default_factory=list)
    """Titles of the notifications that were answered with success."""
    streams: list[Stream] = field(default_factory=list)
    puts: int = 0
    puts_promised: int = 0
    refused: int = 0
    """Number answered with 503, or not at all."""
    wrong: Counter[str] = field(default_factory=Counter)
    """Any other answer. There should be none."""


class Backends:
    """Sends to one phone of its own, by a key that reaches only that, while the block runs.

    It repeats no request: what was not promised may or may not be shown.
    """

    def __init__(self, team: Team, name: str) -> None:
        slug, channel_id = team.channel()
        self.name = name
        self.phone: Phone = team.phone(channel_id=channel_id)
        self._key = team.key(slug)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self.tally = Tally(streams=[Stream(team.unique("stream")) for _ in range(STREAMS)])

    def __enter__(self) -> "Backends":
        """Starts sending. Returns once each backend has had a success."""
        for number in range(PUSHERS):
            self._begin(lambda caller=number: self._push(caller))  # type: ignore[misc]
        for stream in self.tally.streams:
            self._begin(lambda stream=stream: self._put(stream))  # type: ignore[misc]
        deadline = time.monotonic() + 30
        while not (len(self.tally.promised) >= PUSHERS and all(stream.promised for stream in self.tally.streams)):
            if time.monotonic() > deadline:
                self._end()
                raise AssertionError(f"{self.name}: the server answers nothing: {self.tally}")
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops sending once every request under way is answered."""
        self._end()

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work)
        self._threads.append(thread)
        thread.start()

    def _end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _push(self, caller: int) -> None:
        number = 0
        while not self._stop.wait(PUSH_PAUSE):
            number += 1
            title = f"{self.name} {caller}/{number}"
            promised = self._ask("POST", "/api/push-notification", {"title": title})
            with self._lock:
                self.tally.sent += 1
                if promised:
                    self.tally.promised.append(title)

    def _put(self, stream: Stream) -> None:
        while not self._stop.wait(PUT_PAUSE):
            stream.sent += 1
            state = {"title": stream.key, "subtitle": str(stream.sent), "type": "progress", "percentage": 50}
            promised = self._ask("PUT", f"/api/live-activity/stream/{stream.key}", {"content_state": state})
            with self._lock:
                self.tally.puts += 1
                if promised:
                    self.tally.puts_promised += 1
                    stream.promised = stream.sent

    def _ask(self, method: str, path: str, body: object) -> bool:
        try:
            answer = self._key.request(method, path, json=body)
        except httpx.TransportError:
            return self._refused()
        if answer.status_code == UNAVAILABLE:
            return self._refused()
        if answer.status_code != httpx.codes.OK:
            with self._lock:
                self.tally.wrong[f"{answer.status_code} {answer.text[:100]}"] += 1
            return False
        return True

    def _refused(self) -> bool:
        with self._lock:
            self.tally.refused += 1
        self._stop.wait(REFUSED_PAUSE)
        return False
