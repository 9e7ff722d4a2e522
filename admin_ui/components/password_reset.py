"""The dialog with which an owner helps a member who has lost their password."""

from functools import partial

from nicegui import ui
from smith.core.v1.account_pb2 import Member
from smith.core.v1.account_service_pb2 import GetMemberRequest
from smith.core.v1.invite_pb2 import INVITE_MAIL_STATE_NOT_CONFIGURED, INVITE_MAIL_STATE_QUEUED, InviteMail
from smith.core.v1.password_reset_service_pb2 import CreatePasswordResetLinkRequest, SendPasswordResetRequest

from admin_ui.components.buttons import primary, secondary
from admin_ui.components.copying import copyable
from admin_ui.components.dialogs import dialog, dialog_actions, gone_when_closed
from admin_ui.components.html import div, p, text
from admin_ui.components.kept import Kept
from admin_ui.components.mail_state import mail_state
from admin_ui.components.states import notice
from admin_ui.core import Refused
from admin_ui.texts import _
from admin_ui.visit import Visit

LOOK_SECONDS = 1.0
"""How often the dialog asks for the state of a mail that is on its way."""
KEPT = _(
    "No mail server is set: the simulator keeps the mail, and no person gets it. Make a link to a new password and "
    "pass it on yourself."
)
NO_MAIL_SERVER = _("No mail server is configured")
ONCE = _("It works once, for an hour. When it is used, all their sessions end.")


class PasswordReset:
    """Sends a link to a new password by mail and shows the state of the mail; or makes a link to pass on."""

    def __init__(self, visit: Visit, member: Member) -> None:
        """Call it in a part of the page that is never cleared: the dialog would go with it."""
        self._visit = visit
        self._member = member
        self._stopped = 0
        """How often it was told to look no more."""
        simulated = visit.destinations.mails_are_simulated
        goes = (
            KEPT
            if simulated
            else _("A link with which they choose a new password goes to {email}.").format(email=member.email)
        )
        explanation = f"{goes} {ONCE}"
        with dialog(_("A new password for {name}?").format(name=member.name), explanation) as self._dialog:
            self._state = Kept("stack").props("aria-live=polite")
            with dialog_actions():
                secondary(_("Close"), self._dialog.close)
                if simulated:
                    secondary(_("Try the mail"), self._send)
                    primary(_("Make a link to pass on"), self._make_link)
                else:
                    secondary(_("Make a link to pass on"), self._make_link)
                    primary(_("Send the link"), self._send)
            self._timer = ui.timer(LOOK_SECONDS, self._look, active=False)
        gone_when_closed(self._dialog)

    async def open(self) -> None:
        """Shows it, with the state of the last mail. Raises Refused."""
        await self._look()
        self._dialog.open()

    async def _send(self) -> None:
        request = SendPasswordResetRequest(user_id=self._member.user_id)
        try:
            answer = await self._visit.ask(self._visit.core.password_resets.SendPasswordReset, request)
        except Refused as refusal:
            self._refuse(refusal)
            return
        self._show(answer.mail)

    async def _make_link(self) -> None:
        self._stop_looking()
        request = CreatePasswordResetLinkRequest(user_id=self._member.user_id)
        try:
            made = await self._visit.ask(self._visit.core.password_resets.CreatePasswordResetLink, request)
        except Refused as refusal:
            self._refuse(refusal)
            return
        self._state.show(partial(_draw_link, made.url, self._member.email))

    def _refuse(self, refusal: Refused) -> None:
        if refusal.is_signed_out:
            raise refusal
        self._stop_looking()
        self._state.show(partial(notice, "bad", refusal.message))

    def _stop_looking(self) -> None:
        self._timer.deactivate()
        self._stopped += 1

    async def _look(self) -> None:
        stopped = self._stopped
        request = GetMemberRequest(user_id=self._member.user_id)
        held = await self._visit.ask(self._visit.core.accounts.GetMember, request)
        # A link that was made meanwhile is shown this once.
        if held.HasField("password_reset_mail") and stopped == self._stopped:
            self._show(held.password_reset_mail)

    def _show(self, mail: InviteMail) -> None:
        self._timer.active = mail.state == INVITE_MAIL_STATE_QUEUED
        is_simulated = self._visit.destinations.mails_are_simulated
        self._state.show(partial(_draw_mail, mail, self._member.email, is_simulated=is_simulated))


def _draw_link(url: str, email: str) -> None:
    copyable(url, _("link to a new password"))
    p(_("It works once, for an hour. Pass it to {email} only.").format(email=email), "muted")


def _draw_mail(mail: InviteMail, email: str, *, is_simulated: bool) -> None:
    if mail.state == INVITE_MAIL_STATE_NOT_CONFIGURED:
        notice("warn", NO_MAIL_SERVER, _("Make a link and pass it on yourself."))
        return
    with div("cluster"):
        text(_("Mail to {email}:").format(email=email), "strong")
        mail_state(mail, is_simulated=is_simulated)
