"""Links with a secret that people get by mail: finds what one is for, and keeps strangers from guessing."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from limits import RateLimitItemPerMinute

from core_service.auth.credentials import MAX_LENGTH, hash_secret
from core_service.auth.failed_sign_ins import failed
from core_service.auth.rate_limit import GuessWindow, RateLimiter
from service_kit.addresses import network_of

T = TypeVar("T")

GUESSES_PER_NETWORK = RateLimitItemPerMinute(100, 15)
"""Wrong links of one kind from one network in 15 minutes: as many as wrong passwords. People open old mails again, so
the limit is not lower."""


class LinkGuesses:
    """Of one kind of link."""

    def __init__(self, rate_limiter: RateLimiter, kind: str, what: str) -> None:
        """`kind` is that of the windows in which wrong ones are counted, and `what` the log calls them."""
        self._rate_limiter = rate_limiter
        self._kind = kind
        self._what = what

    async def find(self, token: str, client_address: str, look_up: Callable[[bytes], Awaitable[T | None]]) -> T | None:
        """What `look_up` finds by the hash of the link's secret. A wrong link is logged and counted, and gives None.

        Raises TooManyAttempts after 100 wrong links from the network of `client_address` in 15 minutes, and Unavailable
        while Redis is away.
        """
        windows: Sequence[GuessWindow] = [(GUESSES_PER_NETWORK, self._kind, network_of(client_address))]
        await self._rate_limiter.refuse_guessing(windows)
        found = await look_up(hash_secret(token)) if len(token) <= MAX_LENGTH else None
        if found is None:
            failed(self._what, client_address)
            await self._rate_limiter.count_wrong_guess(windows)
        return found
