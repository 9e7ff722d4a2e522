"""A simulated iPhone with its controls."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from admin_ui.components.card_parts import set_prop
from admin_ui.components.html import div, text
from admin_ui.components.iphone import IPhone
from admin_ui.phones.device_panel import DevicePanel
from admin_ui.phones.simulator import Simulator
from admin_ui.texts import _, ngettext

TOKEN_DELAYS = {"0": _("at once"), "5": _("after 5 seconds"), "30": _("after 30 seconds"), "never": _("never")}
ONLINE = _("Off is like flight mode: Apple keeps the latest push for the app, and the app catches up later.")
ADDRESSES = _(
    "iOS gives each card an address of its own, its update token. Until the app has told the server, "
    "the server can start a card and not change it."
)


class PhonePanel(DevicePanel):
    """One phone and its controls."""

    _opens = _("The phone would open")
    _removes = _("Remove iPhone")

    def __init__(self, simulator: Simulator, phone: Mapping[str, Any], device_name: str) -> None:
        super().__init__(simulator, phone, device_name)
        self._phone: Mapping[str, Any] = phone
        with self:
            self._screen = self._iphone = IPhone(device_name, self)
            with div("iphone-controls"):
                self._draw_head()
                self._draw_views()
                self._draw_controls()
        self.lock(locked=True)
        self.show(phone)

    def show(self, device: Mapping[str, Any]) -> None:
        """Draws the phone as the simulator describes it."""
        self._phone = device
        self._is_drawing = True
        try:
            self._iphone.show(device)
            settings = device["settings"]
            self._online.value = not settings["offline"]
            self._delay.value = _delay_of(settings["update_token_delay_seconds"])
        finally:
            self._is_drawing = False
        self._show_state()

    def lock(self, *, locked: bool) -> None:
        """Shows the lock screen, or the unlocked phone with its island."""
        self._iphone.lock(locked=locked)

    def _draw_menu(self) -> None:
        ui.menu_item(_("Open the app"), self._doing("open"))
        ui.menu_item(_("Clear notifications"), self._doing("notifications", "clear"))
        ui.separator()
        ui.menu_item(_("New push token"), self._doing("rotate-token"))
        ui.menu_item(_("New push-to-start token"), self._doing("rotate-start-token"))
        ui.menu_item(_("New update tokens"), self._rotate_update_tokens)
        ui.separator()
        ui.menu_item(_("Remove this iPhone…"), self._ask_to_remove).mark("remove")

    def _draw_views(self) -> None:
        with self._setting(
            _("Unlocked, cards are in the Dynamic Island. Click it, or let an update ring, to see one large.")
        ):
            with div("filters").props("role=group") as views:
                self._views = {
                    locked: _view_button(words, lambda locked=locked: self.lock(locked=locked))
                    for locked, words in ((True, _("Locked")), (False, _("Unlocked")))
                }
            views.props["aria-label"] = _("How {name} is shown").format(name=self._name)
        self._iphone.on_lock = self._show_view

    def _show_view(self) -> None:
        for locked, button in self._views.items():
            set_prop(button, "aria-pressed", "true" if locked == self._iphone.is_locked else "false")

    def _draw_controls(self) -> None:
        self._counts = text("", "iphone-remarks", "p")
        with self._setting(ONLINE):
            self._online = ui.switch(
                _("Connected"), value=True, on_change=self._if_changed_by_a_person(self._change_online)
            )
            self._online.props["aria-label"] = _("{name} is online").format(name=self._name)
        with self._setting(ADDRESSES):
            self._delay = ui.select(
                TOKEN_DELAYS,
                label=_("The app reports update tokens"),
                on_change=self._if_changed_by_a_person(self._change_delay),
            )
        self._draw_left_out(_("What iOS left out, and why"))

    def _show_state(self) -> None:
        settings = self._phone["settings"]
        if settings["offline"]:
            self._show_trouble(_("Offline"), "warn")
        elif not self._phone["installed"]:
            self._show_trouble(_("App removed"), "bad")
        elif not self._phone["tokens_reported"]:
            self._show_trouble(_("Tokens not reported"), "warn")
        else:
            self._show_trouble()
        self._counts.text = on_the_screen(self._phone)
        self._show_left_out(self._phone["dropped"])

    async def _change_online(self, event: Any) -> None:
        await self._change({"offline": not event.value})

    async def _change_delay(self, event: Any) -> None:
        if event.value in TOKEN_DELAYS:
            seconds = None if event.value == "never" else float(event.value)
            await self._change({"update_token_delay_seconds": seconds})

    async def _rotate_update_tokens(self) -> None:
        for activity in self._phone["live_activities"]:
            if activity["state"] == "active":
                activity_id = str(activity["activity_id"])
                await self._try(self._simulator.do(self._id, "live-activities", activity_id, "rotate-token"))


def on_the_screen(phone: Mapping[str, Any]) -> str:
    """What is on the phone, in a few sentences."""
    cards, ended = phone["live_activities"], sum(one["state"] == "ended" for one in phone["live_activities"])
    notifications, number = phone["notification_count"], phone["badge"]
    activities = ngettext("{count} Live Activity", "{count} Live Activities", len(cards)).format(count=len(cards))
    words = [
        _("{activities} ({count} ended)").format(activities=activities, count=ended) if ended else activities,
        ngettext("{count:,} notification", "{count:,} notifications", notifications).format(count=notifications),
        _("number on the icon: {number:,}").format(number=number) if number else _("no number on the icon"),
    ]
    told = [_("On it: {things}.").format(things=", ".join(words))]
    if listening := sum(one["state"] == "active" and one["channel_id"] is not None for one in cards):
        told.append(
            ngettext(
                "{count} card follows a broadcast channel and has no update token.",
                "{count} cards follow a broadcast channel and have no update token.",
                listening,
            ).format(count=listening)
        )
    drawn = len(phone["notifications"])
    if notifications > drawn:
        newest = ngettext("The newest {count} is drawn.", "The newest {count} are drawn.", drawn)
        told.append(newest.format(count=drawn))
    return " ".join(told)


def _view_button(words: str, do: Any) -> ui.element:
    button = ui.element("button").classes("filter").props("type=button")
    button.on("click", do)
    button.mark(words)
    with button:
        text(words)
    return button


def _delay_of(seconds: float | None) -> str | None:
    if seconds is None:
        return "never"
    name = f"{seconds:g}"
    return name if name in TOKEN_DELAYS else None
