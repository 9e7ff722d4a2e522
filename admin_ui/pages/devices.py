"""The account's devices: found, renamed, removed, and new ones paired."""

from collections.abc import Callable, Sequence
from functools import partial

from nicegui import ui
from smith.core.v1.device_pb2 import (
    DEVICE_STATE_DEAD,
    DEVICE_STATE_READY,
    DEVICE_STATE_WAITING,
    PUSH_TOKEN_STATE_ACTIVE,
    Device,
    DeviceState,
)
from smith.core.v1.device_service_pb2 import (
    DeleteDeviceRequest,
    DeviceCounts,
    ListDevicesRequest,
    UpdateDeviceRequest,
)
from smith.core.v1.event_pb2 import (
    EVENT_TYPE_DEVICE_CHANGED,
    EVENT_TYPE_DEVICE_PAIRED,
    EVENT_TYPE_DEVICE_REMOVED,
    EVENT_TYPE_PUSH_TO_START_TOKEN_DEAD,
    EVENT_TYPE_PUSH_TOKEN_DEAD,
    Event,
)
from smith.core.v1.push_notification_service_pb2 import SendTestPushNotificationRequest

from admin_ui.components.buttons import icon_button, primary, secondary
from admin_ui.components.dialogs import confirm, dialog, dialog_actions
from admin_ui.components.html import a, code, div, labelled, text
from admin_ui.components.layout import badge, page_header
from admin_ui.components.paged_table import PAGE_SIZE, Column, PagedTable, PageOf, row_actions
from admin_ui.components.pairing import Pairing
from admin_ui.components.saving import save_from
from admin_ui.components.search import MAX_SEARCH, search_field
from admin_ui.components.sent import tell_sent
from admin_ui.components.states import empty_state
from admin_ui.components.times import ago
from admin_ui.device_words import icon_of, kind_of, words_of
from admin_ui.pages.delivery_log import log_of_device
from admin_ui.site import Site
from admin_ui.texts import _
from admin_ui.visit import Visit

EVENTS = {
    EVENT_TYPE_DEVICE_PAIRED,
    EVENT_TYPE_DEVICE_CHANGED,
    EVENT_TYPE_DEVICE_REMOVED,
    EVENT_TYPE_PUSH_TOKEN_DEAD,
    EVENT_TYPE_PUSH_TO_START_TOKEN_DEAD,
}
COLUMNS = [
    Column(_("Device")),
    Column(_("Person")),
    Column(_("State")),
    Column(_("Channels")),
    Column(_("Last seen")),
    Column(_("Actions"), "actions"),
]
SHOWN_CHANNELS = 3
STATES: dict[str, tuple[str, "DeviceState.ValueType | None"]] = {
    "": (_("All"), None),
    "ready": (_("Ready"), DEVICE_STATE_READY),
    "waiting": (_("Waiting"), DEVICE_STATE_WAITING),
    "dead": (_("Needs attention"), DEVICE_STATE_DEAD),
}


def create(site: Site) -> None:
    """Registers `/devices`."""

    @site.page("/devices", title=_("Devices"))
    async def devices(visit: Visit, user: str = "", state: str = "", search: str = "") -> None:
        page = DevicesPage(visit, user_id=user, state=state if state in STATES else "", search=search)
        visit.watch(EVENTS, page.hear)
        page.draw()
        await page.refresh()


class DevicesPage:
    """The devices page of one visit."""

    def __init__(self, visit: Visit, *, user_id: str, state: str, search: str) -> None:
        self._visit = visit
        self._wanted = search[:MAX_SEARCH]
        self._user_id = user_id
        self._state = state

    def draw(self) -> None:
        """Draws everything but the rows."""
        # Outside the rows: events redraw these, and an open dialog must stay.
        self._dialogs = div("hidden")
        self._pairing = Pairing(self._visit, self._dialogs)
        with page_header(_("Devices"), _("The phones and browsers that notifications and Live Activities go to.")):
            primary(_("Pair a device"), self._pairing.open, icon="add")
        with div("spread"):
            self._search = search_field(_("Find by device, name or e-mail"), self.search, value=self._wanted)
            self._filters = labelled(div("filters").props("role=group"), _("Filter by state"))
        self._chosen_person = div("cluster person-filter")
        self._table = PagedTable(_("Devices"), COLUMNS, self._fetch, self._cells, on_empty=self._empty)

    async def refresh(self) -> None:
        """Reads the page of the list that is shown again. Raises Refused."""
        await self._table.refresh()

    async def search(self) -> None:
        """Searches for the text in the field, from the first page. Raises Refused."""
        await self._table.refresh(from_start=True)

    async def hear(self, events: Sequence[Event]) -> None:
        """Updates the page after events of devices. Raises Refused."""
        if not events or any(event.type == EVENT_TYPE_DEVICE_PAIRED for event in events):
            await self._pairing.hear()
        await self.refresh()

    async def _fetch(self, page_token: str | None) -> PageOf[Device]:
        state = STATES[self._state][1]
        request = ListDevicesRequest(
            page_size=PAGE_SIZE,
            page_token=page_token,
            query=self._search.value or "",
            user_id=self._user_id or None,
            states=[] if state is None else [state],
            newest_first=True,
        )
        found = await self._visit.ask(self._visit.core.devices.ListDevices, request)
        if found.HasField("counts"):
            self._draw_filters(found.counts)
            self._draw_person(found.devices)
        return PageOf(found.devices, found.next_page_token)

    def _draw_filters(self, counts: DeviceCounts) -> None:
        numbers = {"ready": counts.ready, "waiting": counts.waiting, "dead": counts.dead}
        more = "+" if counts.more else ""
        self._filters.clear()
        with self._filters:
            for key, (name, _) in STATES.items():
                number = numbers.get(key, sum(numbers.values()))
                button = ui.element("button").classes("filter").mark(f"state-{key or 'all'}")
                button.props(f"type=button aria-pressed={'true' if key == self._state else 'false'}")
                button.on("click", partial(self._choose, key))
                with button:
                    text(name)
                    text(f"{number:,}{more}", "filter-count num")

    async def _choose(self, state: str) -> None:
        self._state = state
        await self.search()

    def _draw_person(self, found: Sequence[Device]) -> None:
        self._chosen_person.clear()
        if not self._user_id:
            return
        name = next((device.user_name or device.user_email for device in found), _("one person"))
        with self._chosen_person:
            text(_("Only devices of {name}.").format(name=name), "muted")
            a(_("Show everybody's"), "/devices")

    def _empty(self) -> None:
        if self._search.value or self._state or self._user_id:
            with empty_state("search_off", _("No device matches"), _("Try another word, or look at all of them.")):
                secondary(_("Show all devices"), lambda: ui.navigate.to("/devices"))
            return
        explanation = _("Pair a phone or a browser, for example this one. What is sent then arrives on it.")
        with empty_state("devices", _("No devices yet"), explanation):
            secondary(_("Pair your first device"), self._pairing.open)

    def _cells(self, device: Device) -> list[Callable[[], object]]:
        return [
            partial(_name, device),
            partial(_person, device),
            partial(_state, device),
            partial(_channels, device),
            partial(ago, device.last_seen_at if device.HasField("last_seen_at") else None),
            partial(self._actions, device),
        ]

    def _actions(self, device: Device) -> None:
        with row_actions():
            log = log_of_device(device.id)
            icon_button(
                "receipt_long", _("What {name} was sent").format(name=device.name), lambda: ui.navigate.to(log)
            ).mark("log")
            if not self._visit.is_owner and device.user_id != self._visit.member.user_id:
                return
            if device.push_token_state == PUSH_TOKEN_STATE_ACTIVE:
                icon_button(
                    "send", _("Send a test to {name}").format(name=device.name), partial(self._test, device)
                ).mark("test")
            icon_button("edit", _("Rename {name}").format(name=device.name), partial(self._rename, device)).mark(
                "rename"
            )
            icon_button("delete", _("Remove {name}").format(name=device.name), partial(self._remove, device)).mark(
                "remove"
            )

    async def _test(self, device: Device) -> None:
        request = SendTestPushNotificationRequest(device_id=device.id)
        test = self._visit.core.push_notifications.SendTestPushNotification
        tell_sent((await self._visit.ask(test, request)).sent)

    async def _rename(self, device: Device) -> None:
        with self._dialogs, dialog(_("Rename device")) as shown:
            field = ui.input(_("Name"), value=device.name).props("autofocus maxlength=100")

            async def save() -> None:
                request = UpdateDeviceRequest(device_id=device.id, name=field.value or "")
                update = self._visit.core.devices.UpdateDevice
                if await save_from(field, lambda: self._visit.ask(update, request)) is not None:
                    shown.submit(True)

            with dialog_actions():
                secondary(_("Cancel"), lambda: shown.submit(False))
                primary(_("Rename"), save)
        if await shown:
            await self.refresh()
        shown.delete()

    async def _remove(self, device: Device) -> None:
        explanation = _(
            "Its app or page is signed out at once and receives nothing more. To use it later, pair it again."
        )
        with self._dialogs:
            agreed = await confirm(_("Remove {name}?").format(name=device.name), explanation, _("Remove device"))
        if not agreed:
            return
        await self._visit.ask(self._visit.core.devices.DeleteDevice, DeleteDeviceRequest(device_id=device.id))
        ui.notify(_("Removed {name}.").format(name=device.name), type="positive")
        await self.refresh()


def _name(device: Device) -> None:
    with div("device-name"):
        ui.icon(icon_of(device)).classes("device-icon").props("aria-hidden=true")
        with div("stack-tight"):
            text(device.name, "strong")
            if kind := kind_of(device):
                text(kind, "muted small")


def _person(device: Device) -> None:
    with div("stack-tight device-person"):
        a(device.user_name or device.user_email, f"/devices?user={device.user_id}", "quiet-link truncate")
        if device.user_name not in {"", device.user_email}:
            text(device.user_email, "muted small truncate")


def _state(device: Device) -> None:
    words = words_of(device)
    with div("stack-tight device-state"):
        with div("cluster"):
            badge(words.label, words.tone)
        if words.advice:
            text(words.advice, "muted small")


def _channels(device: Device) -> None:
    if not device.channel_count:
        text(_("none"), "muted")
        return
    with div("cluster"):
        for slug in device.channels[:SHOWN_CHANNELS]:
            code(slug)
        hidden = device.channel_count - min(SHOWN_CHANNELS, len(device.channels))
        if hidden:
            more = text(f"+{hidden}{'+' if device.channel_count >= 100 else ''}", "muted small")
            more.props["title"] = ", ".join(device.channels)
