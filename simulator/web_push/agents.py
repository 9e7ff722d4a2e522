"""Real browsers that use this push service, and their subscriptions, kept in one file."""

import asyncio
import logging
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from simulator.files import replace_file
from simulator.web_push import base64url
from simulator.web_push.subscriptions import Message, SubscriptionRecord, Subscriptions

log = logging.getLogger(__name__)

MAX_GONE = 100
"""Ended subscriptions of a browser that are answered with 410; older ones with 404."""
MAX_CODES = 1000

Outgoing = asyncio.Queue[dict[str, Any] | None]
"""What is to be written to a browser; None ends the connection."""


class AgentRecord(BaseModel):
    """One browser, as it is saved."""

    uaid: str
    channels: dict[str, SubscriptionRecord] = {}
    """Its subscriptions by the ids that it gave them."""
    gone: list[SubscriptionRecord] = []
    """Those that it has ended, newest last."""


class Agent:
    """A real browser: the recipient of its subscriptions' messages."""

    def __init__(self, record: AgentRecord, subscriptions: Subscriptions, agents: "Agents") -> None:
        self.record = record
        self.codes: dict[str, int | None] = {}
        """What it said of each message: 100 it was decrypted, 101 it was not, 102 something else went wrong."""
        self._subscriptions = subscriptions
        self._agents = agents
        self._outgoing: Outgoing | None = None
        self._unacknowledged: dict[str, tuple[SubscriptionRecord, Message]] = {}
        for one in (*record.channels.values(), *record.gone):
            subscriptions.add(one, self)

    @property
    def is_connected(self) -> bool:
        """Whether it takes messages now."""
        return self._outgoing is not None

    def connected(self) -> Outgoing:
        """It has connected; returns what is to be written to it."""
        if self._outgoing is not None:
            self.disconnected(self._outgoing)
        self._outgoing = asyncio.Queue()
        return self._outgoing

    def disconnected(self, outgoing: Outgoing) -> None:
        """The connection with this queue has ended. What was not acknowledged is held, and comes again."""
        if self._outgoing is not outgoing:
            # It has connected again before the end of the old connection was seen.
            return
        self._outgoing = None
        waiting, self._unacknowledged = self._unacknowledged, {}
        for subscription, message in waiting.values():
            if message.ttl and not subscription.gone:
                subscription.hold(message)
        if waiting:
            self.note_held()

    def receive(self, subscription: SubscriptionRecord, message: Message) -> None:
        """Sends a message."""
        channel = next((key for key, one in self.record.channels.items() if one is subscription), None)
        if self._outgoing is None or channel is None:
            return
        self._unacknowledged[message.id] = (subscription, message)
        document: dict[str, Any] = {
            "messageType": "notification", "channelID": channel, "version": message.id, "ttl": message.ttl,
        }  # fmt: skip
        if message.body:
            encoded = base64url.encode(message.content)
            document |= {"data": encoded, "headers": {"encoding": "aes128gcm"}}
        self._outgoing.put_nowait(document)

    def note_held(self) -> None:
        """What is held for it has changed."""
        self._agents.save_soon()

    def acknowledged(self, version: str, code: Any) -> None:
        """It has taken a message; `code` says what became of it."""
        self._unacknowledged.pop(version, None)
        self.codes[version] = code if isinstance(code, int) else None
        while len(self.codes) > MAX_CODES:
            del self.codes[next(iter(self.codes))]

    def register(self, channel: str, subscription: SubscriptionRecord) -> None:
        """A new subscription."""
        self.unregister(channel)
        self.record.channels[channel] = subscription

    def unregister(self, channel: str) -> None:
        """It ends a subscription."""
        old = self.record.channels.pop(channel, None)
        if old is not None:
            old.gone, old.held = True, []
            self.record.gone = [*self.record.gone, old]
            self._subscriptions.forget(self.record.gone[:-MAX_GONE])
            self.record.gone = self.record.gone[-MAX_GONE:]

    def forgotten(self) -> None:
        """The push service forgets it, as if it had never been here: at its next hello it starts over."""
        self._subscriptions.forget([*self.record.channels.values(), *self.record.gone])
        if self._outgoing is not None:
            self._outgoing.put_nowait(None)
        self._outgoing = None


class _AgentsFile(BaseModel):
    agents: list[AgentRecord] = []


class Agents:
    """All real browsers."""

    def __init__(self, folder: Path, subscriptions: Subscriptions) -> None:
        self._path = folder / "autopush.json"
        self._subscriptions = subscriptions
        self._agents: dict[str, Agent] = {}
        self._writing = asyncio.Lock()
        self._saving: set[asyncio.Task[None]] = set()

    def load(self) -> None:
        """Reads those of earlier runs. Blocks. Raises OSError, and ValueError naming a file that cannot be read."""
        if not self._path.exists():
            return
        try:
            records = _AgentsFile.model_validate_json(self._path.read_bytes()).agents
        except ValidationError as error:
            raise ValueError(f"{self._path} cannot be understood ({error.error_count()} mistakes)") from None
        self._agents = {record.uaid: Agent(record, self._subscriptions, self) for record in records}

    def all(self) -> list[Agent]:
        """All of them, oldest first."""
        return list(self._agents.values())

    def find(self, uaid: Any) -> Agent | None:
        """The browser with this id."""
        return self._agents.get(uaid) if isinstance(uaid, str) else None

    def add(self, uaid: str) -> Agent:
        """A new one."""
        agent = self._agents[uaid] = Agent(AgentRecord(uaid=uaid), self._subscriptions, self)
        return agent

    async def forget(self) -> None:
        """The push service loses all it knows of real browsers."""
        forgotten, self._agents = self.all(), {}
        for agent in forgotten:
            agent.forgotten()
        await self.save()

    def save_soon(self) -> None:
        """Schedules a write."""
        task = asyncio.create_task(self._try_save())
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    async def save(self) -> None:
        """Writes the file. Raises OSError."""
        async with self._writing:
            document = _AgentsFile(agents=[agent.record for agent in self.all()]).model_dump_json().encode()
            await asyncio.to_thread(replace_file, self._path, document)

    async def stop(self) -> None:
        """Saves a last time. Raises OSError."""
        await asyncio.gather(*self._saving)
        await self.save()

    async def _try_save(self) -> None:
        try:
            await self.save()
        except OSError as error:
            # The next change tries again, and the end of the simulator.
            log.warning("real browsers' subscriptions cannot be saved: %s", error)
