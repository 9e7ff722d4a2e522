"""The tokens that APNs knows, with their topic and device."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class AcceptedPush:
    """A push that APNs answered with 200 and hands to a device."""

    apns_id: str
    push_type: str
    collapse_id: str | None
    expiration: int | None
    """UNIX seconds; 0: one attempt, never stored; None: stored for a time of APNs' choice."""
    priority: int
    """10 by default."""
    body: bytes
    """The JSON document as it was sent, UTF-8."""
    document: dict[str, Any]
    """`body`, decoded."""


class Recipient(Protocol):
    """A device as APNs sees it."""

    def pass_time(self) -> None:
        """Drops tokens that have expired. Called before a push to one of its tokens is checked."""

    def receive(self, token: str, push: AcceptedPush) -> None:
        """Takes a push that was accepted for `token`. Must not block and must not raise."""


@dataclass(slots=True)
class TokenEntry:
    """What APNs knows about one token."""

    topic: bytes
    """The one `apns-topic` the token is for."""
    recipient: Recipient
    device: str
    """Id of the recipient."""
    activity_id: str | None = None
    """The Live Activity that an update token is for; None for other tokens."""
    dead_since: int | None = None
    """Milliseconds since the epoch since when the token is no longer valid; None while it is."""


class TokenDirectory:
    """All tokens that were ever issued, also those that are no longer valid."""

    def __init__(self) -> None:
        self._entries: dict[str, TokenEntry] = {}

    def issue(
        self,
        token: str,
        topic: str,
        recipient: Recipient,
        *,
        device: str,
        activity_id: str | None = None,
        dead_since: int | None = None,
    ) -> None:
        """Makes `token` (lower-case hexadecimal) known for `topic`."""
        self._entries[token] = TokenEntry(topic.encode(), recipient, device, activity_id, dead_since)

    def invalidate(self, token: str, since: int) -> None:
        """From now on pushes to `token` get 410; `since` is in milliseconds. Does nothing for an unknown token."""
        entry = self._entries.get(token)
        if entry is not None:
            entry.dead_since = since

    def forget(self, token: str) -> None:
        """Forgets the token, as if it had never been issued."""
        self._entries.pop(token, None)

    def find(self, token: str) -> TokenEntry | None:
        """The entry of `token` at this moment, or None."""
        entry = self._entries.get(token)
        if entry is None or entry.dead_since is not None:
            return entry
        entry.recipient.pass_time()
        return self._entries.get(token)
