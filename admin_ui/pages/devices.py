"""The account's devices: found, renamed, removed, and new ones paired."""

from collections.abc import Sequence
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
from admin_ui.components.html import Text, a, code, div, labelled, text
from admin_ui.components.layout import badge, page_header
from admin_ui.components.paged_table import PAGE_SIZE, Cell, Column, PagedTable, PageOf, row_actions
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
            self._filters = self._draw_filters()
        self._person = self._draw_person()
        self._table: PagedTable[Device] = PagedTable(
            _("Devices"), COLUMNS, self._fetch, self._cells, key=lambda device: device.id, on_empty=self._empty
        )

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
            self._show_filters(found.counts)
            self._show_person(found.devices)
        return PageOf(found.devices, found.next_page_token)

    def _draw_filters(self) -> dict[str, tuple[ui.element, Text]]:
        filters: dict[str, tuple[ui.element, Text]] = {}
        with labelled(div("filters").props("role=group"), _("Filter by state")):
            for key, (name, _state) in STATES.items():
                button = ui.element("button").classes("filter").mark(f"state-{key or 'all'}").props("type=button")
                button.on("click", partial(self._choose, key))
                with button:
                    text(name)
                    filters[key] = button, text("", "filter-count num")
        return filters

    def _show_filters(self, counts: DeviceCounts) -> None:
        numbers = {"ready": counts.ready, "waiting": counts.waiting, "dead": counts.dead}
        more = "+" if counts.more else ""
        for key, (button, number) in self._filters.items():
            button.props(f"aria-pressed={'true' if key == self._state else 'false'}")
            number.text = f"{numbers.get(key, sum(numbers.values())):,}{more}"

    async def _choose(self, state: str) -> None:
        self._state = state
        await self.search()

    def _draw_person(self) -> Text:
        with div("cluster person-filter") as chosen:
            name = text("", "muted")
            a(_("Show everybody's"), "/devices")
        chosen.set_visibility(bool(self._user_id))
        return name

    def _show_person(self, found: Sequence[Device]) -> None:
        name = next((device.user_name or device.user_email for device in found), _("one person"))
        self._person.text = _("Only devices of {name}.").format(name=name)

    def _empty(self) -> None:
        if self._search.value or self._state or self._user_id:
            with empty_state("search_off", _("No device matches"), _("Try another word, or look at all of them.")):
                secondary(_("Show all devices"), lambda: ui.navigate.to("/devices"))
            return
        explanation = _("Pair a phone or a browser, for example this one. What is sent then arrives on it.")
        with empty_state("devices", _("No devices yet"), explanation):
            secondary(_("Pair your first device"), self._pairing.open)

    def _cells(self, device: Device) -> Sequence[Cell]:
        words = words_of(device)
        is_own = self._visit.is_owner or device.user_id == self._visit.member.user_id
        is_ready = device.push_token_state == PUSH_TOKEN_STATE_ACTIVE
        return (
            partial(_name, device.name, icon_of(device), kind_of(device)),
            partial(_person, device.user_id, device.user_name, device.user_email),
            partial(_state, words.label, words.tone, words.advice),
            partial(_channels, device.channels, device.channel_count),
            partial(ago, device.last_seen_at if device.HasField("last_seen_at") else None),
            partial(self._actions, device.id, device.name, is_own=is_own, is_ready=is_ready),
        )

    def _actions(self, device_id: str, name: str, *, is_own: bool, is_ready: bool) -> None:
        with row_actions():
            log = log_of_device(device_id)
            icon_button("receipt_long", _("What {name} was sent").format(name=name), lambda: ui.navigate.to(log)).mark(
                "log"
            )
            if not is_own:
                return
            if is_ready:
                words = _("Send a test to {name}").format(name=name)
                icon_button("send", words, partial(self._test, device_id)).mark("test")
            words = _("Rename {name}").format(name=name)
            icon_button("edit", words, partial(self._rename, device_id, name)).mark("rename")
            words = _("Remove {name}").format(name=name)
            icon_button("delete", words, partial(self._remove, device_id, name)).mark("remove")

    async def _test(self, device_id: str) -> None:
        request = SendTestPushNotificationRequest(device_id=device_id)
        test = self._visit.core.push_notifications.SendTestPushNotification
        tell_sent((await self._visit.ask(test, request)).sent)

    async def _rename(self, device_id: str, name: str) -> None:
        with self._dialogs, dialog(_("Rename device")) as shown:
            field = ui.input(_("Name"), value=name).props("autofocus maxlength=100")

            async def save() -> None:
                request = UpdateDeviceRequest(device_id=device_id, name=field.value or "")
                update = self._visit.core.devices.UpdateDevice
                if await save_from(field, lambda: self._visit.ask(update, request)) is not None:
                    shown.submit(True)

            with dialog_actions():
                secondary(_("Cancel"), lambda: shown.submit(False))
                primary(_("Rename"), save)
        if await shown:
            await self.refresh()
        shown.delete()

    async def _remove(self, device_id: str, name: str) -> None:
        explanation = _(
            "Its app or page is signed out at once and receives nothing more. To use it later, pair it again."
        )
        with self._dialogs:
            agreed = await confirm(_("Remove {name}?").format(name=name), explanation, _("Remove device"))
        if not agreed:
            return
        await self._visit.ask(self._visit.core.devices.DeleteDevice, DeleteDeviceRequest(device_id=device_id))
        ui.notify(_("Removed {name}.").format(name=name), type="positive")
        await self.refresh()


def _name(name: str, icon: str, kind: str) -> None:
    with div("device-name"):
        ui.icon(icon).classes("device-icon").props("aria-hidden=true")
        with div("stack-tight"):
            text(name, "strong")
            if kind:
                text(kind, "muted small")


def _person(user_id: str, name: str, email: str) -> None:
    with div("stack-tight device-person"):
        a(name or email, f"/devices?user={user_id}", "quiet-link truncate")
        if name not in {"", email}:
            text(email, "muted small truncate")


def _state(label: str, tone: str, advice: str) -> None:
    with div("stack-tight device-state"):
        with div("cluster"):
            badge(label, tone)
        if advice:
            text(advice, "muted small")


def _channels(slugs: Sequence[str], number: int) -> None:
    if not number:
        text(_("none"), "muted")
        return
    with div("cluster"):
        for slug in slugs[:SHOWN_CHANNELS]:
            code(slug)
        hidden = number - min(SHOWN_CHANNELS, len(slugs))
        if hidden:
            more = text(f"+{hidden}{'+' if number >= 100 else ''}", "muted small")
            more.props["title"] = ", ".join(slugs)
