"""A simulator whose phones pair with the core of the tests through a real gateway."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.core.harness import Account, Core
from tests.simulator.live import LIVE, change, start
from tests.simulator.process import SimulatorProcess
from tests.simulator.sender import Sender
from tests.waiting import eventually


class SimulatedPhone:
    """A phone on the simulator, and APNs as the server uses it."""

    def __init__(self, simulator: SimulatorProcess, phone_id: str) -> None:
        self.simulator = simulator
        self.id = phone_id

    def read(self) -> dict[str, Any]:
        """The phone with its screen."""
        return self.simulator.phone(self.id)

    async def notify(self, title: str, **smith: Any) -> None:
        """A notification arrives."""
        push = {"aps": {"alert": {"title": title, "body": "text"}}, "smith": {"notification_id": title, **smith}}
        async with Sender(self.simulator.apns_port, self.simulator.folder) as sender:
            assert (await sender.push(self.read()["push_token"], push)).status == 200

    async def set_badge(self, number: int) -> None:
        """A number for the app's icon arrives, and nothing else."""
        async with Sender(self.simulator.apns_port, self.simulator.folder) as sender:
            assert (await sender.push(self.read()["push_token"], {"aps": {"badge": number}})).status == 200

    async def start(self, activity_id: str, content_state: dict[str, Any], *, channel_id: str | None = None) -> None:
        """A Live Activity starts, which listens to a broadcast channel if one is named."""
        async with Sender(self.simulator.apns_port, self.simulator.folder) as sender:
            told = {"input_push_channel": channel_id, "input_push_token": None} if channel_id else {}
            push = start(activity_id, content_state=content_state, **told)
            assert (await sender.push(self.read()["push_to_start_token"], push, **LIVE)).status == 200

    async def update(self, activity_id: str, content_state: dict[str, Any]) -> None:
        """It moves on."""
        (card,) = [one for one in self.read()["live_activities"] if one["activity_id"] == activity_id]
        async with Sender(self.simulator.apns_port, self.simulator.folder) as sender:
            push = change(content_state=content_state)
            assert (await sender.push(card["update_token"], push, **LIVE)).status == 200


class PhoneShop:
    """Where phones come from."""

    def __init__(self, simulator: SimulatorProcess) -> None:
        self.simulator = simulator

    async def pair(self, account: Account, name: str) -> SimulatedPhone:
        """A new phone of the account's owner."""
        code = (await account.owner.CreatePairingCode()).pairing_code
        paired = await asyncio.to_thread(self.simulator.http.post, "/phones", json={"pairing_code": code, "name": name})
        assert paired.status_code == 201, paired.text
        return SimulatedPhone(self.simulator, paired.json()["id"])


@asynccontextmanager
async def phone_shop(core: Core, folder: Path) -> AsyncIterator[PhoneShop]:
    """Runs a gateway before `core`, and a simulator before that."""
    log = folder / "gateway.log"
    env = {**os.environ, "SMITH_CORE_ADDRESS": core.address, "SMITH_GATEWAY_PORT": "0"}
    with log.open("wb") as output:
        gateway = await asyncio.create_subprocess_exec(sys.executable, "-m", "gateway", stderr=output, env=env)

    def address() -> str:
        found = re.search(r"serving on (http://127\.0\.0\.1:\d+)", log.read_text())
        return found[1] if found else ""

    try:
        url = await asyncio.to_thread(eventually, "the gateway serves", address)
        simulator = await asyncio.to_thread(SimulatorProcess(folder, SMITH_GATEWAY_URL=url).start)
        try:
            yield PhoneShop(simulator)
        finally:
            await asyncio.to_thread(simulator.stop)
    finally:
        gateway.terminate()
        await gateway.wait()
