"""The events of this process and who watches them: in memory, bounded, and never in the way of whoever publishes."""

import asyncio
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass

from core_service.events.models import Event, EventType
from service_kit.errors import Unavailable

__all__ = ["Event", "EventBatch", "EventBus", "EventType", "Watcher"]

MAX_WAITING = 1000
"""Events that wait for one watcher; beyond it the oldest are dropped and counted."""
MAX_BATCH = 100
MAX_WATCHERS = 500
MAX_WATCHERS_PER_ACCOUNT = 20

Outlet = Callable[[uuid.UUID, Event], None]
Witness = Callable[[uuid.UUID, Event], None]
Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events in the order they were told, 1 to 100."""

    events: tuple[Event, ...]
    missed: int
    """Events before these that were dropped because the watcher was too slow."""


class Watcher:
    """An endless iterator of batches; it ends when the bus is closed and nothing waits any more."""

    def __init__(self, types: Set[EventType]) -> None:
        self._types = types
        self._waiting: deque[Event] = deque(maxlen=MAX_WAITING)
        self._missed = 0
        self._woken = asyncio.Event()
        self._closed = False

    def put(self, event: Event) -> bool:
        """Tells the event, if it is of a type that is watched. True if an older one had to go for it."""
        if self._types and event.type not in self._types:
            return False
        is_full = len(self._waiting) == MAX_WAITING
        self._missed += is_full
        self._waiting.append(event)
        self._woken.set()
        return is_full

    def close(self) -> None:
        """Nothing more will be told."""
        self._closed = True
        self._woken.set()

    def __aiter__(self) -> "Watcher":
        return self

    async def __anext__(self) -> EventBatch:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._woken.clear()
            await self._woken.wait()
        events = tuple(self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting))))
        missed, self._missed = self._missed, 0
        return EventBatch(events, missed)


class EventBus:
    """Tells every watcher of an account what happens in it. For use within one event loop."""

    def __init__(self) -> None:
        self._watchers: dict[uuid.UUID, list[Watcher]] = {}
        self._count = 0
        self.dropped = 0
        """Events that watchers here were too slow for, since the start."""
        self._closed = False
        self._outlet: Outlet | None = None
        self._listeners: list[Listener] = []
        self._witnesses: list[Witness] = []

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return self._count

    def publish(self, account_id: uuid.UUID, event: Event) -> None:
        """Tells the account's watchers, here and in other processes. Neither waits nor fails.

        To be called after the commit that made it true.
        """
        self.tell(account_id, event)
        for witness in self._witnesses:
            witness(account_id, event)
        if self._outlet is not None:
            self._outlet(account_id, event)

    def tell(self, account_id: uuid.UUID, event: Event) -> None:
        """Tells the account's watchers in this process only."""
        for watcher in self._watchers.get(account_id, ()):
            self.dropped += watcher.put(event)

    def hear(self, account_id: uuid.UUID, event: Event) -> None:
        """Another process has published the event: tells the account's watchers here, and those who listen."""
        self.tell(account_id, event)
        for listener in self._listeners:
            listener(event)

    def listen(self, listener: Listener) -> None:
        """From now on `listener`, which must neither wait nor fail, hears of every event of other processes."""
        self._listeners.append(listener)

    def witness(self, witness: Witness) -> None:
        """From now on `witness`, which must neither wait nor fail, hears of every event that this process publishes."""
        self._witnesses.append(witness)

    def tell_all(self, event: Event) -> None:
        """Tells the watchers of every account, in this process only: for what each process finds out by itself."""
        for watchers in self._watchers.values():
            for watcher in watchers:
                self.dropped += watcher.put(event)

    def send_through(self, outlet: Outlet) -> None:
        """From now on `outlet`, which must neither wait nor fail, takes what is published to the other processes."""
        self._outlet = outlet

    @contextmanager
    def watch(self, account_id: uuid.UUID, types: Set[EventType] = frozenset()) -> Iterator[Watcher]:
        """Watches the account's events of these types, or of all if there are none, from now until the context ends.

        Raises Unavailable if the bus is closed, or if there are 20 watchers of the account or 500 over all.
        """
        self._admit(account_id)
        watcher = Watcher(types)
        self._watchers.setdefault(account_id, []).append(watcher)
        self._count += 1
        try:
            yield watcher
        finally:
            self._count -= 1
            others = [other for other in self._watchers.pop(account_id) if other is not watcher]
            if others:
                self._watchers[account_id] = others

    def close(self) -> None:
        """Ends every watcher once it has been told what waits for it, and refuses new ones."""
        self._closed = True
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.close()

    def _admit(self, account_id: uuid.UUID) -> None:
        if self._closed:
            raise Unavailable("The server is stopping. Try again shortly.")
        if len(self._watchers.get(account_id, ())) >= MAX_WATCHERS_PER_ACCOUNT:
            raise Unavailable(f"{MAX_WATCHERS_PER_ACCOUNT} readers watch this account already; no more are admitted.")
        if self._count >= MAX_WATCHERS:
            raise Unavailable(f"{MAX_WATCHERS} readers watch this server already; no more are admitted.")
