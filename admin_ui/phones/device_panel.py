"""A simulated device with its controls: what iPhones and browsers have in common."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from nicegui import ui

from admin_ui.components.buttons import icon_button
from admin_ui.components.dialogs import confirm
from admin_ui.components.html import div, text
from admin_ui.components.kept import Kept
from admin_ui.components.layout import badge
from admin_ui.components.screen import Screen
from admin_ui.phones.drops import left_out
from admin_ui.phones.simulator import Simulator, SimulatorError
from admin_ui.texts import _


class DevicePanel(ui.element):
    """One device and its controls. Subclasses draw both, and set `_screen`."""

    _screen: Screen
    _opens: str
    """What is said of a tap that opens a URL."""
    _removes: str
    """What the button says that removes the device."""

    def __init__(self, simulator: Simulator, device: Mapping[str, Any], device_name: str) -> None:
        super().__init__("div")
        self._simulator = simulator
        self._id = str(device["id"])
        self._name = device_name
        self._is_drawing = False
        self.classes("iphone-column")

    @abstractmethod
    def show(self, device: Mapping[str, Any]) -> None:
        """Draws the device as the simulator describes it."""

    # --- what a person does on the screen ---

    async def run_action(self, action: Mapping[str, Any], notification_id: str | None) -> None:
        """Taps a button."""
        answer = await self._try(self._simulator.tap(self._id, str(action.get("id")), notification_id))
        if answer is None:
            return
        if "action_run" in answer:
            self._screen.say(told(answer["action_run"]))
        else:
            self._screen.say(self._opens, str(answer.get("opened") or ""))

    async def open_notification(self, notification_id: str) -> None:
        """Taps a notification."""
        answer = await self._try(self._simulator.tap(self._id, None, notification_id))
        if answer is not None:
            self._screen.say(self._opens, str(answer.get("opened") or _("the app")))

    async def dismiss_notification(self, notification_id: str) -> None:
        """Takes a notification off the screen."""
        await self._try(self._simulator.do(self._id, "notifications", notification_id, "dismiss"), may_be_gone=True)

    async def dismiss_activity(self, activity_id: str) -> None:
        """Takes a Live Activity off the screen."""
        await self._try(self._simulator.do(self._id, "live-activities", activity_id, "dismiss"), may_be_gone=True)

    async def clear_notifications(self, notification_ids: Sequence[str] | None) -> None:
        """Takes notifications off the screen: these, or all."""
        if notification_ids is None:
            await self._try(self._simulator.do(self._id, "notifications", "clear"))
            return
        for notification_id in notification_ids:
            await self.dismiss_notification(notification_id)

    # --- what the controls have in common ---

    def _draw_head(self) -> None:
        with div("iphone-head"):
            text(self._name, "iphone-name", "h2").props["title"] = self._name
            with div("iphone-head-end"):
                self._state = Kept("cluster")
                with icon_button("more_horiz", _("More for {name}").format(name=self._name)), ui.menu():
                    self._draw_menu()

    def _show_trouble(self, words: str = "", tone: str = "") -> None:
        """Shows next to the name what is wrong with the device."""
        self._state.show(partial(badge, words, tone) if words else None)

    @abstractmethod
    def _draw_menu(self) -> None:
        """Draws what else can be done with the device."""

    @contextmanager
    def _setting(self, explanation: str) -> Iterator[None]:
        """A control, which the block draws, with what it means."""
        with div("iphone-setting"):
            yield
            text(explanation, "iphone-remarks", "p")

    def _draw_left_out(self, title: str) -> None:
        with div("iphone-drops") as self._drops:
            text(title, "iphone-drops-title", "h3")
            self._reasons = ui.element("ul")
        self._told: list[tuple[str, str]] | None = None

    def _show_left_out(self, dropped: Mapping[str, int]) -> None:
        reasons = left_out(dropped)
        if reasons == self._told:
            return
        self._told = reasons
        self._drops.set_visibility(bool(reasons))
        self._reasons.clear()
        with self._reasons:
            for count, words in reasons:
                with ui.element("li"):
                    text(f"{count}: ", "strong")
                    text(words)

    def _if_changed_by_a_person(self, change: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Any]:
        """`change`, but only for events that a person caused, not for those that drawing the phone causes."""
        return lambda event: None if self._is_drawing else change(event)

    async def _change(self, settings: Mapping[str, Any]) -> None:
        await self._try(self._simulator.change_settings(self._id, settings))

    def _doing(self, *what: str) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            await self._try(self._simulator.do(self._id, *what))

        return do

    async def _ask_to_remove(self) -> None:
        explanation = _("It is unpaired from your workspace, and the simulator deletes it with all that it shows.")
        # Outside the menu: when the menu closes, its dialogs go too.
        with self:
            agreed = await confirm(_("Remove {name}?").format(name=self._name), explanation, self._removes)
        if agreed:
            await self._try(self._simulator.remove(self._id), may_be_gone=True)

    async def _try(self, doing: Awaitable[Any], *, may_be_gone: bool = False) -> Any:
        """The simulator's answer; None if it failed, and the page shows why.

        With `may_be_gone` it is no failure if the thing to remove does not exist any more.
        """
        # The panel may be removed before the answer comes.
        page = ui.context.client
        try:
            answer = await doing
            phone = await self._simulator.phone(self._id)
        except SimulatorError as error:
            if not (may_be_gone and error.is_missing):
                with page:
                    ui.notify(error.message, type="negative", multi_line=True, close_button=_("Close"), timeout=8000)
            return None
        if not self.is_deleted:
            self.show(phone)
        return answer if answer is not None else {}


def told(run: Mapping[str, Any]) -> str:
    """The state of a webhook call, as a sentence."""
    state, code = run.get("state"), run.get("status_code")
    if state == "running":
        return _("The server is calling the webhook.")
    if state == "succeeded":
        body = str(run.get("response_body") or "")
        return _("The webhook answered {code}.").format(code=code) + (f"\n{body[:300]}" if body else "")
    return _("The webhook failed: {reason}").format(
        reason=run.get("message") or run.get("reason") or _("the reason is not known")
    )
