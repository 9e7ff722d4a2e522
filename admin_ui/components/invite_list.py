"""The open invites: neither accepted nor revoked."""

from collections.abc import Sequence
from functools import partial

from nicegui import ui
from smith.core.v1.account_pb2 import ROLE_OWNER
from smith.core.v1.invite_pb2 import (
    INVITE_MAIL_STATE_NOT_CONFIGURED,
    INVITE_STATUS_EXPIRED,
    Invite,
)
from smith.core.v1.invite_service_pb2 import (
    CreateInviteLinkRequest,
    ListInvitesRequest,
    ResendInviteRequest,
    RevokeInviteRequest,
)

from admin_ui.components.buttons import icon_button, secondary
from admin_ui.components.copying import copyable
from admin_ui.components.dialogs import confirm, dialog, dialog_actions, gone_when_closed
from admin_ui.components.html import div, p, text
from admin_ui.components.layout import badge
from admin_ui.components.mail_state import mail_state
from admin_ui.components.paged_table import Cell, Column, PagedTable, PageOf, row_actions
from admin_ui.components.states import notice
from admin_ui.components.times import ago
from admin_ui.texts import _
from admin_ui.visit import Visit

PAGE_SIZE = 25
"""Fewer than elsewhere: the page has two tables."""
COLUMNS = (Column(_("E-mail")), Column(_("Status")), Column(_("Mail")), Column(_("Invited")), Column(_("Expires")),
           Column(_("Actions"), "actions"))  # fmt: skip


class InviteList:
    """The table, and what is done about each invite."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._remark = div("hidden")
        self._table: PagedTable[Invite] = PagedTable(
            _("Invited users"), COLUMNS, self._fetch, self._cells, key=lambda invite: invite.id, on_empty=_draw_empty
        )
        self._stage = div("hidden")
        """Where dialogs are drawn: outside the table, which may be redrawn while one is open."""

    async def refresh(self) -> None:
        """Reads the invites again. Raises Refused."""
        await self._table.refresh()

    async def _fetch(self, page_token: str | None) -> PageOf[Invite]:
        request = ListInvitesRequest(page_size=PAGE_SIZE, page_token=page_token)
        page = await self._visit.ask(self._visit.core.invites.ListInvites, request)
        self._remark.clear()
        self._remark.classes("hidden")
        if any(invite.mail.state == INVITE_MAIL_STATE_NOT_CONFIGURED for invite in page.invites):
            self._remark.classes(remove="hidden")
            with self._remark:
                notice(
                    "warn", _("No mail server is configured"), _("Copy the link of an invite and pass it on yourself.")
                )
        return PageOf(page.invites, page.next_page_token)

    def _cells(self, invite: Invite) -> Sequence[Cell]:
        return (
            partial(_who, invite),
            partial(_status, invite),
            partial(mail_state, invite.mail, is_simulated=self._visit.destinations.mails_are_simulated),
            partial(ago, invite.invited_at),
            partial(ago, invite.expires_at),
            partial(self._actions, invite),
        )

    def _actions(self, invite: Invite) -> None:
        with row_actions():
            if invite.status != INVITE_STATUS_EXPIRED:
                icon_button("link", _("Copy link: {email}").format(email=invite.email), lambda: self._link(invite))
            icon_button("send", _("Resend: {email}").format(email=invite.email), lambda: self._resend(invite))
            icon_button("delete", _("Revoke: {email}").format(email=invite.email), lambda: self._revoke(invite))

    async def _link(self, invite: Invite) -> None:
        request = CreateInviteLinkRequest(invite_id=invite.id)
        made = await self._visit.ask(self._visit.core.invites.CreateInviteLink, request)
        explanation = _("The first person to open it joins as {email}. Do not give it to others.").format(
            email=invite.email
        )
        with self._stage:
            with dialog(_("Invite link"), explanation) as shown:
                copyable(made.url, _("invite link"))
                with dialog_actions():
                    secondary(_("Done"), shown.close)
            gone_when_closed(shown)
            shown.open()

    async def _resend(self, invite: Invite) -> None:
        request = ResendInviteRequest(invite_id=invite.id)
        await self._visit.ask(self._visit.core.invites.ResendInvite, request)
        if self._visit.destinations.mails_are_simulated:
            told = _("Another mail to {email} goes to the simulator. The invite counts for 7 days from now.")
        else:
            told = _("Another mail to {email} is on its way. The invite counts for 7 days from now.")
        ui.notify(told.format(email=invite.email))
        await self.refresh()

    async def _revoke(self, invite: Invite) -> None:
        explanation = _("The links that {email} has got stop working at once.").format(email=invite.email)
        with self._stage:
            agreed = await confirm(_("Revoke the invite?"), explanation, _("Revoke invite"))
        if agreed:
            request = RevokeInviteRequest(invite_id=invite.id)
            await self._visit.ask(self._visit.core.invites.RevokeInvite, request)
            await self.refresh()


def _draw_empty() -> None:
    p(_("There are no open invites."), "muted")


def _who(invite: Invite) -> None:
    with div("stack-tight"):
        text(invite.email)
        role = _("as an owner") if invite.role == ROLE_OWNER else _("as a member")
        by = _("{role}, by {who}").format(role=role, who=invite.invited_by) if invite.invited_by else role
        text(by, "muted small")


def _status(invite: Invite) -> None:
    if invite.status == INVITE_STATUS_EXPIRED:
        badge(_("Expired"), "warn")
    else:
        badge(_("Pending"), "info")
