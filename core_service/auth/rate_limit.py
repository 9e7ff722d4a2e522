"""Rate limits: sliding windows, counted in this process or, for all replicas together, in Redis."""

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from core_service.identity.errors import TooManyAttempts
from service_kit.errors import Unavailable

log = logging.getLogger(__name__)

SWEEP_SECONDS = 10.0
REDIS_TIMEOUT_SECONDS = 1.0


GuessWindow = tuple[RateLimitItem, *tuple[str, ...]]
"""A limit on wrong guesses, and the identifiers for which they are counted."""


@dataclass(frozen=True, slots=True)
class RateLimitResult:
    """Whether a request may pass, and what the `RateLimit-*` headers say."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int
    """Seconds until the oldest counted request leaves the window. An earlier retry is refused."""


class RequestsPerMinute(RateLimitItemPerMinute):
    """Requests a minute. All limits count under one name, so an account that changes its limit does not get used
    requests back."""

    def key_for(self, *identifiers: bytes | str | float) -> str:
        """The name of the count."""
        return RateLimitItemPerMinute(0, self.multiples, self.namespace).key_for(*identifiers)


class InProcessStorage(MemoryStorage):
    """The memory storage of `limits`, cleaned up now and then. The original looks at every key of every account after
    each request, with one thread switch per key, so a request costs more the more accounts there are."""

    _next_sweep = 0.0

    async def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802 - the name of the private method replaced
        if time.monotonic() >= self._next_sweep:
            self._next_sweep = time.monotonic() + SWEEP_SECONDS
            await super()._MemoryStorage__schedule_expiry()  # type: ignore[misc] # private, hence unseen


def create_storage(redis_url: str | None) -> Storage:
    """Counters in Redis if there is one, else in this process."""
    if redis_url is None:
        return InProcessStorage()
    return RedisStorage(
        "async+" + redis_url,
        # So that a core without Redis need not load its client, which takes a quarter of the start.
        wrap_exceptions=True,
        implementation="redispy",
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
    )


class RateLimiter:
    """Moving windows over a storage."""

    def __init__(self, storage: Storage) -> None:
        self._windows = MovingWindowRateLimiter(storage)

    async def hit(self, caller_id: str, limit: int, *, kind: str = "account") -> RateLimitResult:
        """Counts a request of an account against its requests a minute, unless they are used up. Another limit counts
        the same requests and begins no new window.

        While Redis is away, every request passes: delivering matters more than counting.
        """
        item = RequestsPerMinute(limit)
        try:
            allowed = await self._windows.hit(item, kind, caller_id)
            stats = await self._windows.get_window_stats(item, kind, caller_id)
        except StorageError as error:
            log.warning("rate limits are not enforced, Redis is away: %s", error)
            return RateLimitResult(True, limit, limit, 60)
        return RateLimitResult(
            allowed, limit, max(0, stats.remaining), max(1, math.ceil(stats.reset_time - time.time()))
        )

    async def used(self, account_id: str, limit: int) -> int | None:
        """Returns how many of the account's requests in this minute are used up; None while Redis is away. Counts
        nothing."""
        try:
            stats = await self._windows.get_window_stats(RequestsPerMinute(limit), "account", account_id)
        except StorageError as error:
            log.warning("the use of a rate limit cannot be told, Redis is away: %s", error)
            return None
        return min(limit, limit - stats.remaining)

    async def refuse_guessing(self, windows: Sequence[GuessWindow]) -> None:
        """Raises TooManyAttempts if one of the windows is full, and Unavailable while Redis is away: guessing must not
        be free. Counts nothing."""
        try:
            waits = [await self._wait(window) for window in windows]
        except StorageError as error:
            raise _uncounted(error) from error
        if any(waits):
            raise TooManyAttempts(retry_after_seconds=max(waits))

    async def is_full(self, windows: Sequence[GuessWindow]) -> bool:
        """Returns whether the next guess in one of the windows will be refused.

        Raises Unavailable while Redis is away.
        """
        try:
            return any([await self._wait(window) for window in windows])
        except StorageError as error:
            raise _uncounted(error) from error

    async def count_wrong_guess(self, windows: Sequence[GuessWindow]) -> None:
        """Counts a wrong guess in each of the windows. Raises Unavailable while Redis is away."""
        try:
            for item, *identifiers in windows:
                await self._windows.hit(item, *identifiers)
        except StorageError as error:
            raise _uncounted(error) from error

    async def refuse_haste(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> None:
        """Counts an action that the caller may take only so often; `cost` counts it several times.

        Raises TooManyAttempts beyond the limit. While Redis is away, it passes: only the caller's own resources are at
        stake.
        """
        try:
            if not await self._windows.hit(item, *identifiers, cost=cost):
                raise TooManyAttempts(retry_after_seconds=await self._wait((item, *identifiers)) or 1)
        except StorageError as error:
            log.warning("haste is not noticed, Redis is away: %s", error)

    async def refuse_flood(self, item: RateLimitItem, *identifiers: str) -> None:
        """As `refuse_haste`, for an action that costs other people something: it raises Unavailable while Redis is
        away."""
        try:
            if not await self._windows.hit(item, *identifiers):
                raise TooManyAttempts(retry_after_seconds=await self._wait((item, *identifiers)) or 1)
        except StorageError as error:
            raise _uncounted(error) from error

    async def forgive(self, windows: Sequence[GuessWindow]) -> None:
        """Forgets the wrong guesses in these windows. While Redis is away, they stay until they expire."""
        try:
            for item, *identifiers in windows:
                await self._windows.clear(item, *identifiers)
        except StorageError as error:
            log.warning("wrong guesses are not forgotten, Redis is away: %s", error)

    async def _wait(self, window: GuessWindow) -> int:
        """Returns the seconds until another guess is allowed; 0 if one is allowed now."""
        item, *identifiers = window
        if await self._windows.test(item, *identifiers):
            return 0
        stats = await self._windows.get_window_stats(item, *identifiers)
        return max(1, math.ceil(stats.reset_time - time.time()))


def _uncounted(error: StorageError) -> Unavailable:
    log.warning("attempts cannot be counted, Redis is away: %s", error)
    return Unavailable("Attempts cannot be counted at the moment. Try again shortly.")
