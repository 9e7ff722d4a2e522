"""What a person has as a second factor, on their own page and on the page that asks for one."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from nicegui import ui
from smith.core.v1.passkey_service_pb2 import ListPasskeysRequest, Passkey
from smith.core.v1.second_factor_service_pb2 import (
    CreateRecoveryCodesRequest,
    CreateRecoveryCodesResponse,
    GetSecondFactorResponse,
)

from admin_ui.components.buttons import quiet, secondary
from admin_ui.components.html import div, p, phrase, text
from admin_ui.components.layout import badge, card
from admin_ui.components.proof import Proof, ask_with_proof, means_of
from admin_ui.components.states import notice
from admin_ui.components.times import ago
from admin_ui.second_factor.app_dialogs import CARD, add_app, remove_app
from admin_ui.second_factor.codes import show_codes
from admin_ui.second_factor.passkey_dialogs import add_passkey, remove_passkey, rename_passkey
from admin_ui.texts import _
from admin_ui.visit import Visit

ABOUT = _("Something that only you have, besides the password. A stolen password is then not enough to sign in.")
FEW = 3
"""Recovery codes at which a person is told to make new ones."""


class SecondFactorPanel:
    """The card. It reads core's state again after each change."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self.on_set_up: Callable[[], Awaitable[None]] | None = None
        """Awaited once the person has a second factor and has kept the recovery codes: their other sessions have
        ended."""
        with card(_("Second factor"), ABOUT, anchor=CARD):
            self._content = div("stack")
        self._stage = div("hidden")
        """Where dialogs are drawn: outside the card, which is drawn again."""
        self._has = GetSecondFactorResponse()

    async def refresh(self) -> None:
        """Reads it again. Raises Refused."""
        self._has = await means_of(self._visit)
        passkeys = (await self._visit.ask(self._visit.core.passkeys.ListPasskeys, ListPasskeysRequest())).passkeys
        self._content.clear()
        with self._content:
            self._app()
            self._passkeys(passkeys)
            if self._has.HasField("since"):
                self._recovery_codes()

    def _app(self) -> None:
        with div("spread"):
            with div("stack-tight"):
                with div("cluster"):
                    text(_("Authenticator app"), "strong")
                    badge(_("On"), "good") if self._has.authenticator_app else badge(_("Off"))
                p(_("An app on your phone shows a new six-digit code every 30 seconds."), "muted small")
            if self._has.authenticator_app:
                secondary(_("Turn off"), self._remove_app).props["aria-label"] = _("Turn off the authenticator app")
            else:
                secondary(_("Set up"), self._add_app).props["aria-label"] = _("Set up an authenticator app")

    def _passkeys(self, passkeys: Sequence[Passkey]) -> None:
        with div("spread"):
            with div("stack-tight"):
                with div("cluster"):
                    text(_("Passkeys"), "strong")
                    badge(str(len(passkeys)), "good") if passkeys else badge(_("None"))
                p(
                    _("Your finger, face or PIN signs you in. No password is needed, and none can be stolen."),
                    "muted small",
                )
            if not self._has.no_passkeys_because:
                secondary(_("Add a passkey"), self._add_passkey)
        if self._has.no_passkeys_because:
            notice("info", _("Passkeys cannot be used here"), self._has.no_passkeys_because)
        for passkey in passkeys:
            self._passkey(passkey)

    def _passkey(self, passkey: Passkey) -> None:
        with div("spread passkey"):
            with div("stack-tight"):
                with div("cluster"):
                    text(passkey.name, "strong")
                    if passkey.synced:
                        badge(_("Synced"), "info").props["title"] = _("Its maker keeps a copy for your other devices")
                with div("muted small"):
                    phrase(
                        _("Added {added}, last used {used}"),
                        added=partial(ago, passkey.created_at),
                        used=partial(ago, passkey.last_used_at if passkey.HasField("last_used_at") else None),
                    )
            with div("cluster"):
                rename = quiet(_("Rename"), lambda: rename_passkey(self._visit, self._stage, passkey, self.refresh))
                rename.props["aria-label"] = _("Rename the passkey {name}").format(name=passkey.name)
                remove = quiet(_("Remove"), lambda: remove_passkey(self._visit, self._stage, passkey, self.refresh))
                remove.props["aria-label"] = _("Remove the passkey {name}").format(name=passkey.name)

    def _recovery_codes(self) -> None:
        left = self._has.recovery_codes_left
        with div("spread"):
            with div("stack-tight"):
                with div("cluster"):
                    text(_("Recovery codes"), "strong")
                    badge(_("{left} left").format(left=left), "neutral" if left > FEW else "warn")
                p(_("Each signs you in once if you have lost your phone."), "muted small")
            secondary(_("Make new ones"), self._new_codes).props["aria-label"] = _("Make new recovery codes")

    async def _add_app(self) -> None:
        done = await add_app(self._visit, self._stage)
        if done is not None:
            await self._set_up(done.recovery_codes, _("The authenticator app is on."))

    async def _remove_app(self) -> None:
        await remove_app(self._visit, self._stage, self.refresh)

    async def _add_passkey(self) -> None:
        done = await add_passkey(self._visit, self._stage)
        if done is not None:
            await self._set_up(done.recovery_codes, _("The passkey “{name}” is added.").format(name=done.passkey.name))

    async def _new_codes(self) -> None:
        async def make(proof: Proof) -> CreateRecoveryCodesResponse:
            request = CreateRecoveryCodesRequest(current_password=proof.password)
            return await self._visit.ask(self._visit.core.second_factor.CreateRecoveryCodes, request)

        made = await ask_with_proof(
            self._visit,
            self._stage,
            _("Make new recovery codes?"),
            _("The ones that you have stop working."),
            verb=_("Make new codes"),
            submit=make,
            back=CARD,
            button=secondary,
        )
        if made is not None:
            show_codes(self._stage, made.recovery_codes)
            await self.refresh()

    async def _set_up(self, codes: Sequence[str], words: str) -> None:
        ui.notify(words, type="positive")
        if codes:
            self._visit.is_busy = True
            show_codes(self._stage, codes, self._kept)
        await self.refresh()

    async def _kept(self) -> None:
        self._visit.is_busy = False
        if self.on_set_up is not None:
            await self.on_set_up()
