"""What the push service knows of each subscription, and the messages that it holds for browsers that are away."""

import base64
from collections.abc import Iterable
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from simulator.web_push.kinds import Kind

MAX_HELD = 100
"""Messages held for one subscription; the oldest is dropped for one more."""


class Message(BaseModel):
    """A message that the service has accepted."""

    model_config = ConfigDict(frozen=True)

    id: str
    body: str
    """What was sent, encrypted, in base64."""
    ttl: int
    expires_at: float
    """UNIX seconds of the phones' clock."""
    topic: str | None = None

    @property
    def content(self) -> bytes:
        """What was sent."""
        return base64.b64decode(self.body)


class SubscriptionRecord(BaseModel):
    """One subscription, as it is saved."""

    id: str
    """The last part of its endpoint."""
    kind: Kind
    origin: str
    """Of its endpoint: what `aud` must be."""
    key: str | None
    """The key of the application server that it was made with, in base64url; None: none, anyone may send."""
    gone: bool = False
    """Whether the browser has unsubscribed, which senders learn by 410."""
    held: list[Message] = []
    """Oldest first."""

    @property
    def endpoint(self) -> str:
        """The URL that takes its messages."""
        return f"{self.origin}/wpush/{self.id}"

    def hold(self, message: Message) -> None:
        """Holds the message in the place of one with its topic."""
        others = [one for one in self.held if message.topic is None or one.topic != message.topic]
        self.held = [*others, message][-MAX_HELD:]

    def release(self, now: float) -> list[Message]:
        """Hands out what is held and has not expired by `now`."""
        released, self.held = self.held, []
        return [message for message in released if message.expires_at > now]


class Recipient(Protocol):
    """A browser as the push service sees it."""

    @property
    def is_connected(self) -> bool:
        """Whether it takes messages now."""

    def receive(self, subscription: SubscriptionRecord, message: Message) -> None:
        """Takes a message. Must neither block nor raise."""

    def note_held(self) -> None:
        """What is held for it has changed, and is to be saved."""


class Subscriptions:
    """All subscriptions by their ids."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[SubscriptionRecord, Recipient]] = {}

    def add(self, record: SubscriptionRecord, recipient: Recipient) -> None:
        """Makes it known."""
        self._entries[record.id] = (record, recipient)

    def find(self, subscription_id: str) -> tuple[SubscriptionRecord, Recipient] | None:
        """The subscription and its browser, or None."""
        return self._entries.get(subscription_id)

    def forget(self, subscriptions: Iterable[SubscriptionRecord]) -> None:
        """Forgets them, as if they had never been made."""
        for one in list(subscriptions):
            self._entries.pop(one.id, None)
