"""The dialogs that turn the authenticator app on and off."""

from collections.abc import Awaitable, Callable

import segno
from nicegui import ui
from smith.core.v1.second_factor_service_pb2 import (
    BeginAuthenticatorAppRequest,
    BeginAuthenticatorAppResponse,
    ConfirmAuthenticatorAppRequest,
    ConfirmAuthenticatorAppResponse,
    RemoveAuthenticatorAppRequest,
)

from admin_ui.components.buttons import danger, primary, secondary
from admin_ui.components.copying import copyable
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.components.html import div, p, text
from admin_ui.core import Refused
from admin_ui.second_factor.proof import Proof
from admin_ui.texts import _
from admin_ui.visit import Visit

WRONG = _("This code is wrong. Type the six digits that the app shows now.")


async def add_app(visit: Visit, stage: ui.element, *, is_fresh: bool) -> ConfirmAuthenticatorAppResponse | None:
    """Leads through it. Returns core's answer; None if the person has given up."""
    begun = await _begin(visit, stage, is_fresh=is_fresh)
    return None if begun is None else await _confirm(visit, stage, begun)


async def _begin(visit: Visit, stage: ui.element, *, is_fresh: bool) -> BeginAuthenticatorAppResponse | None:
    if is_fresh:
        return await visit.ask(visit.core.second_factor.BeginAuthenticatorApp, BeginAuthenticatorAppRequest())
    with stage, dialog(_("Set up an authenticator app"), _("First show that it is you.")) as shown:
        proof = Proof(is_fresh=False)

        async def go_on() -> None:
            if proof.is_missing():
                return
            request = BeginAuthenticatorAppRequest(current_password=proof.password)
            try:
                begun = await visit.ask(visit.core.second_factor.BeginAuthenticatorApp, request)
            except Refused as refusal:
                proof.refuse(refusal)
            else:
                shown.submit(begun)

        with dialog_actions():
            secondary(_("Cancel"), lambda: shown.submit(None))
            primary(_("Go on"), go_on)
    begun: BeginAuthenticatorAppResponse | None = await shown
    shown.delete()
    return begun


async def _confirm(
    visit: Visit, stage: ui.element, begun: BeginAuthenticatorAppResponse
) -> ConfirmAuthenticatorAppResponse | None:
    about = _(
        "Any app for one-time codes will do: the one in your password manager, Google Authenticator, 2FAS, Aegis."
    )
    with stage, dialog(_("Set up an authenticator app"), about) as shown:
        with div("pairing"):
            picture = segno.make(begun.uri, error="m").svg_inline(border=3, light="#ffffff", omitsize=True)
            qr = ui.html(picture, sanitize=False).classes("pairing-qr")
            qr.props["role"] = "img"
            qr.props["aria-label"] = _("QR code for the authenticator app")
            with div("pairing-words"):
                p(_("1. Scan this with the app."))
                text(_("Or type this secret into it:"), "muted small")
                copyable(begun.secret, _("secret for the app"))
                p(_("2. Type the code that the app shows."))
        code = ui.input(_("Code")).props("maxlength=12 autocomplete=one-time-code inputmode=numeric autofocus")

        async def confirm() -> None:
            request = ConfirmAuthenticatorAppRequest(code=(code.value or "").strip())
            try:
                done = await visit.ask(visit.core.second_factor.ConfirmAuthenticatorApp, request)
            except Refused as refusal:
                if refusal.is_signed_out:
                    raise
                code.error = WRONG if refusal.reason == "INVALID_REQUEST" else refusal.message
            else:
                shown.submit(done)

        with dialog_actions():
            secondary(_("Cancel"), lambda: shown.submit(None))
            primary(_("Turn on"), confirm)
    done: ConfirmAuthenticatorAppResponse | None = await shown
    shown.delete()
    return done


def remove_app(visit: Visit, stage: ui.element, done: Callable[[], Awaitable[None]]) -> None:
    """Asks for the password and a code, and turns the app off. `done` is awaited then."""
    about = _("After that codes of the app no longer sign you in.")
    with stage, dialog(_("Turn off the authenticator app?"), about) as shown:
        proof = Proof(is_fresh=False, always=True)
        code = ui.input(_("Code")).props("maxlength=40 autocomplete=one-time-code")
        code.props["hint"] = _("Of the app, or a recovery code")

        async def remove() -> None:
            code.error = None
            if proof.is_missing():
                return
            request = RemoveAuthenticatorAppRequest(
                current_password=proof.password or "", code=(code.value or "").strip()
            )
            try:
                await visit.ask(visit.core.second_factor.RemoveAuthenticatorApp, request)
            except Refused as refusal:
                if refusal.reason == "INVALID_REQUEST":
                    code.error = _("This code is wrong, or was used before.")
                else:
                    proof.refuse(refusal)
                return
            shown.close()
            await done()

        with dialog_actions():
            secondary(_("Cancel"), shown.close)
            danger(_("Turn off"), remove)
    gone_when_closed(shown)
    shown.open()
