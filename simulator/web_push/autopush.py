"""The protocol that real Firefox speaks with its push service, over a WebSocket: so that it can be one of the browsers.

Source: Mozilla's autopush documentation, "Push Service Protocol" (https://mozilla-push-service.readthedocs.io).
"""

import asyncio
import contextlib
import json
import logging
import uuid
from typing import Any

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from simulator.web_push import base64url
from simulator.web_push.agents import Agent, Agents, Outgoing
from simulator.web_push.kinds import Kind
from simulator.web_push.service import WebPushService

log = logging.getLogger(__name__)

PROTOCOL = "push-notification"
MAX_FRAME = 64 * 1024
OK, BAD_REQUEST = 200, 400


class Autopush:
    """Takes the connections of real browsers."""

    def __init__(self, service: WebPushService, agents: Agents) -> None:
        self._service = service
        self._agents = agents

    def routes(self) -> list[BaseRoute]:
        """The route, for the application of the push service."""
        return [WebSocketRoute("/", self.connect)]

    async def connect(self, socket: WebSocket) -> None:
        """One connection, until the browser ends it."""
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(PROTOCOL if PROTOCOL in offered else None)
        agent: Agent | None = None
        outgoing: Outgoing | None = None
        writing: asyncio.Task[None] | None = None
        try:
            while True:
                message = _read(await socket.receive_text())
                if message is None:
                    await socket.close(1003)
                    return
                if not message:
                    await socket.send_text("{}")
                elif message.get("messageType") == "hello" and agent is None:
                    agent = await self._hello(socket, message)
                    outgoing = agent.connected()
                    writing = asyncio.create_task(_write(socket, outgoing))
                    self._deliver_held(agent)
                elif agent is not None:
                    await self._handle(socket, agent, message)
        except WebSocketDisconnect:
            log.debug("a browser has closed its connection")
        finally:
            if agent is not None and outgoing is not None and writing is not None:
                agent.disconnected(outgoing)
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)

    def _deliver_held(self, agent: Agent) -> None:
        for record in list(agent.record.channels.values()):
            self._service.deliver_held(record, agent)

    async def _hello(self, socket: WebSocket, message: dict[str, Any]) -> Agent:
        """An id that is not known here makes the browser start over: all its subscriptions are gone."""
        agent = self._agents.find(message.get("uaid")) or self._agents.add(uuid.uuid4().hex)
        await self._agents.save()
        await socket.send_json(
            {"messageType": "hello", "uaid": agent.record.uaid, "status": OK, "use_webpush": True, "broadcasts": {}}
        )
        return agent

    async def _handle(self, socket: WebSocket, agent: Agent, message: dict[str, Any]) -> None:
        kind = message.get("messageType")
        if kind == "register":
            await self._register(socket, agent, message)
        elif kind == "unregister":
            agent.unregister(str(message.get("channelID")))
            await self._agents.save()
            await socket.send_json({**_of(message, "messageType", "channelID"), "status": OK})
        elif kind == "ack":
            for update in message.get("updates") or []:
                agent.acknowledged(str(update.get("version")), update.get("code"))
            await self._agents.save()
        elif kind == "nack":
            agent.acknowledged(str(message.get("version")), message.get("code"))
            await self._agents.save()

    async def _register(self, socket: WebSocket, agent: Agent, message: dict[str, Any]) -> None:
        channel, key = message.get("channelID"), message.get("key")
        if not isinstance(channel, str) or not (key is None or _is_key(key)):
            await socket.send_json({**_of(message, "messageType", "channelID"), "status": BAD_REQUEST})
            return
        record = agent.record.channels.get(channel)
        if record is None or record.gone:
            record = self._service.subscribe(Kind.FIREFOX, key.rstrip("=") if key else None, agent)
            agent.register(channel, record)
            # The browser must not know an endpoint that is forgotten if the simulator is killed now.
            await self._agents.save()
        await socket.send_json(
            {"messageType": "register", "channelID": channel, "status": OK, "pushEndpoint": record.endpoint}
        )


async def _write(socket: WebSocket, outgoing: Outgoing) -> None:
    # A socket that is closing: what was not acknowledged is held again.
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while (document := await outgoing.get()) is not None:
            await socket.send_json(document)
        await socket.close()


def _read(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text) if len(text) <= MAX_FRAME else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _of(message: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: message.get(name) for name in names}


def _is_key(key: Any) -> bool:
    try:
        return len(base64url.decode(str(key))) == 65
    except ValueError:
        return False
