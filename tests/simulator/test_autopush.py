"""A real Firefox can use the push service: the protocol that it speaks, frame by frame."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from simulator.web_push import base64url
from simulator.web_push.encryption import Keys
from tests.simulator.app_server import AppServer, notification
from tests.simulator.gateway import StandInGateway
from tests.simulator.process import SimulatorProcess, eventually
from tests.stack import free_ports
from tests.waiting import LONG


class Firefox:
    """As much of Firefox as speaks with its push service."""

    def __init__(self, socket: ClientConnection, uaid: str) -> None:
        self.socket = socket
        self.uaid = uaid
        self.keys = Keys.fresh()

    async def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Sends a message; returns the next that comes."""
        await self.socket.send(json.dumps(message))
        return await self.hear()

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(LONG):
            return dict(json.loads(await self.socket.recv()))

    async def register(self, key: str, channel: str = "c-1") -> dict[str, Any]:
        """Subscribes; returns what the page would report."""
        answer = await self.ask({"messageType": "register", "channelID": channel, "key": key})
        assert answer["status"] == 200, answer
        public, secret = base64url.encode(self.keys.public), base64url.encode(self.keys.secret)
        return {"endpoint": answer["pushEndpoint"], "keys": {"p256dh": public, "auth": secret}}

    async def acknowledge(self, message: dict[str, Any], code: int = 100) -> None:
        """Says what became of a message, and waits until that was heard."""
        update = {"channelID": message["channelID"], "version": message["version"], "code": code}
        await self.socket.send(json.dumps({"messageType": "ack", "updates": [update]}))
        assert await self.ask({}) == {}

    def text(self, message: dict[str, Any]) -> Any:
        """What a message says."""
        assert message["headers"] == {"encoding": "aes128gcm"}
        return json.loads(self.keys.decrypt(base64url.decode(message["data"])))


@asynccontextmanager
async def firefox(simulator: SimulatorProcess, uaid: str = "") -> AsyncIterator[Firefox]:
    """A browser that has said hello."""
    url = f"ws://127.0.0.1:{simulator.web_push_port}/"
    async with connect(url, subprotocols=[Subprotocol("push-notification")], proxy=None) as socket:
        assert socket.subprotocol == "push-notification"
        one = Firefox(socket, uaid)
        answer = await one.ask({"messageType": "hello", "uaid": uaid, "use_webpush": True, "broadcasts": {}})
        assert (answer["status"], answer["use_webpush"]) == (200, True)
        one.uaid = answer["uaid"]
        yield one


async def push(server: AppServer, subscription: dict[str, Any], message: object, **options: Any) -> httpx.Response:
    """Sends a message."""
    return await asyncio.to_thread(server.push, subscription, message, **options)


async def is_away(simulator: SimulatorProcess, uaid: str) -> None:
    """Waits until the service has seen the end of the connection."""

    def connected() -> bool:
        listed = simulator.http.get("/web-push/real-browsers").json()["browsers"]
        return any(one["connected"] for one in listed if one["id"] == uaid)

    await eventually(lambda: not connected())


async def test_firefox_subscribes_and_gets_a_message_that_it_can_decrypt(
    simulator: SimulatorProcess, app_server: AppServer
) -> None:
    async with firefox(simulator) as browser:
        subscription = await browser.register(app_server.public_key)
        assert (await push(app_server, subscription, notification("hello"))).status_code == 201
        message = await browser.hear()
        assert browser.text(message)["notification"]["title"] == "hello"
        await browser.acknowledge(message, 101)
        listed = simulator.http.get("/web-push/real-browsers").json()["browsers"]
        (seen,) = [one for one in listed if one["id"] == browser.uaid]
        assert seen["acknowledged"] == {message["version"]: 101}


async def test_what_was_not_acknowledged_comes_again_and_nothing_else(
    simulator: SimulatorProcess, app_server: AppServer
) -> None:
    async with firefox(simulator) as browser:
        keys, subscription = browser.keys, await browser.register(app_server.public_key)
        await push(app_server, subscription, notification("taken"))
        await browser.acknowledge(await browser.hear())
        await push(app_server, subscription, notification("unheard"))
        await browser.hear()
    await is_away(simulator, browser.uaid)
    for step in (1, 2):
        await push(app_server, subscription, notification(f"away {step}"), topic="one4")
    async with firefox(simulator, browser.uaid) as again:
        again.keys = keys
        assert again.uaid == browser.uaid
        titles = [again.text(await again.hear())["notification"]["title"] for _ in range(2)]
        assert titles == ["unheard", "away 2"]
        assert await again.ask({}) == {}


async def test_an_endpoint_that_was_unregistered_is_gone(simulator: SimulatorProcess, app_server: AppServer) -> None:
    async with firefox(simulator) as browser:
        subscription = await browser.register(app_server.public_key)
        answer = await browser.ask({"messageType": "unregister", "channelID": "c-1", "code": 201})
        assert answer == {"messageType": "unregister", "channelID": "c-1", "status": 200}
        assert (await push(app_server, subscription, notification())).status_code == 410


async def test_a_service_that_forgets_browsers_gives_them_another_id(
    folder: Path, gateway: StandInGateway, app_server: AppServer
) -> None:
    process = SimulatorProcess(folder, SMITH_GATEWAY_URL=gateway.url).start()
    try:
        async with firefox(process) as browser:
            subscription = await browser.register(app_server.public_key)
            process.http.delete("/web-push/real-browsers")
            with pytest.raises(ConnectionClosed):
                await browser.hear()
        assert (await push(app_server, subscription, notification())).status_code == 404
        async with firefox(process, browser.uaid) as again:
            assert again.uaid != browser.uaid
    finally:
        process.stop()


async def test_subscriptions_and_what_is_held_outlive_a_kill(
    folder: Path, gateway: StandInGateway, app_server: AppServer
) -> None:
    (port,) = free_ports(1)
    settings = {"SMITH_GATEWAY_URL": gateway.url, "SMITH_WEBPUSH_SIMULATOR_PORT": str(port)}
    process = SimulatorProcess(folder, **settings).start()
    async with firefox(process) as browser:
        keys, subscription = browser.keys, await browser.register(app_server.public_key)
    process.kill()
    process = SimulatorProcess(folder, **settings).start()
    try:
        assert (await push(app_server, subscription, notification("kept"))).status_code == 201
        async with firefox(process, browser.uaid) as again:
            again.keys = keys
            assert again.text(await again.hear())["notification"]["title"] == "kept"
    finally:
        process.stop()


@pytest.mark.parametrize("frame", ["not JSON", "[]", '"x"', "[" * 50_000, "x" * 100_000])
async def test_what_makes_no_sense_ends_the_connection(simulator: SimulatorProcess, frame: str) -> None:
    async with firefox(simulator) as browser:
        await browser.socket.send(frame)
        with pytest.raises(ConnectionClosed):
            await browser.hear()


async def test_a_key_that_is_none_is_refused(simulator: SimulatorProcess) -> None:
    async with firefox(simulator) as browser:
        answer = await browser.ask({"messageType": "register", "channelID": "c-1", "key": "short"})
        assert answer["status"] == 400
