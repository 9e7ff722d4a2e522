"""The state of a mail: on its way, sent, failed."""

from smith.core.v1.invite_pb2 import (
    INVITE_MAIL_STATE_FAILED,
    INVITE_MAIL_STATE_NOT_CONFIGURED,
    INVITE_MAIL_STATE_SENT,
    InviteMail,
)

from admin_ui.components.html import div, text
from admin_ui.components.times import ago


def mail_state(mail: InviteMail, *, is_simulated: bool) -> None:
    """Draws the state, with the reason if the mail was not sent. `is_simulated`: mails go to the simulator."""
    with div("stack-tight"):
        if mail.state == INVITE_MAIL_STATE_SENT:
            with div():
                text("kept by the simulator " if is_simulated else "sent ")
                ago(mail.sent_at)
        elif mail.state == INVITE_MAIL_STATE_FAILED:
            text("failed", "tone-bad")
        elif mail.state == INVITE_MAIL_STATE_NOT_CONFIGURED:
            text("no mail server", "tone-warn")
        else:
            with div():
                text("next attempt " if mail.reason else "goes to the simulator" if is_simulated else "on its way")
                if mail.reason:
                    ago(mail.next_attempt_at)
        if mail.message and mail.state != INVITE_MAIL_STATE_NOT_CONFIGURED:
            text(mail.message, "muted small")
