"""The people who have access to the account, and the open invites."""

from collections.abc import Sequence
from functools import partial

from nicegui import ui
from smith.core.v1.account_pb2 import ROLE_MEMBER, ROLE_OWNER, Member
from smith.core.v1.account_service_pb2 import ListMembersRequest, UpdateMemberRequest
from smith.core.v1.event_pb2 import EVENT_TYPE_MEMBERS_CHANGED, Event
from smith.core.v1.second_factor_service_pb2 import ResetSecondFactorRequest

from admin_ui.components.buttons import icon_button, primary
from admin_ui.components.dialogs import confirm
from admin_ui.components.html import div, p, text
from admin_ui.components.invite_dialog import InviteDialog
from admin_ui.components.invite_list import PAGE_SIZE, InviteList
from admin_ui.components.layout import badge, page_header
from admin_ui.components.paged_table import Cell, Column, PagedTable, PageOf, row_actions
from admin_ui.components.password_reset import PasswordReset
from admin_ui.components.search import MAX_SEARCH, search_field
from admin_ui.components.taking_rights import demote_member, remove_member
from admin_ui.components.times import ago
from admin_ui.site import Site
from admin_ui.texts import _
from admin_ui.visit import Visit

COLUMNS = (Column(_("Name")), Column(_("Role")), Column(_("Joined")))
FOR_MEMBERS = _("Everybody with access to {account}. Owners invite and remove people.")
FOR_OWNERS = _("Invite people to {account}, follow their invites, and remove access.")


def create(site: Site) -> None:
    """Registers `/members`."""

    @site.page("/members", title=_("Members"))
    async def members(visit: Visit, search: str = "") -> None:
        description = FOR_OWNERS if visit.is_owner else FOR_MEMBERS
        invites: InviteList | None = None

        async def refresh(events: Sequence[Event]) -> None:
            await people.refresh()
            if invites is not None:
                await invites.refresh()

        async def invited() -> None:
            await refresh([])

        inviting = InviteDialog(visit, invited) if visit.is_owner else None
        with page_header(_("Members"), description.format(account=visit.account.name)):
            if inviting is not None:
                primary(_("Invite members"), inviting.open, icon="person_add")
        with div("stack"):
            text(_("Active users"), "section-title", "h2")
            people = ActiveUsers(visit, search[:MAX_SEARCH])
        if visit.is_owner:
            with div("stack"):
                text(_("Invited users"), "section-title", "h2")
                invites = InviteList(visit)
        visit.watch({EVENT_TYPE_MEMBERS_CHANGED}, refresh)
        await refresh([])


class ActiveUsers:
    """The table of people with access."""

    def __init__(self, visit: Visit, search: str) -> None:
        """`search` is what to find from the beginning."""
        self._visit = visit
        self._search = search_field(_("Find by name or e-mail"), self._find, value=search)
        columns = (*COLUMNS, Column(_("Actions"), "actions")) if visit.is_owner else COLUMNS
        self._table: PagedTable[Member] = PagedTable(
            _("Active users"),
            columns,
            self._fetch,
            self._cells,
            key=lambda member: member.user_id,
            on_empty=lambda: p(_("Not one of them is called that."), "muted"),
        )
        self._stage = div("hidden")
        """Where dialogs are drawn: outside the table, which may be redrawn while one is open."""

    async def refresh(self) -> None:
        """Reads the people again. Raises Refused."""
        await self._table.refresh()

    async def _find(self) -> None:
        await self._table.refresh(from_start=True)

    async def _fetch(self, page_token: str | None) -> PageOf[Member]:
        request = ListMembersRequest(page_size=PAGE_SIZE, page_token=page_token, query=self._search.value or "")
        page = await self._visit.ask(self._visit.core.accounts.ListMembers, request)
        return PageOf(page.members, page.next_page_token)

    def _cells(self, member: Member) -> Sequence[Cell]:
        cells: list[Cell] = [
            partial(self._who, member),
            partial(_standing, member),
            partial(ago, member.created_at),
        ]
        if self._visit.is_owner:
            cells.append(partial(self._actions, member))
        return cells

    def _who(self, member: Member) -> None:
        with div("stack-tight"):
            with div():
                text(f"{member.name} ", "strong")
                if member.user_id == self._visit.member.user_id:
                    badge(_("You"))
                if self._visit.is_owner and member.has_second_factor:
                    badge(_("Second factor"), "good").props["title"] = _("Signs in with a second factor")
            if member.email != member.name:
                text(member.email, "muted small")

    def _actions(self, member: Member) -> None:
        is_self = member.user_id == self._visit.member.user_id
        with row_actions():
            if member.role == ROLE_OWNER:
                icon_button(
                    "person", _("Make member: {email}").format(email=member.email), lambda: self._change_role(member)
                )
            else:
                icon_button(
                    "verified_user",
                    _("Make owner: {email}").format(email=member.email),
                    lambda: self._change_role(member),
                )
            if member.HasField("suspended_at"):
                icon_button(
                    "lock_open",
                    _("Give access back: {email}").format(email=member.email),
                    lambda: self._give_access(member),
                )
            if not is_self:
                icon_button(
                    "password",
                    _("New password: {email}").format(email=member.email),
                    lambda: self._reset_password(member),
                )
            if not is_self and member.has_second_factor:
                words = _("Reset second factor: {email}").format(email=member.email)
                icon_button("fingerprint", words, lambda: self._reset_second_factor(member))
            if is_self:
                icon_button("logout", _("Leave: {email}").format(email=member.email), lambda: self._remove(member))
            else:
                icon_button("delete", _("Remove: {email}").format(email=member.email), lambda: self._remove(member))

    async def _give_access(self, member: Member) -> None:
        request = UpdateMemberRequest(user_id=member.user_id, role=ROLE_MEMBER)
        await self._visit.ask(self._visit.core.accounts.UpdateMember, request)
        await self.refresh()

    async def _change_role(self, member: Member) -> None:
        with self._stage:
            if member.role == ROLE_OWNER:
                changed = await demote_member(self._visit, member.user_id)
            else:
                changed = await self._promote(member)
        if changed:
            await self._after_change(member)

    async def _promote(self, member: Member) -> bool:
        explanation = _("{name} can manage everything, other owners included.").format(name=member.name)
        agreed = await confirm(_("Make an owner?"), explanation, _("Make owner"), is_dangerous=False)
        if agreed:
            request = UpdateMemberRequest(user_id=member.user_id, role=ROLE_OWNER)
            await self._visit.ask(self._visit.core.accounts.UpdateMember, request)
        return agreed

    async def _reset_password(self, member: Member) -> None:
        with self._stage:
            asked = PasswordReset(self._visit, member)
        await asked.open()

    async def _reset_second_factor(self, member: Member) -> None:
        explanation = _(
            "For when {name} has lost it. Their app, passkeys and recovery codes are removed, all their "
            "sessions end, and they get a mail. Until they set up a new one, the password is enough. Make sure that "
            "it is they who ask."
        ).format(name=member.name)
        with self._stage:
            agreed = await confirm(
                _("Reset the second factor of {name}?").format(name=member.name), explanation, _("Reset second factor")
            )
        if agreed:
            request = ResetSecondFactorRequest(user_id=member.user_id)
            await self._visit.ask(self._visit.core.second_factor.ResetSecondFactor, request)
            ui.notify(_("Their second factor is reset."), type="positive")
            await self.refresh()

    async def _remove(self, member: Member) -> None:
        with self._stage:
            gone = await remove_member(self._visit, member.user_id)
        if gone:
            await self._after_change(member)

    async def _after_change(self, member: Member) -> None:
        if member.user_id == self._visit.member.user_id:
            # The person has changed their own role: the page offers what the former role could do.
            ui.navigate.reload()
        else:
            await self.refresh()


def _standing(member: Member) -> None:
    """What the person may do, and whether single sign-on has taken their access away."""
    if member.HasField("suspended_at"):
        badge(_("No access"), "warn")
    else:
        badge(_("Owner"), "info") if member.role == ROLE_OWNER else badge(_("Member"))
