"""The open invites: neither accepted nor revoked."""

from collections.abc import Callable, Sequence

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
from admin_ui.components.paged_table import Column, PagedTable, PageOf, row_actions
from admin_ui.components.states import notice
from admin_ui.components.times import ago
from admin_ui.visit import Visit

PAGE_SIZE = 25
"""Fewer than elsewhere: the page has two tables."""
COLUMNS = (Column("E-mail"), Column("Status"), Column("Mail"), Column("Invited"), Column("Expires"),
           Column("Actions", "actions"))  # fmt: skip


class InviteList:
    """The table, and what is done about each invite."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._remark = div("hidden")
        self._table: PagedTable[Invite] = PagedTable(
            "Invited users", COLUMNS, self._fetch, self._draw, on_empty=_draw_empty
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
                notice("warn", "No mail server is configured", "Copy the link of an invite and pass it on yourself.")
        return PageOf(page.invites, page.next_page_token)

    def _draw(self, invite: Invite) -> Sequence[Callable[[], object]]:
        return (
            lambda: _who(invite),
            lambda: _status(invite),
            lambda: mail_state(invite.mail, is_simulated=self._visit.destinations.mails_are_simulated),
            lambda: ago(invite.invited_at),
            lambda: ago(invite.expires_at),
            lambda: self._actions(invite),
        )

    def _actions(self, invite: Invite) -> None:
        with row_actions():
            if invite.status != INVITE_STATUS_EXPIRED:
                icon_button("link", f"Copy link: {invite.email}", lambda: self._link(invite))
            icon_button("send", f"Resend: {invite.email}", lambda: self._resend(invite))
            icon_button("delete", f"Revoke: {invite.email}", lambda: self._revoke(invite))

    async def _link(self, invite: Invite) -> None:
        request = CreateInviteLinkRequest(invite_id=invite.id)
        made = await self._visit.ask(self._visit.core.invites.CreateInviteLink, request)
        explanation = f"The first person to open it joins as {invite.email}. Do not give it to others."
        with self._stage:
            with dialog("Invite link", explanation) as shown:
                copyable(made.url, "invite link")
                with dialog_actions():
                    secondary("Done", shown.close)
            gone_when_closed(shown)
            shown.open()

    async def _resend(self, invite: Invite) -> None:
        request = ResendInviteRequest(invite_id=invite.id)
        await self._visit.ask(self._visit.core.invites.ResendInvite, request)
        where = "goes to the simulator" if self._visit.destinations.mails_are_simulated else "is on its way"
        ui.notify(f"Another mail to {invite.email} {where}. The invite counts for 7 days from now.")
        await self.refresh()

    async def _revoke(self, invite: Invite) -> None:
        explanation = f"The links that {invite.email} has got stop working at once."
        with self._stage:
            agreed = await confirm("Revoke the invite?", explanation, "Revoke invite")
        if agreed:
            request = RevokeInviteRequest(invite_id=invite.id)
            await self._visit.ask(self._visit.core.invites.RevokeInvite, request)
            await self.refresh()


def _draw_empty() -> None:
    p("There are no open invites.", "muted")


def _who(invite: Invite) -> None:
    with div("stack-tight"):
        text(invite.email)
        role = "as an owner" if invite.role == ROLE_OWNER else "as a member"
        text(f"{role}, by {invite.invited_by}" if invite.invited_by else role, "muted small")


def _status(invite: Invite) -> None:
    if invite.status == INVITE_STATUS_EXPIRED:
        badge("Expired", "warn")
    else:
        badge("Pending", "info")
