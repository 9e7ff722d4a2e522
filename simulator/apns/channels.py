"""The broadcast channels of the app, and who listens to them.

One simulated APNs stands for both of Apple's environments, so a channel is known in both.
"""

import base64
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from simulator.apns.accepted_push import AcceptedPush
from simulator.files import replace_file

CHANNEL_BYTES = 16
NO_STORAGE, MOST_RECENT = 0, 1
"""Message storage policies."""


class Listener(Protocol):
    """A device that listens to channels."""

    def hear(self, channel_id: str, push: AcceptedPush) -> None:
        """Takes a broadcast. Must not block and must not raise."""


@dataclass(slots=True)
class Channel:
    """A channel, and the message that it keeps."""

    policy: int
    stored: AcceptedPush | None = None
    listeners: dict[int, Listener] = field(default_factory=dict)


class Channels:
    """All channels. Who listens to one that was deleted hears nothing more. They are kept in a file, their messages are
    not."""

    def __init__(self, folder: Path | None = None) -> None:
        """Without a folder nothing is kept. Raises ValueError or OSError if the file cannot be read."""
        self._file = folder / "channels.json" if folder else None
        self._channels: dict[str, Channel] = {}
        if self._file is not None and self._file.exists():
            policies: dict[str, int] = json.loads(self._file.read_text())
            self._channels = {channel_id: Channel(policy) for channel_id, policy in policies.items()}

    def __len__(self) -> int:
        return len(self._channels)

    def all(self) -> list[str]:
        """The ids of all channels."""
        return list(self._channels)

    def find(self, channel_id: str) -> Channel | None:
        """The channel with this id."""
        return self._channels.get(channel_id)

    def create(self, policy: int) -> str:
        """Makes a channel; returns its id."""
        channel_id = base64.b64encode(secrets.token_bytes(CHANNEL_BYTES)).decode()
        self._channels[channel_id] = Channel(policy)
        self._save()
        return channel_id

    def delete(self, channel_id: str) -> None:
        """Deletes a channel that exists."""
        del self._channels[channel_id]
        self._save()

    def listen(self, channel_id: str, listener: Listener) -> None:
        """From now on the device hears what is sent to the channel."""
        channel = self._channels.get(channel_id)
        if channel is not None:
            channel.listeners[id(listener)] = listener

    def ignore(self, channel_id: str, listener: Listener) -> None:
        """The device listens no more."""
        channel = self._channels.get(channel_id)
        if channel is not None:
            channel.listeners.pop(id(listener), None)

    def broadcast(self, channel_id: str, push: AcceptedPush) -> int:
        """Hands a push to all that listen; returns how many they are."""
        channel = self._channels[channel_id]
        if channel.policy == MOST_RECENT and push.expiration != 0:
            channel.stored = push
        listeners = list(channel.listeners.values())
        for listener in listeners:
            listener.hear(channel_id, push)
        return len(listeners)

    def stored(self, channel_id: str, now: float) -> AcceptedPush | None:
        """What the channel keeps for devices that were off, unless that has expired."""
        channel = self._channels.get(channel_id)
        push = channel.stored if channel is not None else None
        if push is None or (push.expiration is not None and push.expiration <= now):
            return None
        return push

    def _save(self) -> None:
        policies = {channel_id: channel.policy for channel_id, channel in self._channels.items()}
        if self._file is not None:
            replace_file(self._file, json.dumps(policies).encode())
