"""A simulated iPhone with its controls."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui import ui

from admin_ui.components.buttons import icon_button
from admin_ui.components.dialogs import confirm
from admin_ui.components.html import div, text
from admin_ui.components.iphone import IPhone
from admin_ui.components.layout import badge
from admin_ui.phones.simulator import Simulator, SimulatorError

TOKEN_DELAYS = {"0": "at once", "5": "after 5 seconds", "30": "after 30 seconds", "never": "never"}


class PhonePanel(ui.element):
    """One phone and its controls."""

    def __init__(self, simulator: Simulator, phone: Mapping[str, Any], device_name: str) -> None:
        super().__init__("div")
        self._simulator = simulator
        self._id = str(phone["id"])
        self._name = device_name
        self._phone: Mapping[str, Any] = phone
        self._is_drawing = False
        self.classes("iphone-column")
        with self:
            self._iphone = IPhone(device_name, self)
            with div("iphone-controls"):
                self._draw_head()
                self._draw_controls()
        self.show(phone)

    def show(self, phone: Mapping[str, Any]) -> None:
        """Draws the phone as the simulator describes it."""
        self._phone = phone
        self._is_drawing = True
        try:
            self._iphone.show(phone)
            settings = phone["settings"]
            self._online.value = not settings["offline"]
            self._delay.value = _delay_of(settings["update_token_delay_seconds"])
        finally:
            self._is_drawing = False
        self._show_state()

    # --- what a person does on the screen ---

    async def run_action(self, action: Mapping[str, Any], notification_id: str | None) -> None:
        """Taps a button."""
        answer = await self._try(self._simulator.tap(self._id, str(action.get("id")), notification_id))
        if answer is None:
            return
        if "action_run" in answer:
            self._iphone.say(told(answer["action_run"]))
        else:
            self._iphone.say("The phone would open", str(answer.get("opened") or ""))

    async def open_notification(self, notification_id: str) -> None:
        """Taps a notification."""
        answer = await self._try(self._simulator.tap(self._id, None, notification_id))
        if answer is not None:
            self._iphone.say("The phone would open", str(answer.get("opened") or "the app"))

    async def dismiss_notification(self, notification_id: str) -> None:
        """Takes a notification off the screen."""
        await self._try(self._simulator.do(self._id, "notifications", notification_id, "dismiss"), may_be_gone=True)

    async def dismiss_activity(self, activity_id: str) -> None:
        """Takes a Live Activity off the screen."""
        await self._try(self._simulator.do(self._id, "live-activities", activity_id, "dismiss"), may_be_gone=True)

    # --- the controls ---

    def _draw_head(self) -> None:
        with div("iphone-head"):
            text(self._name, "iphone-name", "h2").props["title"] = self._name
            with div("iphone-head-end"):
                self._state = div("cluster")
                self._online = ui.switch(value=True, on_change=self._if_changed_by_a_person(self._change_online))
                self._online.props["aria-label"] = f"{self._name} is online"
                self._online.props["title"] = "Online"
                with icon_button("more_horiz", f"More for {self._name}"), ui.menu():
                    ui.menu_item("Open the app", self._doing("open"))
                    ui.menu_item("Clear notifications", self._doing("notifications", "clear"))
                    ui.separator()
                    ui.menu_item("New push token", self._doing("rotate-token"))
                    ui.menu_item("New push-to-start token", self._doing("rotate-start-token"))
                    ui.menu_item("New update tokens", self._rotate_update_tokens)
                    ui.separator()
                    ui.menu_item("Remove this iPhone…", self._ask_to_remove).mark("remove")

    def _draw_controls(self) -> None:
        self._delay = ui.select(
            TOKEN_DELAYS, label="Reports update tokens", on_change=self._if_changed_by_a_person(self._change_delay)
        )
        self._remarks = text("", "iphone-remarks", "p")

    def _show_state(self) -> None:
        settings = self._phone["settings"]
        self._state.clear()
        with self._state:
            if settings["offline"]:
                badge("Offline", "warn")
            elif not self._phone["installed"]:
                badge("App removed", "bad")
            elif not self._phone["tokens_reported"]:
                badge("Tokens not reported", "warn")
        self._remarks.text = remarks(self._phone)

    async def _change_online(self, event: Any) -> None:
        await self._change({"offline": not event.value})

    async def _change_delay(self, event: Any) -> None:
        if event.value in TOKEN_DELAYS:
            seconds = None if event.value == "never" else float(event.value)
            await self._change({"update_token_delay_seconds": seconds})

    def _if_changed_by_a_person(self, change: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Any]:
        """`change`, but only for events that a person caused, not for those that drawing the phone causes."""
        return lambda event: None if self._is_drawing else change(event)

    async def _change(self, settings: Mapping[str, Any]) -> None:
        await self._try(self._simulator.change_settings(self._id, settings))

    async def _rotate_update_tokens(self) -> None:
        for activity in self._phone["live_activities"]:
            if activity["state"] == "active":
                activity_id = str(activity["activity_id"])
                await self._try(self._simulator.do(self._id, "live-activities", activity_id, "rotate-token"))

    def _doing(self, *what: str) -> Callable[[], Awaitable[None]]:
        async def do() -> None:
            await self._try(self._simulator.do(self._id, *what))

        return do

    async def _ask_to_remove(self) -> None:
        explanation = "It is unpaired from your workspace, and the simulator deletes it with all that it shows."
        # Outside the menu: when the menu closes, its dialogs go too.
        with self:
            agreed = await confirm(f"Remove {self._name}?", explanation, "Remove iPhone")
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
                    ui.notify(error.message, type="negative", multi_line=True, close_button="Close", timeout=8000)
            return None
        if not self.is_deleted:
            self.show(phone)
        return answer if answer is not None else {}


def told(run: Mapping[str, Any]) -> str:
    """The state of a webhook call, as a sentence."""
    state, code = run.get("state"), run.get("status_code")
    if state == "running":
        return "The server is calling the webhook."
    if state == "succeeded":
        body = str(run.get("response_body") or "")
        return f"The webhook answered {code}." + (f"\n{body[:300]}" if body else "")
    return f"The webhook failed: {run.get('message') or run.get('reason') or 'the reason is not known'}"


def remarks(phone: Mapping[str, Any]) -> str:
    """The pushes that the phone dropped, by reason. A real iPhone does not report them."""
    dropped = {str(reason).replace("_", " "): count for reason, count in phone["dropped"].items()}
    if not dropped:
        return ""
    return "iOS dropped: " + ", ".join(f"{count} {reason}" for reason, count in sorted(dropped.items()))


def _delay_of(seconds: float | None) -> str | None:
    if seconds is None:
        return "never"
    name = f"{seconds:g}"
    return name if name in TOKEN_DELAYS else None
