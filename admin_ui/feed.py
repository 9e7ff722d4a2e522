"""Passes an account's events to open pages: one stream of events from core for each session and account."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

import grpc
from smith.core.v1.account_service_pb2 import GetAccountRequest, GetAccountResponse
from smith.core.v1.event_pb2 import Event, EventType
from smith.core.v1.event_service_pb2 import WatchEventsRequest, WatchEventsResponse

from admin_ui.core import Caller, Core, Refused, refused

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.25
"""Seconds between two refreshes of one watcher at least: more often would not be visible."""
MAX_PENDING = 1000
"""Most events kept for a watcher that is busy; the oldest go first."""
RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0)

Refresh = Callable[[Sequence[Event]], Awaitable[None]]


class Watcher:
    """One page's interest in some kinds of events."""

    def __init__(self, types: "Collection[EventType.ValueType]", refresh: Refresh) -> None:
        self._types = frozenset(types)
        self._refresh = refresh
        self._pending: deque[Event] = deque(maxlen=MAX_PENDING)
        self._due = asyncio.Event()

    def hear(self, event: Event) -> None:
        """Queues the event if it has one of the watched types."""
        if not self._types or event.type in self._types:
            self._pending.append(event)
            self._due.set()

    def resync(self) -> None:
        """Has everything refreshed: the stream was interrupted, so events may have been missed."""
        self._due.set()

    async def run(self) -> None:
        """Calls `refresh` with the queued events, one call at a time. Without events, anything may have changed.

        If core refuses a refresh, it is tried again later. Ends if the person is signed out.
        """
        while True:
            await self._due.wait()
            self._due.clear()
            events = list(self._pending)
            self._pending.clear()
            try:
                await self._refresh(events)
            except Refused as refusal:
                if refusal.is_signed_out:
                    return
                log.debug("a page could not be brought up to date: %s", refusal.message)
                self._due.set()
                await asyncio.sleep(RETRY_SECONDS[-1])
            await asyncio.sleep(PAUSE_SECONDS)


@dataclass(frozen=True, eq=False)
class FollowedPage:
    """A page that is told what becomes of its session."""

    on_end: Callable[[Refused], None]
    """The session is over, or may do nothing any more."""
    on_found: Callable[[GetAccountResponse], None]
    """What core says of the person after an interruption: their rights may have changed."""


def _ends(refusal: Refused) -> bool:
    return refusal.is_signed_out or refusal.is_for_want_of_second_factor


class Feed:
    """The stream of one session in one account. It runs while a page watches."""

    def __init__(self, core: Core, caller: Caller) -> None:
        self._core = core
        self._caller = caller
        self.watchers: set[Watcher] = set()
        self.pages: set[FollowedPage] = set()
        self.task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Reads until the session is over; again after every interruption."""
        failures = 0
        while True:
            try:
                is_first = True
                async for response in self._open():
                    failures = 0
                    # The stream has no events from before its start.
                    if is_first or response.missed:
                        self._resync()
                    is_first = False
                    for event in response.events:
                        for watcher in tuple(self.watchers):
                            watcher.hear(event)
            except grpc.aio.AioRpcError as error:
                if await self._is_over(refused(error)):
                    return
                log.debug("the stream of events ended: %s", error.code())
            await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])
            failures += 1

    async def _is_over(self, refusal: Refused) -> bool:
        """Whether the session may no longer watch. Pages are told that, or what core says of the person now."""
        found: GetAccountResponse | None = None
        if not _ends(refusal):
            try:
                found = await self._core.ask(self._caller, self._core.accounts.GetAccount, GetAccountRequest())
            except Refused as said:
                refusal = said
        for page in tuple(self.pages):
            if found is not None:
                page.on_found(found)
            elif _ends(refusal):
                page.on_end(refusal)
        return found is None and _ends(refusal)

    def _open(self) -> "grpc.aio.UnaryStreamCall[WatchEventsRequest, WatchEventsResponse]":
        return self._core.events.WatchEvents(WatchEventsRequest(), metadata=self._caller.metadata)

    def _resync(self) -> None:
        for watcher in tuple(self.watchers):
            watcher.resync()


class Feeds:
    """The feeds of all sessions that have a page open."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._feeds: dict[tuple[str, str], Feed] = {}

    def join(self, caller: Caller, watchers: Collection[Watcher], page: FollowedPage) -> Callable[[], None]:
        """Sends events to the watchers, and tells the page what becomes of the session, until the result is called."""
        # A page of the account that the person has left must not get events of the other one.
        key = (caller.session_token or "", caller.account_id)
        feed = self._feeds.get(key)
        if feed is None or (feed.task and feed.task.done()):
            feed = self._feeds[key] = Feed(self._core, caller)
            feed.task = asyncio.create_task(feed.run())
        feed.watchers.update(watchers)
        feed.pages.add(page)

        def leave() -> None:
            feed.watchers.difference_update(watchers)
            feed.pages.discard(page)
            if not feed.pages:
                if feed.task:
                    feed.task.cancel()
                if self._feeds.get(key) is feed:
                    del self._feeds[key]

        return leave

    async def close(self) -> None:
        """Ends all streams."""
        tasks = [feed.task for feed in self._feeds.values() if feed.task]
        self._feeds.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
