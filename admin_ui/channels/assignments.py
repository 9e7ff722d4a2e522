"""Who belongs to a channel: lists of people and of devices, and dialogs that find more of them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from smith.core.v1.account_service_pb2 import ListMembersRequest
from smith.core.v1.channel_service_pb2 import (
    AssignDeviceRequest,
    AssignUserRequest,
    UnassignDeviceRequest,
    UnassignUserRequest,
)
from smith.core.v1.device_service_pb2 import ListDevicesRequest

from admin_ui.components.buttons import icon_button, quiet, secondary
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.components.html import div, p, text
from admin_ui.components.kept import KeptList
from admin_ui.components.layout import card
from admin_ui.components.search import SearchResults
from admin_ui.texts import _
from admin_ui.visit import Visit

FOUND = 20
"""Most search results that are shown at once."""


@dataclass(frozen=True)
class Assignable:
    """A person or a device."""

    id: str
    name: str
    detail: str


class Assignments:
    """A card that lists the assigned people or devices. `changed` is awaited after each change."""

    title: str
    empty: str
    verb: str

    def __init__(self, visit: Visit, channel_id: str, changed: Callable[[], Awaitable[None]]) -> None:
        self._visit = visit
        self._channel_id = channel_id
        self._changed = changed
        self._assigned: Sequence[Assignable] = ()
        with card():
            with div("spread"):
                self._heading = text(self.title, "card-title", "h2")
                secondary(self.verb, self._open, icon="add")
            self._list = KeptList[str]("stack-tight")
        self._stage = div("hidden")

    def show(self, assigned: Sequence[Assignable]) -> None:
        """Shows the assigned people or devices."""
        self._assigned = assigned
        self._heading.text = f"{self.title} ({len(assigned)})"
        nothing = partial(p, self.empty, "muted")
        self._list.show({one.id: partial(self._draw_assigned, one) for one in assigned} or {"": nothing})

    def _draw_assigned(self, one: Assignable) -> None:
        with div("spread"):
            _describe(one)
            icon_button("close", _("Take {name} out").format(name=one.name), partial(self._remove, one))

    async def find(self, searched: str) -> Sequence[Assignable]:
        """People or devices of the account that match the text. Raises Refused."""
        raise NotImplementedError

    async def assign(self, assignable: Assignable) -> None:
        """Raises Refused."""
        raise NotImplementedError

    async def unassign(self, assignable: Assignable) -> None:
        """Raises Refused."""
        raise NotImplementedError

    async def _remove(self, one: Assignable) -> None:
        await self.unassign(one)
        await self._changed()

    async def _open(self) -> None:
        with self._stage, dialog(self.verb) as shown:
            results = SearchResults(self._find, lambda found: self._draw(results, *found), "stack-tight")
            with dialog_actions():
                secondary(_("Done"), shown.close)
        await results.refresh()
        gone_when_closed(shown)
        shown.open()

    async def _find(self, searched: str) -> Sequence[tuple[Assignable, bool]]:
        """The matches, and whether each is assigned already. Raises Refused."""
        found = await self.find(searched)
        present = {one.id for one in self._assigned}
        return [(one, one.id in present) for one in found]

    def _draw(self, results: SearchResults[tuple[Assignable, bool]], one: Assignable, is_assigned: bool) -> None:
        async def add() -> None:
            await self.assign(one)
            await self._changed()
            await results.refresh()

        with div("spread"):
            _describe(one)
            if is_assigned:
                text(_("assigned"), "muted small")
            else:
                quiet(_("Add"), add).props["aria-label"] = _("Add {name}").format(name=one.name)


class PeopleAssignments(Assignments):
    """People, who belong to a channel with all their devices."""

    title, verb = _("People"), _("Add people")
    empty = _("No people yet. A person comes with all their devices, later ones included.")

    async def find(self, searched: str) -> Sequence[Assignable]:
        """See Assignments."""
        request = ListMembersRequest(page_size=FOUND, query=searched)
        page = await self._visit.ask(self._visit.core.accounts.ListMembers, request)
        return [Assignable(member.user_id, member.name, member.email) for member in page.members]

    async def assign(self, assignable: Assignable) -> None:
        """See Assignments."""
        request = AssignUserRequest(channel_id=self._channel_id, user_id=assignable.id)
        await self._visit.ask(self._visit.core.channels.AssignUser, request)

    async def unassign(self, assignable: Assignable) -> None:
        """See Assignments."""
        request = UnassignUserRequest(channel_id=self._channel_id, user_id=assignable.id)
        await self._visit.ask(self._visit.core.channels.UnassignUser, request)


class DeviceAssignments(Assignments):
    """Devices that belong to a channel by themselves."""

    title, verb = _("Devices"), _("Add devices")
    empty = _("No single devices yet.")

    async def find(self, searched: str) -> Sequence[Assignable]:
        """See Assignments."""
        request = ListDevicesRequest(page_size=FOUND, query=searched)
        page = await self._visit.ask(self._visit.core.devices.ListDevices, request)
        return [Assignable(device.id, device.name, device.user_name) for device in page.devices]

    async def assign(self, assignable: Assignable) -> None:
        """See Assignments."""
        request = AssignDeviceRequest(channel_id=self._channel_id, device_id=assignable.id)
        await self._visit.ask(self._visit.core.channels.AssignDevice, request)

    async def unassign(self, assignable: Assignable) -> None:
        """See Assignments."""
        request = UnassignDeviceRequest(channel_id=self._channel_id, device_id=assignable.id)
        await self._visit.ask(self._visit.core.channels.UnassignDevice, request)


def _describe(one: Assignable) -> None:
    with div("stack-tight"):
        text(one.name)
        if one.detail and one.detail != one.name:
            text(one.detail, "muted small")
