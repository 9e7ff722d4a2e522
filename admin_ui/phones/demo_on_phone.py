"""Plays the demo through core on a simulated iPhone of its own, and takes everything away that it has made.

The phone is paired for the demo alone, and what is sent has a channel with this phone only as its target: no other
phone can be reached. It is sent as the person, as the playground does.
"""

import asyncio
import datetime as dt
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from smith.core.v1.channel_service_pb2 import (
    AssignDeviceRequest,
    CreateChannelRequest,
    DeleteChannelRequest,
    ListChannelsRequest,
)
from smith.core.v1.device_service_pb2 import CreatePairingCodeRequest, DeleteDeviceRequest, GetDeviceRequest
from smith.core.v1.live_activity_record_pb2 import LIVE_ACTIVITY_STATUS_ACTIVE
from smith.core.v1.live_activity_service_pb2 import ListLiveActivitiesRequest

from admin_ui.core import Refused
from admin_ui.phones.demo_script import Scene, perform
from admin_ui.phones.simulator import Simulator, SimulatorError
from admin_ui.sending.api_request import ApiRequest, Operation
from admin_ui.sending.to_core import send
from admin_ui.texts import _
from admin_ui.visit import Visit

log = logging.getLogger(__name__)

PHONE = _("Demo iPhone")
CHANNEL = "lock-screen-demo-"
"""The beginning of the channel's slug."""
TAG = "lock-screen-demo"
"""What is sent has this tag."""
MOST_SECONDS = 60.0
"""Longest time that a demo takes. Then it ends, wherever it is."""
FORGOTTEN = dt.timedelta(minutes=3)
"""What is older than this was left by a demo that could not clean up."""
MOST_AT_ONCE = 8
"""Demos in this process."""


class Demos:
    """The demos that are played now, one for each account at most."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._accounts: set[str] = set()

    def claim(self, account_id: str) -> bool:
        """Whether one may be played in this account now; then `play` must follow. False if one is played there, or as
        many as may be elsewhere."""
        if account_id in self._accounts or len(self._accounts) >= MOST_AT_ONCE:
            return False
        self._accounts.add(account_id)
        return True

    async def play(
        self,
        visit: Visit,
        show_phone: Callable[[str], Any],
        lock: Callable[[bool], None],
        explain: Callable[[Scene], None],
    ) -> None:
        """Plays one that was claimed to its end, whether the page is still there or not. `show_phone` is called with
        the phone's id.

        Raises Refused, SimulatorError, or TimeoutError; what was made is taken away also then.
        """
        try:
            await _sweep(visit, self._simulator)
            async with asyncio.timeout(MOST_SECONDS), _phone(visit, self._simulator) as (phone_id, player):
                player.on_lock = lock
                await show_phone(phone_id)
                await perform(player, explain)
        finally:
            self._accounts.discard(visit.account.id)


class _OnPhone:
    """The player: each deed is a call of core."""

    def __init__(self, visit: Visit, channel: str) -> None:
        self._visit = visit
        self._common = {"target": {"channels": [channel]}, "tags": [TAG]}
        self.on_lock: Callable[[bool], None] = lambda locked: None
        self.started: dict[str, tuple[str, Mapping[str, Any]]] = {}
        """Id and last state of what was started and not ended, by the script's keys."""

    async def push(self, body: Mapping[str, Any]) -> None:
        await send(self._visit, ApiRequest(Operation.PUSH, {**body, **self._common}))

    async def start(self, key: str, body: Mapping[str, Any]) -> None:
        answer = await send(self._visit, ApiRequest(Operation.START, {**body, **self._common}))
        self.started[key] = str(answer["activity_id"]), body["content_state"]

    async def update(self, key: str, body: Mapping[str, Any]) -> None:
        activity_id, _ = self.started[key]
        self.started[key] = activity_id, body["content_state"]
        await send(self._visit, ApiRequest(Operation.UPDATE, {**body, "activity_id": activity_id}))

    async def end(self, key: str) -> None:
        activity_id, state = self.started[key]
        await _end(self._visit, activity_id, state)
        del self.started[key]

    async def lock(self, *, locked: bool) -> None:
        self.on_lock(locked)


async def _end(visit: Visit, activity_id: str, state: Mapping[str, Any]) -> None:
    body = {"activity_id": activity_id, "content_state": {**state, "auto_dismiss_seconds": 0}}
    await send(visit, ApiRequest(Operation.END, body))


@asynccontextmanager
async def _phone(visit: Visit, simulator: Simulator) -> AsyncIterator[tuple[str, _OnPhone]]:
    """A phone with its channel, which go again with everything that was started."""
    code = await visit.ask(visit.core.devices.CreatePairingCode, CreatePairingCodeRequest())
    phone = await simulator.pair(code.pairing_code, PHONE)
    phone_id, device_id = str(phone["id"]), str(phone["device_id"])
    channel_id, player = "", None
    try:
        slug = f"{CHANNEL}{secrets.token_hex(6)}"
        made = await visit.ask(visit.core.channels.CreateChannel, CreateChannelRequest(slug=slug, name=_("Demo")))
        channel_id = made.channel.id
        assign = AssignDeviceRequest(channel_id=channel_id, device_id=device_id)
        await visit.ask(visit.core.channels.AssignDevice, assign)
        player = _OnPhone(visit, slug)
        yield phone_id, player
    finally:
        for activity_id, state in player.started.values() if player else ():
            await _surely("end a card", _end(visit, activity_id, state))
        await _surely("remove the phone", _remove(visit, simulator, phone_id, device_id))
        if channel_id:
            delete = DeleteChannelRequest(channel_id=channel_id)
            await _surely("delete the channel", visit.ask(visit.core.channels.DeleteChannel, delete))


async def _remove(visit: Visit, simulator: Simulator, phone_id: str, device_id: str) -> None:
    try:
        await simulator.remove(phone_id)
    except SimulatorError:
        # Then it is unpaired at least. The next demo removes it from the simulator.
        await visit.ask(visit.core.devices.DeleteDevice, DeleteDeviceRequest(device_id=device_id))


async def _surely(what: str, doing: Any) -> None:
    """Goes on with cleaning up whatever happens; the next demo of the account tries again what failed."""
    try:
        await doing
    except (Refused, SimulatorError) as error:
        log.warning("a demo could not %s: %s", what, error.message)


async def _sweep(visit: Visit, simulator: Simulator) -> None:
    """Takes away what demos of this account have left: this process was ended, or core was away. Raises Refused."""
    core, before = visit.core, dt.datetime.now(dt.UTC) - FORGOTTEN
    left = ListLiveActivitiesRequest(tags=[TAG], status=LIVE_ACTIVITY_STATUS_ACTIVE, page_size=20)
    for activity in (await visit.ask(core.live_activities.ListLiveActivities, left)).live_activities:
        if activity.created_at.ToDatetime(dt.UTC) < before:
            state = {"title": _("Demo"), "type": "alert", "message": _("Over")}
            await _surely("end a card of before", _end(visit, activity.activity_id, state))
    channels = await visit.ask(core.channels.ListChannels, ListChannelsRequest(page_size=1000))
    for channel in channels.channels:
        if channel.slug.startswith(CHANNEL) and channel.created_at.ToDatetime(dt.UTC) < before:
            delete = DeleteChannelRequest(channel_id=channel.id)
            await _surely("delete a channel of before", visit.ask(core.channels.DeleteChannel, delete))
    for phone in await simulator.phones():
        if phone["name"] == PHONE:
            await _surely("remove a phone of before", _remove_old(visit, simulator, phone, before))


async def _remove_old(visit: Visit, simulator: Simulator, phone: Mapping[str, Any], before: dt.datetime) -> None:
    try:
        request = GetDeviceRequest(device_id=str(phone["device_id"]))
        found = await visit.ask(visit.core.devices.GetDevice, request)
    except Refused:
        # Another account's, which uses the same simulator.
        return
    if found.device.created_at.ToDatetime(dt.UTC) < before:
        await simulator.remove(str(phone["id"]))
