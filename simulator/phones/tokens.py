"""Tokens that APNs has issued for one phone."""

import secrets

from simulator.apns.directory import Recipient, TokenDirectory


def fresh_token() -> str:
    """A token in APNs' present form: 32 random bytes in hexadecimal."""
    return secrets.token_hex(32)


class TokenBook:
    """Some of a phone's tokens, all for one topic: those that are valid, and the last `max_dead` that are not.

    `dead` is kept up to date: the moment since which each is invalid (milliseconds since the epoch), the newest last.
    """

    def __init__(
        self,
        directory: TokenDirectory,
        recipient: Recipient,
        topic: str,
        *,
        device: str,
        dead: dict[str, int],
        max_dead: int,
    ) -> None:
        self._directory = directory
        self._recipient = recipient
        self._topic = topic
        self._device = device
        self._dead = dead
        self._max_dead = max_dead
        for token, since in dead.items():
            directory.issue(token, topic, recipient, device=device, dead_since=since)

    def issue(self, token: str, activity_id: str | None = None) -> None:
        """Makes `token` valid; `activity_id` is the activity of an update token."""
        self._directory.issue(token, self._topic, self._recipient, device=self._device, activity_id=activity_id)

    def kill(self, token: str, since: int) -> None:
        """From `since` (milliseconds since the epoch) on pushes to `token` get 410."""
        self._dead[token] = since
        self._directory.invalidate(token, since)
        while len(self._dead) > self._max_dead:
            oldest = next(iter(self._dead))
            del self._dead[oldest]
            self._directory.forget(oldest)

    def forget(self, *valid: str) -> None:
        """Forgets the `valid` tokens and all dead ones, as if they had never been issued."""
        for token in (*valid, *self._dead):
            self._directory.forget(token)
