"""The signed-in person's own page: name, password, second factor, sessions, workspaces."""

from collections.abc import Sequence
from functools import partial

from nicegui import ui
from smith.core.v1.account_pb2 import ROLE_OWNER
from smith.core.v1.account_service_pb2 import (
    ChangePasswordRequest,
    ListSessionsRequest,
    RevokeOtherSessionsRequest,
    RevokeSessionRequest,
    SwitchAccountRequest,
    UpdateProfileRequest,
)
from smith.core.v1.session_pb2 import Session

from admin_ui.components.buttons import quiet, secondary
from admin_ui.components.dialogs import confirm
from admin_ui.components.form_words import show_refusal
from admin_ui.components.html import div, p, text
from admin_ui.components.identities import identities
from admin_ui.components.layout import badge, card, page_header
from admin_ui.components.paged_table import PAGE_SIZE, Cell, Column, PagedTable, PageOf
from admin_ui.components.proof import means_of
from admin_ui.components.saving import save_from
from admin_ui.components.times import ago
from admin_ui.core import Refused
from admin_ui.leaving.cards import leave_card
from admin_ui.page_task import on_page
from admin_ui.second_factor.panel import SecondFactorPanel
from admin_ui.site import Site
from admin_ui.texts import _, ngettext
from admin_ui.visit import Visit


def create(site: Site) -> None:
    """Registers `/account`."""

    @site.page("/account", title=_("Your account"))
    async def account(visit: Visit) -> None:
        with page_header(_("Your account"), _("You are signed in as {email}.").format(email=visit.member.email)):
            pass
        if len(visit.accounts) > 1:
            _workspaces(visit)
        _profile(visit)
        await identities(visit)
        await _password(visit)
        panel = SecondFactorPanel(visit)
        sessions = SessionList(visit)
        panel.on_set_up = sessions.refresh
        await panel.refresh()
        await sessions.refresh()
        leave_card(visit)


def _workspaces(visit: Visit) -> None:
    async def switch(account_id: str) -> None:
        await visit.ask(visit.core.accounts.SwitchAccount, SwitchAccountRequest(account_id=account_id))
        ui.navigate.to("/")

    with card(_("Workspaces"), _("You belong to several. What you see and do is in one of them at a time.")):
        for one in visit.accounts:
            with div("spread"):
                with div("cluster"):
                    text(one.name, "strong")
                    badge(_("Owner"), "info") if one.role == ROLE_OWNER else badge(_("Member"))
                if one.account_id == visit.account.id:
                    text(_("You are here"), "muted")
                else:
                    button = secondary(_("Switch"), partial(switch, one.account_id))
                    button.props["aria-label"] = _("Switch to {name}").format(name=one.name)


def _profile(visit: Visit) -> None:
    with card(_("Profile"), _("Others see this name.")):
        name = ui.input(_("Name"), value=visit.member.name).props("maxlength=100 autocomplete=name")
        name.classes("setting-field")

        async def save() -> None:
            request = UpdateProfileRequest(name=(name.value or "").strip())
            if await save_from(name, lambda: visit.ask(visit.core.accounts.UpdateProfile, request)):
                ui.notify(_("Saved."), type="positive")

        name.on("keydown.enter", on_page(save))
        with div("cluster"):
            secondary(_("Save name"), save)


async def _password(visit: Visit) -> None:
    if not (await means_of(visit)).has_password:
        with card(_("Password"), _("No password opens your login: you sign in with single sign-on or a passkey.")):
            p(
                _("What asks others for their password asks you to have signed in within the last 10 minutes."),
                "muted small",
            )
        return
    with card(_("Password"), _("Changing it signs you out everywhere else.")):
        current = _secret(_("Current password"), "current-password")
        new = _secret(_("New password"), "new-password")
        new.props["hint"] = _("10 characters or more: three or four words are good")

        async def change() -> None:
            current.error = None
            request = ChangePasswordRequest(current_password=current.value or "", new_password=new.value or "")
            try:
                changed = await visit.ask(visit.core.accounts.ChangePassword, request)
            except Refused as refusal:
                if refusal.reason == "FORBIDDEN":
                    current.error = _("This is not your password.")
                    return
                inputs = {"current_password": current, "new_password": new}
                labels = {"current_password": _("Current password"), "new_password": _("New password")}
                name, words = show_refusal(refusal, labels)
                if not name:
                    raise
                inputs[name].error = words
                return
            new.error = None
            current.value = new.value = ""
            ui.notify(" ".join((_("Your password is changed."), _ended(changed.revoked))), type="positive")

        new.on("keydown.enter", on_page(change))
        with div("cluster"):
            secondary(_("Change password"), change)


class SessionList:
    """The person's sessions; for owners, all sessions of the account."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        everybody = _("Where people of this workspace are signed in. An owner can end any of these sessions.")
        with card(_("Sessions"), everybody if visit.is_owner else _("Where you are signed in.")):
            with div("spread"):
                p(_("Lost a laptop? End its session, or all of yours but this one."), "muted")
                secondary(_("Sign out everywhere else"), self._end_others)
            columns = (
                Column(_("Who")),
                Column(_("From")),
                Column(_("Signed in")),
                Column(_("Ends")),
                Column(_("Actions"), "actions"),
            )
            self._table: PagedTable[Session] = PagedTable(
                _("Sessions"),
                columns,
                self._fetch,
                self._cells,
                key=lambda session: session.id,
                on_empty=lambda: p(_("No sessions."), "muted"),
            )

    async def refresh(self) -> None:
        """Reads the sessions again. Raises Refused."""
        await self._table.refresh()

    async def _fetch(self, page_token: str | None) -> PageOf[Session]:
        request = ListSessionsRequest(page_size=PAGE_SIZE, page_token=page_token)
        page = await self._visit.ask(self._visit.core.accounts.ListSessions, request)
        return PageOf(page.sessions, page.next_page_token)

    def _cells(self, session: Session) -> Sequence[Cell]:
        return [
            partial(self._who, session),
            partial(text, session.client_address or _("unknown"), "mono small"),
            partial(ago, session.created_at),
            partial(ago, session.expires_at),
            partial(self._actions, session),
        ]

    def _who(self, session: Session) -> None:
        with div("cluster"):
            text(session.email)
            if session.current:
                badge(_("This session"), "good")

    def _actions(self, session: Session) -> None:
        if session.current:
            return
        when = session.created_at.ToDatetime().isoformat(sep=" ", timespec="seconds")
        button = quiet(_("Sign out"), lambda: self._end(session))
        button.props["aria-label"] = _("Sign out {email}, signed in {when} UTC").format(email=session.email, when=when)

    async def _end(self, session: Session) -> None:
        request = RevokeSessionRequest(session_id=session.id)
        try:
            await self._visit.ask(self._visit.core.accounts.RevokeSession, request)
        except Refused as refusal:
            if refusal.reason != "NOT_FOUND":
                raise
            # It has ended by itself meanwhile.
        await self.refresh()

    async def _end_others(self) -> None:
        explanation = _("Every other browser and tool that is signed in as you has to sign in again.")
        if await confirm(_("Sign out everywhere else?"), explanation, _("Sign out everywhere else")):
            answer = await self._visit.ask(self._visit.core.accounts.RevokeOtherSessions, RevokeOtherSessionsRequest())
            ui.notify(_ended(answer.revoked), type="positive")
            await self.refresh()


def _secret(label: str, autocomplete: str) -> ui.input:
    field = ui.input(label, password=True, password_toggle_button=True).classes("setting-field")
    return field.props(f"maxlength=200 autocomplete={autocomplete}")


def _ended(sessions: int) -> str:
    if not sessions:
        return _("There were no other sessions.")
    return ngettext("{count} other session was ended.", "{count} other sessions were ended.", sessions).format(
        count=sessions
    )
