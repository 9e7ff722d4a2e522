"""A whole server whose clock, and that of its phones, can be put forward, so that no test waits for hours.

Gateway, core and delivery run in this process, the simulator in one of its own.
"""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS, LIVE_ACTIVITY_TYPE_SEGMENTED_PROGRESS
from smith.core.v1.live_activity_service_pb2 import LiveActivityStreamOperation

from core_service.common.orm import now
from gateway.settings import GatewaySettings
from gateway.wiring import build_app, build_server, listen
from service_kit.client import open_channel
from simulator.credentials import BUNDLE_ID
from tests.core.harness import Account, Caller, Core, start_account, start_core
from tests.delivery.harness import delivery_service, settings_from
from tests.simulator.process import SimulatorProcess
from tests.waiting import LONG, eventually_async

MANY = 10_000
KEY = "nightly"
"""The key of every team's stream."""

Cards = dict[str, dict[str, Any]]
"""Live Activities on a screen by their ids, oldest first."""


@dataclass
class TravelClock:
    """The machine's clock, some time ahead."""

    ahead: dt.timedelta = field(default_factory=dt.timedelta)

    def __call__(self) -> dt.datetime:
        """The time, in UTC."""
        return now() + self.ahead


@dataclass
class HeldClock(TravelClock):
    """Goes forward only when a test says so. By the machine's, what takes this process a second would be one of those
    that the test counts."""

    begun: dt.datetime = field(default_factory=now)

    def __call__(self) -> dt.datetime:
        """The time, in UTC."""
        return self.begun + self.ahead


@dataclass(frozen=True)
class RigPhone:
    """A simulated iPhone."""

    rig: "Rig"
    id: str
    device_id: str

    async def read(self) -> dict[str, Any]:
        """The phone with its screen."""
        return await self.rig.control("GET", f"/phones/{self.id}")

    async def has_reported(self) -> bool:
        """Whether the app has told the server its push and push-to-start tokens."""
        return bool((await self.read())["tokens_reported"])

    async def cards(self) -> Cards:
        """Its Live Activities by their ids, oldest first."""
        return {card["activity_id"]: card for card in (await self.read())["live_activities"]}

    async def settings(self, **change: Any) -> None:
        """Changes how it behaves."""
        await self.rig.control("POST", f"/phones/{self.id}/settings", change)

    async def do(self, what: str, **body: Any) -> None:
        """Something that a person or iOS does."""
        await self.rig.control("POST", f"/phones/{self.id}/{what}", body)

    async def until(self, what: str, condition: Callable[[Cards], Any]) -> Cards:
        """Its cards as soon as the condition holds for them."""
        seen: Cards = {}

        async def holds() -> bool:
            seen.clear()
            seen.update(await self.cards())
            return bool(condition(seen))

        try:
            await eventually_async(what, holds)
        except AssertionError as error:
            raise AssertionError(f"{error}; cards: {seen}; dropped: {(await self.read())['dropped']}") from None
        return seen

    async def shows(self, *activity_ids: str, state: str = "active") -> Cards:
        """Its cards, once they are exactly these, in this state, with their tokens reported."""

        def exactly(cards: Cards) -> bool:
            return set(cards) == set(activity_ids) and all(
                card["state"] == state and (card["token_reported"] or state == "ended") for card in cards.values()
            )

        return await self.until(f"it shows {activity_ids} as {state}", exactly)

    async def live(self, activity_id: str) -> None:
        """Returns once core can update the activity here, and has nothing left to say to it."""

        async def known() -> bool:
            return (await self.held(activity_id))[:2] == ("live", None)

        await eventually_async("core has the update token", known)

    async def held(self, activity_id: str) -> tuple[str, dt.datetime | None]:
        """What core knows of the activity here: its phase, and when it is to be looked at again."""
        [row] = await self.rig.core.sql(
            "SELECT phase, next_at FROM live_activity_devices WHERE activity_id = %s AND device_id = %s",
            activity_id,
            self.device_id,
        )
        return row[0], row[1]

    async def starts(self) -> list[dict[str, Any]]:
        """The pushes to its push-to-start token, oldest first: `headers` and `aps`."""
        return await self._pushes((await self.read())["push_to_start_token"])

    async def pushes(self, activity_id: str) -> list[dict[str, Any]]:
        """The pushes to the activity's update token, likewise."""
        query = "SELECT update_token FROM live_activity_devices WHERE activity_id = %s AND device_id = %s"
        [(token,)] = await self.rig.core.sql(query, activity_id, self.device_id)
        return await self._pushes(token)

    async def _pushes(self, token: str) -> list[dict[str, Any]]:
        found = (await self.rig.control("GET", f"/apns/requests?limit={MANY}&token={token}"))["requests"]
        return [{"headers": one["headers"], "aps": json.loads(one["body"])["aps"]} for one in reversed(found)]

    async def priorities(self, activity_id: str) -> list[int]:
        """Those of the pushes to the activity, oldest first."""
        return [int(push["headers"]["apns-priority"]) for push in await self.pushes(activity_id)]


@dataclass(frozen=True)
class Rig:
    """The server."""

    core: Core
    clock: TravelClock
    _http: httpx.AsyncClient
    delivery_address: str

    async def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Has the simulator do something."""
        response = await self._http.request(method, path, json=body)
        assert response.is_success, response.text
        return dict(response.json())

    async def advance(self, **time: float) -> None:
        """Puts all clocks forward by what `timedelta` takes."""
        step = dt.timedelta(**time)
        await self.control("POST", "/clock", {"advance_seconds": step.total_seconds()})
        self.clock.ahead += step

    async def phone(self, account: Account, *, os_version: str = "18.2", **settings: Any) -> RigPhone:
        """A new phone of the account's owner, paired as people do it."""
        code = (await account.owner.CreatePairingCode()).pairing_code
        new = {"pairing_code": code, "name": "iPhone", "os_version": os_version}
        paired = await self.control("POST", "/phones", new)
        phone = RigPhone(self, paired["id"], paired["device_id"])
        if settings:
            await phone.settings(**settings)
        return phone

    async def team(self, **settings: Any) -> "Team":
        """A new account with one phone, and a backend with a key to it."""
        account = await start_account(self.core)
        await account.owner.UpdateAccount(rate_limit_per_minute=MANY)
        phone = await self.phone(account, **settings)
        return Team(self, account, self.core.caller((await account.add_key())[1]), phone)


@dataclass(frozen=True)
class Team:
    """An account, its backend and its phone."""

    rig: Rig
    account: Account
    backend: Caller
    phone: RigPhone


def step(number: int, **other: Any) -> dict[str, Any]:
    """A state that is one step further than the one before."""
    kind = LIVE_ACTIVITY_TYPE_SEGMENTED_PROGRESS
    return {"title": "Deploy", "type": kind, "number_of_steps": 100, "current_step": number, **other}


def tick(percentage: float) -> dict[str, Any]:
    """A state that differs from the one before by a mere number."""
    return {"title": "Backup", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": percentage}


async def put(team: Team, state: dict[str, Any], **other: Any) -> Any:
    """The answer to a PUT; its operation as the documentation names it."""
    return await team.backend.PutLiveActivityStream(stream_key=KEY, content_state=state, **other)


def operation(answer: Any) -> str:
    """What a PUT has done."""
    return LiveActivityStreamOperation.Name(answer.operation).rpartition("_")[2].lower()


async def started(team: Team, number: int = 1) -> str:
    """An activity that its backend manages, on the screen and ready for updates."""
    activity_id: str = (await team.backend.StartLiveActivity(content_state=step(number))).activity_id
    await team.phone.live(activity_id)
    return activity_id


async def streamed(team: Team) -> str:
    """A stream's activity, on the screen and ready for updates."""
    activity_id: str = (await put(team, step(1))).activity_id
    await team.phone.live(activity_id)
    return activity_id


@asynccontextmanager
async def start_rig(database_url: str, folder: Path, **settings: Any) -> AsyncIterator[Rig]:
    """Runs one on free ports. `settings` are fields of CoreSettings."""
    async with AsyncExitStack() as stack:
        listener = listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        simulator = SimulatorProcess(folder, SMITH_GATEWAY_URL=url)
        await asyncio.to_thread(simulator.start)
        stack.push_async_callback(asyncio.to_thread, simulator.stop)
        with pytest.MonkeyPatch.context() as environment:
            delivery_settings = settings_from(_delivery_environment(simulator), environment)
        delivery = await stack.enter_async_context(delivery_service(delivery_settings))
        clock = TravelClock()
        core = await stack.enter_async_context(
            start_core(database_url, clock=clock, delivery_address=delivery.address, **settings)
        )  # fmt: skip
        channel = await stack.enter_async_context(open_channel(core.address))
        of_gateway = GatewaySettings(core_address=core.address, drain_seconds=1.0)
        server = build_server(build_app(channel, of_gateway), of_gateway)
        serving = asyncio.create_task(server.serve([listener]))

        async def stop_serving() -> None:
            server.should_exit = True
            await serving

        stack.push_async_callback(stop_serving)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=simulator.url, timeout=LONG))
        yield Rig(core, clock, http, delivery.address)


def _delivery_environment(simulator: SimulatorProcess) -> dict[str, str]:
    files = simulator.folder / "simulator"
    return {
        "SMITH_DELIVERY_PORT": "0",
        "SMITH_DRAIN_SECONDS": "1",
        "SMITH_APNS_KEY_FILE": str(files / "AuthKey.p8"),
        "SMITH_APNS_KEY_ID": "SIMULATOR1",
        "SMITH_APNS_TEAM_ID": "SIMULATED1",
        "SMITH_APNS_TOPIC": BUNDLE_ID,
        "SMITH_APNS_CA_FILE": str(files / "ca.pem"),
        "SMITH_APNS_PRODUCTION_ADDRESS": f"localhost:{simulator.apns_port}",
        "SMITH_APNS_SANDBOX_ADDRESS": f"localhost:{simulator.apns_port}",
    }
