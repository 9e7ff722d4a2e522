"""The dialogs that add, rename and remove a passkey."""

import json
from collections.abc import Awaitable, Callable

from nicegui import ui
from smith.core.v1.passkey_service_pb2 import (
    BeginPasskeyRequest,
    CreatePasskeyRequest,
    CreatePasskeyResponse,
    DeletePasskeyRequest,
    Passkey,
    UpdatePasskeyRequest,
)

from admin_ui.components.buttons import danger, primary, secondary
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.components.html import p
from admin_ui.components.saving import save_from
from admin_ui.core import Refused
from admin_ui.second_factor.proof import Proof
from admin_ui.texts import _
from admin_ui.visit import Visit

BROWSER_SECONDS = 300.0
"""How long a person may take with the browser's own dialog."""
IMPOSSIBLE = _(
    "This browser can make no passkeys at this address. Open the web admin at the server's own address, with https."
)


async def add_passkey(visit: Visit, stage: ui.element, *, is_fresh: bool) -> CreatePasskeyResponse | None:
    """Asks for a name, and has the browser make a passkey. Returns core's answer; None if the person has given up."""
    about = _(
        "Your phone, computer or security key asks for a finger, face or PIN. Then it signs you in without a password."
    )
    with stage, dialog(_("Add a passkey"), about) as shown:
        name = ui.input(_("Name"), placeholder=_("My laptop")).props("maxlength=100 autofocus")
        proof = Proof(is_fresh=is_fresh)
        problem = p("", "tone-bad").props("role=alert")

        async def add() -> None:
            problem.text = ""
            name.error = None if (name.value or "").strip() else _("Give it a name, so that you know it again.")
            if proof.is_missing() or name.error:
                return
            try:
                begun = await visit.ask(
                    visit.core.passkeys.BeginPasskey, BeginPasskeyRequest(current_password=proof.password)
                )
                made = await _make(begun.options_json)
                if "answer" not in made:
                    problem.text = made.get("why", IMPOSSIBLE)
                    return
                request = CreatePasskeyRequest(
                    challenge=begun.challenge, passkey=made["answer"], name=(name.value or "").strip()
                )
                done = await visit.ask(visit.core.passkeys.CreatePasskey, request)
            except Refused as refusal:
                proof.refuse(refusal)
            else:
                shown.submit(done)

        with dialog_actions():
            secondary(_("Cancel"), lambda: shown.submit(None))
            primary(_("Add passkey"), add)
    done: CreatePasskeyResponse | None = await shown
    shown.delete()
    return done


async def _make(options: str) -> dict[str, str]:
    """What the browser says: `answer`, or `why` there is none."""
    # The options are core's. As JSON they are a value in JavaScript.
    made = await ui.run_javascript(
        f"return await window.smithPasskeys.make({json.dumps(json.loads(options))})", timeout=BROWSER_SECONDS
    )
    return {name: said for name, said in made.items() if isinstance(said, str)} if isinstance(made, dict) else {}


def rename_passkey(visit: Visit, stage: ui.element, passkey: Passkey, done: Callable[[], Awaitable[None]]) -> None:
    """Asks for another name. `done` is awaited after the change."""
    with stage, dialog(_("Rename the passkey")) as shown:
        name = ui.input(_("Name"), value=passkey.name).props("maxlength=100 autofocus")

        async def rename() -> None:
            request = UpdatePasskeyRequest(passkey_id=passkey.id, name=(name.value or "").strip())
            if await save_from(name, lambda: visit.ask(visit.core.passkeys.UpdatePasskey, request)):
                shown.close()
                await done()

        with dialog_actions():
            secondary(_("Cancel"), shown.close)
            primary(_("Save"), rename)
    gone_when_closed(shown)
    shown.open()


def remove_passkey(
    visit: Visit, stage: ui.element, passkey: Passkey, done: Callable[[], Awaitable[None]], *, is_fresh: bool
) -> None:
    """Asks, and removes it. `done` is awaited then."""
    about = _("It no longer signs you in. Your device may go on offering it: remove it there as well.")
    with stage, dialog(_("Remove the passkey “{name}”?").format(name=passkey.name), about) as shown:
        proof = Proof(is_fresh=is_fresh)

        async def remove() -> None:
            if proof.is_missing():
                return
            request = DeletePasskeyRequest(passkey_id=passkey.id, current_password=proof.password)
            try:
                await visit.ask(visit.core.passkeys.DeletePasskey, request)
            except Refused as refusal:
                proof.refuse(refusal)
                return
            shown.close()
            await done()

        with dialog_actions():
            secondary(_("Cancel"), shown.close)
            danger(_("Remove passkey"), remove)
    gone_when_closed(shown)
    shown.open()
