"""The dialog that pairs a phone or a browser: a code, and the ways to use it. It closes when the device is paired."""

import datetime as dt
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from nicegui import ui
from nicegui.events import ValueChangeEventArguments
from smith.core.v1.account_pb2 import Member
from smith.core.v1.account_service_pb2 import ListMembersRequest
from smith.core.v1.device_pb2 import Device
from smith.core.v1.device_service_pb2 import CreatePairingCodeRequest, CreatePairingCodeResponse, ListDevicesRequest

from admin_ui.components.buttons import primary, secondary
from admin_ui.components.copying import copy_button
from admin_ui.components.dialogs import dialog, dialog_actions
from admin_ui.components.html import div, p, text
from admin_ui.components.pairing_ways import app_way, browser_way, simulated_way
from admin_ui.simulated_phones import BROWSERS, SimulatorAway, pair_browser, pair_phone
from admin_ui.texts import _
from admin_ui.visit import Visit

MAX_PEOPLE = 1000
"""People that an owner may choose from: the most that core lists at once."""


class Pairing:
    """The dialog, and what it knows about the device that it waits for. Call `hear` when one was paired, or may have
    been."""

    def __init__(self, visit: Visit, place: ui.element) -> None:
        """`place` is where the dialog is drawn: a part of the page that is not redrawn while it is open."""
        self._visit = visit
        self._dialogs = place
        self._shown: ui.dialog | None = None
        self._user_id = ""
        self._newest_before = ""
        self._code = CreatePairingCodeResponse()

    async def open(self) -> None:
        """Asks for a code and shows it. Raises Refused."""
        people = await self._people()
        self._user_id = self._visit.member.user_id
        about = _("A phone or a browser that is paired gets what your backends send.")
        with self._dialogs, dialog(_("Pair a device"), about) as shown:
            if len(people) > 1:
                self._choose_person(people)
            self._place = div("stack")
            with dialog_actions():
                secondary(_("Close"), shown.close)
            ui.timer(1.0, self._tick)
        self._shown = shown
        shown.on_value_change(self._changed)
        await self._new_code()
        shown.open()

    async def hear(self) -> None:
        """Closes the dialog if the phone that it waits for has been paired. Raises Refused."""
        if self._shown is None:
            return
        newest = await self._newest()
        if newest is None or newest.id == self._newest_before or self._shown is None:
            return
        self._shown.close()
        is_own = newest.user_id == self._visit.member.user_id
        told = _("Paired {name}.") if is_own else _("Paired {name} for {who}.")
        ui.notify(told.format(name=newest.name, who=newest.user_name or newest.user_email), type="positive")

    async def _people(self) -> Sequence[Member]:
        if not self._visit.is_owner:
            return [self._visit.member]
        found = await self._visit.ask(self._visit.core.accounts.ListMembers, ListMembersRequest(page_size=MAX_PEOPLE))
        return found.members

    def _choose_person(self, people: Sequence[Member]) -> None:
        names = {one.user_id: _name_of(one) for one in people}
        chosen = ui.select(names, value=self._user_id, label=_("Whose device is it?"), with_input=len(people) > 10)

        async def choose() -> None:
            if chosen.value:
                self._user_id = chosen.value
                await self._new_code()

        chosen.on_value_change(choose)

    async def _newest(self) -> Device | None:
        request = ListDevicesRequest(user_id=self._user_id, newest_first=True, page_size=1)
        found = await self._visit.ask(self._visit.core.devices.ListDevices, request)
        return next(iter(found.devices), None)

    async def _new_code(self) -> None:
        newest = await self._newest()
        self._newest_before = newest.id if newest else ""
        request = CreatePairingCodeRequest(user_id=self._user_id)
        self._code = await self._visit.ask(self._visit.core.devices.CreatePairingCode, request)
        self._place.clear()
        with self._place:
            self._draw()
        self._tick()

    def _draw(self) -> None:
        code, server = self._code.pairing_code, self._visit.settings.gateway_url
        with div("pairing-head"):
            with div("cluster"):
                text(code, "pairing-code", "code").mark("pairing-code")
                copy_button(code, _("Copy pairing code"))
            with div("stack-tight"):
                with div("pairing-state").props("role=status"):
                    div("pairing-dot")
                    text(_("Waiting for the device…"))
                self._left = p("", "muted small num")
        browser_way(server, code)
        app_way(server, code)
        if self._visit.settings.simulator_url is not None:
            browsers = [
                (_("Simulated {name}").format(name=name), partial(self._simulate_browser, kind))
                for kind, name in BROWSERS.items()
            ]
            simulated_way([(_("Simulated iPhone"), self._simulate_phone), *browsers])

    def _tick(self) -> None:
        if not self._code.pairing_code:
            return
        left = self._code.expires_at.ToDatetime(dt.UTC) - dt.datetime.now(dt.UTC)
        seconds = int(left.total_seconds())
        if seconds > 0:
            self._left.text = _("It works once, for another {time}.").format(time=f"{seconds // 60}:{seconds % 60:02}")
            return
        self._code = CreatePairingCodeResponse()
        self._place.clear()
        with self._place, div("pairing-words"):
            p(_("The code has expired."), "strong")
            p(_("It was not used within 10 minutes."), "muted")
            primary(_("New code"), self._new_code)

    async def _simulate_phone(self) -> None:
        await self._simulate(lambda simulator, code: pair_phone(simulator, code, _("Simulated iPhone")))

    async def _simulate_browser(self, kind: str) -> None:
        name = _("Simulated {name}").format(name=BROWSERS[kind])
        await self._simulate(lambda simulator, code: pair_browser(simulator, code, name, kind))

    async def _simulate(self, pair: Callable[[str, str], Awaitable[None]]) -> None:
        simulator = self._visit.settings.simulator_url
        if simulator is None or not self._code.pairing_code:
            ui.notify(_("Ask for a new code first."), type="warning")
            return
        try:
            await pair(simulator, self._code.pairing_code)
        except SimulatorAway as away:
            ui.notify(str(away), type="negative", close_button=_("Close"))

    def _changed(self, change: ValueChangeEventArguments[bool]) -> None:
        """Removes the dialog when it closes: the next one has another code."""
        if not change.value and self._shown is not None:
            shown, self._shown = self._shown, None
            self._code = CreatePairingCodeResponse()
            shown.delete()


def _name_of(person: Member) -> str:
    return person.email if person.name in {"", person.email} else f"{person.name} ({person.email})"
