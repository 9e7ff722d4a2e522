"""The tokens that APNs knows, with their topic and device."""

from dataclasses import dataclass
from typing import Protocol

from simulator.apns.accepted_push import AcceptedPush
from simulator.apns.channels import Channels


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
    """All tokens that were ever issued, also those that are no longer valid, and the broadcast channels."""

    def __init__(self, channels: Channels | None = None) -> None:
        self.channels = channels or Channels()
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
