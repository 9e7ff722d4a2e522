"""The dialogs of the lock screen page that add a simulated iPhone or browser."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from smith.core.v1.device_service_pb2 import CreatePairingCodeRequest

from admin_ui.components.buttons import primary, secondary
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.phones.simulator import Simulator, SimulatorError
from admin_ui.simulated_phones import BROWSERS
from admin_ui.texts import _
from admin_ui.visit import Visit


def add_iphone(visit: Visit, simulator: Simulator, proposed_name: str) -> None:
    """Asks for the name, and pairs a phone with the workspace."""
    with dialog(_("Add a simulated iPhone"), _("It is paired with your workspace, as a phone of yours.")) as shown:
        _ask_name(visit, proposed_name, simulator.pair, shown)
    gone_when_closed(shown)
    shown.open()


def add_browser(visit: Visit, simulator: Simulator) -> None:
    """Asks for kind and name, and pairs a browser with the workspace."""
    about = _("It is paired with your workspace, decrypts what comes, and keeps the rules of its kind.")
    with dialog(_("Add a simulated browser"), about) as shown:
        kind = ui.select(BROWSERS, value=next(iter(BROWSERS)), label=_("Kind"))

        async def pair(code: str, name: str) -> object:
            return await simulator.pair(code, name, kind=str(kind.value))

        name = _ask_name(visit, _("Simulated {name}").format(name=BROWSERS[str(kind.value)]), pair, shown)

        def propose() -> None:
            name.value = _("Simulated {name}").format(name=BROWSERS[str(kind.value)])

        kind.on_value_change(propose)
    gone_when_closed(shown)
    shown.open()


def _ask_name(visit: Visit, proposed: str, pair: Callable[[str, str], Awaitable[object]], shown: ui.dialog) -> ui.input:
    name = ui.input(_("Name"), value=proposed).props("autofocus maxlength=100")

    async def add() -> None:
        if not (name.value or "").strip():
            name.error = _("Give it a name")
            return
        try:
            code = await visit.ask(visit.core.devices.CreatePairingCode, CreatePairingCodeRequest())
            await pair(code.pairing_code, name.value.strip())
        except SimulatorError as error:
            name.error = error.message
            return
        shown.close()

    with dialog_actions():
        secondary(_("Cancel"), shown.close)
        primary(_("Add it"), add)
    return name
