"""What can happen in an account, and the watchers in this process. Events are not stored: they are in memory, bounded,
and never a delay for the publisher."""

import asyncio
import datetime as dt
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from core_service.events.bells import Bell
from service_kit.errors import Unavailable


class EventType(StrEnum):
    """What happened. Cores of different releases exchange these values through Redis: they must not change."""

    PUSH_NOTIFICATION_SENT = "push_notification_sent"
    PUSH_NOTIFICATION_REPLACED = "push_notification_replaced"
    LIVE_ACTIVITY_STARTED = "live_activity_started"
    LIVE_ACTIVITY_UPDATED = "live_activity_updated"
    LIVE_ACTIVITY_ENDED = "live_activity_ended"
    LIVE_ACTIVITY_DELIVERED = "live_activity_delivered"
    LIVE_ACTIVITY_FAILED = "live_activity_failed"
    LIVE_ACTIVITY_TOKEN_RECEIVED = "live_activity_token_received"  # noqa: S105 - a name, no secret
    LIVE_ACTIVITY_DISMISSED = "live_activity_dismissed"
    STREAM_PAUSED = "stream_paused"
    STREAM_RESUMED = "stream_resumed"
    STREAM_ENDED = "stream_ended"
    DELIVERY_STOPPED = "delivery_stopped"
    DELIVERY_RESUMED = "delivery_resumed"
    PUSH_TO_START_TOKEN_DEAD = "push_to_start_token_dead"  # noqa: S105 - a name, no secret
    ACTION_RUN_SETTLED = "action_run_settled"
    MEMBERS_CHANGED = "members_changed"
    DEVICE_PAIRED = "device_paired"
    DEVICE_CHANGED = "device_changed"
    DEVICE_REMOVED = "device_removed"
    PUSH_TOKEN_DEAD = "push_token_dead"  # noqa: S105 - a name, no secret


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, and what it is about."""

    type: EventType
    occurred_at: dt.datetime
    """With a time zone."""
    activity_id: str = ""
    stream_key: str = ""
    device_id: uuid.UUID | None = None
    notification_id: uuid.UUID | None = None
    action_run_id: uuid.UUID | None = None
    reason: str = ""
    """The reason in APNs' words or ours; empty if there is none."""


__all__ = ["Event", "EventBatch", "EventBus", "EventType", "Watcher"]

MAX_WAITING = 1000
"""Events that may wait for one watcher. Beyond it the oldest are dropped and counted."""
MAX_BATCH = 100
MAX_WATCHERS = 500
MAX_WATCHERS_PER_ACCOUNT = 20
MAX_BELLS = 200
"""Calls of phones that may wait at once. Each of them is one of the calls that a process carries out at once."""

Outlet = Callable[[uuid.UUID, Event], None]
Witness = Callable[[uuid.UUID, Event], None]
Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events in the order in which they were published, 1 to 100."""

    events: tuple[Event, ...]
    missed: int
    """Events before these that were dropped because the watcher was too slow."""


class Watcher:
    """An endless iterator of batches. It ends when the bus is closed and no event waits."""

    def __init__(self, types: Set[EventType]) -> None:
        self._types = types
        self._waiting: deque[Event] = deque(maxlen=MAX_WAITING)
        self._missed = 0
        self._woken = asyncio.Event()
        self._closed = False

    def put(self, event: Event) -> bool:
        """Adds the event if the watcher wants its type. Returns True if an older event was dropped for it."""
        if self._types and event.type not in self._types:
            return False
        is_full = len(self._waiting) == MAX_WAITING
        self._missed += is_full
        self._waiting.append(event)
        self._woken.set()
        return is_full

    def close(self) -> None:
        """No more events will come."""
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
    """Sends what happens in an account to each watcher of it. For use within one event loop."""

    def __init__(self) -> None:
        self._watchers: dict[uuid.UUID, list[Watcher]] = {}
        self._count = 0
        self._bells: dict[uuid.UUID, list[Bell]] = {}
        self._bell_count = 0
        self.dropped = 0
        """Events since the start that watchers here were too slow for."""
        self._closed = False
        self._outlet: Outlet | None = None
        self._listeners: list[Listener] = []
        self._witnesses: list[Witness] = []

    @property
    def watchers(self) -> int:
        """The number of watchers now."""
        return self._count

    def publish(self, account_id: uuid.UUID, event: Event) -> None:
        """Sends the event to the account's watchers, here and in other processes. It neither waits nor fails. Call it
        after the commit that made the event true."""
        self.tell(account_id, event)
        for witness in self._witnesses:
            witness(account_id, event)
        if self._outlet is not None:
            self._outlet(account_id, event)

    def tell(self, account_id: uuid.UUID, event: Event) -> None:
        """Sends the event to the account's watchers in this process only."""
        for watcher in self._watchers.get(account_id, ()):
            self.dropped += watcher.put(event)
        for bell in self._bells.get(account_id, ()):
            bell.hear(event)

    def hear(self, account_id: uuid.UUID, event: Event) -> None:
        """Another process has published the event: sends it to the account's watchers and to the listeners here."""
        self.tell(account_id, event)
        for listener in self._listeners:
            listener(event)

    def listen(self, listener: Listener) -> None:
        """Calls `listener` for each event of other processes. It must neither wait nor fail."""
        self._listeners.append(listener)

    def witness(self, witness: Witness) -> None:
        """Calls `witness` for each event that this process publishes. It must neither wait nor fail."""
        self._witnesses.append(witness)

    def tell_all(self, event: Event) -> None:
        """Sends the event to the watchers of every account, in this process only. For what each process notices by
        itself."""
        for watchers in self._watchers.values():
            for watcher in watchers:
                self.dropped += watcher.put(event)

    def send_through(self, outlet: Outlet) -> None:
        """Calls `outlet` with each published event, for the other processes. It must neither wait nor fail."""
        self._outlet = outlet

    @contextmanager
    def watch(self, account_id: uuid.UUID, types: Set[EventType] = frozenset()) -> Iterator[Watcher]:
        """Watches the account's events of these types, or of all types if none are given, until the context ends.

        Raises Unavailable if the bus is closed, or if there are 20 watchers of the account or 500 in all.
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

    @property
    def bells(self) -> int:
        """The number of calls that wait now."""
        return self._bell_count

    @contextmanager
    def bell(self, account_id: uuid.UUID, concerns: Callable[[Event], bool]) -> Iterator[Bell]:
        """A bell that rings for the account's events that `concerns` picks, until the context ends. It is silent if the
        bus is closed, or if 200 calls wait already."""
        bell = Bell(concerns)
        if self._closed or self._bell_count >= MAX_BELLS:
            bell.silence()
            yield bell
            return
        self._bells.setdefault(account_id, []).append(bell)
        self._bell_count += 1
        try:
            yield bell
        finally:
            self._bell_count -= 1
            others = [other for other in self._bells.pop(account_id) if other is not bell]
            if others:
                self._bells[account_id] = others

    def ring(self, account_id: uuid.UUID) -> None:
        """Rings the account's bells in this process, for a change that no event tells of. Calls that wait in another
        process see it when their wait ends."""
        for bell in self._bells.get(account_id, ()):
            bell.ring()

    def close(self) -> None:
        """Ends every watcher once it has received what waits for it, and every wait, and refuses new ones."""
        self._closed = True
        for bells in self._bells.values():
            for bell in bells:
                bell.silence()
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
