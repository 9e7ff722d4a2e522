"""The state of a mail: on its way, sent, failed."""

from functools import partial

from smith.core.v1.invite_pb2 import (
    INVITE_MAIL_STATE_FAILED,
    INVITE_MAIL_STATE_NOT_CONFIGURED,
    INVITE_MAIL_STATE_SENT,
    InviteMail,
)

from admin_ui.components.html import div, phrase, text
from admin_ui.components.times import ago
from admin_ui.texts import _


def mail_state(mail: InviteMail, *, is_simulated: bool) -> None:
    """Draws the state, with the reason if the mail was not sent. `is_simulated`: mails go to the simulator."""
    with div("stack-tight"):
        if mail.state == INVITE_MAIL_STATE_SENT:
            with div():
                phrase(
                    _("kept by the simulator {when}") if is_simulated else _("sent {when}"),
                    when=partial(ago, mail.sent_at),
                )
        elif mail.state == INVITE_MAIL_STATE_FAILED:
            text(_("failed"), "tone-bad")
        elif mail.state == INVITE_MAIL_STATE_NOT_CONFIGURED:
            text(_("no mail server"), "tone-warn")
        else:
            with div():
                if mail.reason:
                    phrase(_("next attempt {when}"), when=partial(ago, mail.next_attempt_at))
                else:
                    text(_("goes to the simulator") if is_simulated else _("on its way"))
        if mail.message and mail.state != INVITE_MAIL_STATE_NOT_CONFIGURED:
            text(mail.message, "muted small")
