"""The dialogs that add, rename and remove a passkey."""

import json
from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui
from smith.core.v1.passkey_service_pb2 import (
    BeginPasskeyRequest,
    CreatePasskeyRequest,
    CreatePasskeyResponse,
    DeletePasskeyRequest,
    DeletePasskeyResponse,
    Passkey,
    UpdatePasskeyRequest,
    UpdatePasskeyResponse,
)

from admin_ui.components.buttons import danger
from admin_ui.components.form_dialog import Form, ask_by_form
from admin_ui.components.proof import Proof, ask_with_proof
from admin_ui.second_factor.app_dialogs import CARD
from admin_ui.texts import _
from admin_ui.visit import Visit

BROWSER_SECONDS = 300.0
"""How long a person may take with the browser's own dialog."""
IMPOSSIBLE = _(
    "This browser can make no passkeys at this address. Open the web admin at the server's own address, with https."
)


async def add_passkey(visit: Visit, stage: ui.element) -> CreatePasskeyResponse | None:
    """Asks for a name, and has the browser make a passkey. Returns core's answer; None if the person has given up."""
    typed: dict[str, ui.input] = {}

    def draw() -> Mapping[str, ui.input]:
        typed["name"] = _name_field(placeholder=_("My laptop"))
        return typed

    async def add(proof: Proof) -> CreatePasskeyResponse | None:
        name = (typed["name"].value or "").strip()
        if not name:
            # Otherwise the browser would make a passkey that core then refuses.
            typed["name"].error = _("Give it a name, so that you know it again.")
            return None
        begun = await visit.ask(visit.core.passkeys.BeginPasskey, BeginPasskeyRequest(current_password=proof.password))
        made = await _make(begun.options_json)
        if "answer" not in made:
            proof.tell(made.get("why", IMPOSSIBLE))
            return None
        request = CreatePasskeyRequest(challenge=begun.challenge, passkey=made["answer"], name=name)
        return await visit.ask(visit.core.passkeys.CreatePasskey, request)

    about = _(
        "Your phone, computer or security key asks for a finger, face or PIN. Then it signs you in without a password."
    )
    return await ask_with_proof(
        visit, stage, _("Add a passkey"), about, verb=_("Add passkey"), submit=add, back=CARD, draw=draw
    )


async def _make(options: str) -> dict[str, str]:
    """What the browser says: `answer`, or `why` there is none."""
    # The options are core's. As JSON they are a value in JavaScript.
    made = await ui.run_javascript(
        f"return await window.smithPasskeys.make({json.dumps(json.loads(options))})", timeout=BROWSER_SECONDS
    )
    return {name: said for name, said in made.items() if isinstance(said, str)} if isinstance(made, dict) else {}


async def rename_passkey(
    visit: Visit, stage: ui.element, passkey: Passkey, done: Callable[[], Awaitable[None]]
) -> None:
    """Asks for another name. `done` is awaited after the change."""
    typed: dict[str, ui.input] = {}

    def draw() -> Form:
        typed["name"] = _name_field(value=passkey.name)
        return Form(typed)

    async def rename(form: Form) -> UpdatePasskeyResponse:
        request = UpdatePasskeyRequest(passkey_id=passkey.id, name=(typed["name"].value or "").strip())
        return await visit.ask(visit.core.passkeys.UpdatePasskey, request)

    if await ask_by_form(stage, _("Rename the passkey"), verb=_("Save"), draw=draw, submit=rename) is not None:
        await done()


def _name_field(*, value: str = "", placeholder: str = "") -> ui.input:
    return ui.input(_("Name"), value=value, placeholder=placeholder).props("maxlength=100 autofocus")


async def remove_passkey(
    visit: Visit, stage: ui.element, passkey: Passkey, done: Callable[[], Awaitable[None]]
) -> None:
    """Asks, and removes it. `done` is awaited then."""

    async def remove(proof: Proof) -> DeletePasskeyResponse:
        request = DeletePasskeyRequest(passkey_id=passkey.id, current_password=proof.password)
        return await visit.ask(visit.core.passkeys.DeletePasskey, request)

    removed = await ask_with_proof(
        visit,
        stage,
        _("Remove the passkey “{name}”?").format(name=passkey.name),
        _("It no longer signs you in. Your device may go on offering it: remove it there as well."),
        verb=_("Remove passkey"),
        submit=remove,
        back=CARD,
        button=danger,
    )
    if removed is not None:
        await done()
