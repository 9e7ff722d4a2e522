"""The dialogs that turn the authenticator app on and off."""

from collections.abc import Awaitable, Callable, Mapping

import segno
from nicegui import ui
from smith.core.v1.second_factor_service_pb2 import (
    BeginAuthenticatorAppRequest,
    BeginAuthenticatorAppResponse,
    ConfirmAuthenticatorAppRequest,
    ConfirmAuthenticatorAppResponse,
    RemoveAuthenticatorAppRequest,
    RemoveAuthenticatorAppResponse,
)

from admin_ui.components.buttons import danger
from admin_ui.components.copying import copyable
from admin_ui.components.form_dialog import Form, ask_by_form
from admin_ui.components.html import div, p, text
from admin_ui.components.proof import Proof, ask_with_proof, means_of
from admin_ui.texts import _
from admin_ui.visit import Visit

CARD = "second-factor"
"""What the card is called in addresses."""

WRONG = _("This code is wrong. Type the six digits that the app shows now.")
USED = _("This code is wrong, or was used before.")


async def add_app(visit: Visit, stage: ui.element) -> ConfirmAuthenticatorAppResponse | None:
    """Leads through it. Returns core's answer; None if the person has given up."""
    begun = await _begin(visit, stage)
    return None if begun is None else await _confirm(visit, stage, begun)


async def _begin(visit: Visit, stage: ui.element) -> BeginAuthenticatorAppResponse | None:
    async def begin(password: str | None) -> BeginAuthenticatorAppResponse:
        request = BeginAuthenticatorAppRequest(current_password=password)
        return await visit.ask(visit.core.second_factor.BeginAuthenticatorApp, request)

    if (await means_of(visit)).fresh:
        return await begin(None)
    return await ask_with_proof(
        visit,
        stage,
        _("Set up an authenticator app"),
        _("First show that it is you."),
        verb=_("Go on"),
        submit=lambda proof: begin(proof.password),
        back=CARD,
    )


async def _confirm(
    visit: Visit, stage: ui.element, begun: BeginAuthenticatorAppResponse
) -> ConfirmAuthenticatorAppResponse | None:
    def draw() -> _CodeForm:
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
        return _CodeForm()

    async def confirm(form: _CodeForm) -> ConfirmAuthenticatorAppResponse:
        request = ConfirmAuthenticatorAppRequest(code=form.code)
        return await visit.ask(visit.core.second_factor.ConfirmAuthenticatorApp, request)

    about = _(
        "Any app for one-time codes will do: the one in your password manager, Google Authenticator, 2FAS, Aegis."
    )
    return await ask_by_form(
        stage, _("Set up an authenticator app"), about, verb=_("Turn on"), draw=draw, submit=confirm
    )


class _CodeForm(Form):
    """One input, for a code."""

    def __init__(self) -> None:
        self._code = ui.input(_("Code")).props("maxlength=12 autocomplete=one-time-code inputmode=numeric autofocus")
        super().__init__({"code": self._code}, instead={"code": WRONG})

    @property
    def code(self) -> str:
        """What was typed."""
        return (self._code.value or "").strip()


async def remove_app(visit: Visit, stage: ui.element, done: Callable[[], Awaitable[None]]) -> None:
    """Asks for the password and a code, and turns the app off. `done` is awaited then."""
    typed: dict[str, ui.input] = {}

    def draw() -> Mapping[str, ui.input]:
        code = ui.input(_("Code")).props("maxlength=40 autocomplete=one-time-code")
        code.props["hint"] = _("Of the app, or a recovery code")
        typed["code"] = code
        return typed

    async def remove(proof: Proof) -> RemoveAuthenticatorAppResponse:
        code = (typed["code"].value or "").strip()
        request = RemoveAuthenticatorAppRequest(current_password=proof.password, code=code)
        return await visit.ask(visit.core.second_factor.RemoveAuthenticatorApp, request)

    removed = await ask_with_proof(
        visit,
        stage,
        _("Turn off the authenticator app?"),
        _("After that codes of the app no longer sign you in."),
        verb=_("Turn off"),
        submit=remove,
        back=CARD,
        draw=draw,
        instead={"code": USED},
        button=danger,
        always=True,
    )
    if removed is not None:
        await done()
