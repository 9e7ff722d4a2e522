"""The start page of a member without a phone: how to pair one."""

from collections.abc import Sequence

from nicegui import ui
from smith.core.v1.device_service_pb2 import ListDevicesRequest
from smith.core.v1.event_pb2 import EVENT_TYPE_DEVICE_PAIRED, Event

from admin_ui.components.buttons import primary
from admin_ui.components.html import a, div
from admin_ui.components.layout import page_header
from admin_ui.components.pairing import Pairing
from admin_ui.components.states import empty_state
from admin_ui.texts import _
from admin_ui.visit import Visit


async def has_no_phone(visit: Visit) -> bool:
    """Whether the person who looks has paired no phone yet. Raises Refused."""
    request = ListDevicesRequest(user_id=visit.member.user_id, page_size=1)
    return not (await visit.ask(visit.core.devices.ListDevices, request)).devices


class PairYourPhone:
    """The page, shown until the phone is paired."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def draw(self) -> None:
        """Draws the page."""
        self._pairing = Pairing(self._visit, div())
        self._visit.watch({EVENT_TYPE_DEVICE_PAIRED}, self._hear)
        with page_header(
            _("Pair your phone"), _("You are in {name}. One thing is left to do.").format(name=self._visit.account.name)
        ):
            pass
        explanation = _(
            "What your team sends appears on your phone or in your browser, once paired. It takes a minute."
        )
        with empty_state("devices", _("No phone or browser of yours is paired"), explanation):
            primary(_("Pair my phone"), self._pairing.open, icon="add")
            a(_("Show the overview"), "/?show=figures")

    async def _hear(self, events: Sequence[Event]) -> None:
        await self._pairing.hear()
        if not await has_no_phone(self._visit):
            ui.navigate.to("/")
