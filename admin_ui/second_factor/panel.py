"""What a person has as a second factor, on their own page and on the page that asks for one."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui
from smith.core.v1.passkey_service_pb2 import ListPasskeysRequest, Passkey
from smith.core.v1.second_factor_service_pb2 import (
    CreateRecoveryCodesRequest,
    CreateRecoveryCodesResponse,
    GetSecondFactorResponse,
)

from admin_ui.components.buttons import quiet, secondary
from admin_ui.components.html import div, p, text
from admin_ui.components.layout import badge, card
from admin_ui.components.proof import Proof, ask_with_proof, means_of
from admin_ui.components.states import notice
from admin_ui.components.times import ago
from admin_ui.second_factor.app_dialogs import CARD, add_app, remove_app
from admin_ui.second_factor.codes import show_codes
from admin_ui.second_factor.passkey_dialogs import add_passkey, remove_passkey, rename_passkey
from admin_ui.visit import Visit

ABOUT = "Something that only you have, besides the password. A stolen password is then not enough to sign in."
FEW = 3
"""Recovery codes at which a person is told to make new ones."""


class SecondFactorPanel:
    """The card. It reads core's state again after each change."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self.on_set_up: Callable[[], Awaitable[None]] | None = None
        """Awaited once the person has a second factor and has kept the recovery codes: their other sessions have
        ended."""
        with card("Second factor", ABOUT, anchor=CARD):
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
                    text("Authenticator app", "strong")
                    badge("On", "good") if self._has.authenticator_app else badge("Off")
                p("An app on your phone shows a new six-digit code every 30 seconds.", "muted small")
            if self._has.authenticator_app:
                secondary("Turn off", self._remove_app).props["aria-label"] = "Turn off the authenticator app"
            else:
                secondary("Set up", self._add_app).props["aria-label"] = "Set up an authenticator app"

    def _passkeys(self, passkeys: Sequence[Passkey]) -> None:
        with div("spread"):
            with div("stack-tight"):
                with div("cluster"):
                    text("Passkeys", "strong")
                    badge(str(len(passkeys)), "good") if passkeys else badge("None")
                p(
                    "Your finger, face or PIN signs you in. No password is needed, and none can be stolen.",
                    "muted small",
                )
            if not self._has.no_passkeys_because:
                secondary("Add a passkey", self._add_passkey)
        if self._has.no_passkeys_because:
            notice("info", "Passkeys cannot be used here", self._has.no_passkeys_because)
        for passkey in passkeys:
            self._passkey(passkey)

    def _passkey(self, passkey: Passkey) -> None:
        with div("spread passkey"):
            with div("stack-tight"):
                with div("cluster"):
                    text(passkey.name, "strong")
                    if passkey.synced:
                        badge("Synced", "info").props["title"] = "Its maker keeps a copy for your other devices"
                with div("muted small"):
                    text("Added ")
                    ago(passkey.created_at)
                    text(", last used ")
                    ago(passkey.last_used_at if passkey.HasField("last_used_at") else None)
            with div("cluster"):
                rename = quiet("Rename", lambda: rename_passkey(self._visit, self._stage, passkey, self.refresh))
                rename.props["aria-label"] = f"Rename the passkey {passkey.name}"
                remove = quiet("Remove", lambda: remove_passkey(self._visit, self._stage, passkey, self.refresh))
                remove.props["aria-label"] = f"Remove the passkey {passkey.name}"

    def _recovery_codes(self) -> None:
        left = self._has.recovery_codes_left
        with div("spread"):
            with div("stack-tight"):
                with div("cluster"):
                    text("Recovery codes", "strong")
                    badge(f"{left} left", "neutral" if left > FEW else "warn")
                p("Each signs you in once if you have lost your phone.", "muted small")
            secondary("Make new ones", self._new_codes).props["aria-label"] = "Make new recovery codes"

    async def _add_app(self) -> None:
        done = await add_app(self._visit, self._stage)
        if done is not None:
            await self._set_up(done.recovery_codes, "The authenticator app is on.")

    async def _remove_app(self) -> None:
        await remove_app(self._visit, self._stage, self.refresh)

    async def _add_passkey(self) -> None:
        done = await add_passkey(self._visit, self._stage)
        if done is not None:
            await self._set_up(done.recovery_codes, f"The passkey “{done.passkey.name}” is added.")

    async def _new_codes(self) -> None:
        async def make(proof: Proof) -> CreateRecoveryCodesResponse:
            request = CreateRecoveryCodesRequest(current_password=proof.password)
            return await self._visit.ask(self._visit.core.second_factor.CreateRecoveryCodes, request)

        made = await ask_with_proof(
            self._visit,
            self._stage,
            "Make new recovery codes?",
            "The ones that you have stop working.",
            verb="Make new codes",
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
