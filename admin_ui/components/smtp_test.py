"""Sends a test mail, and explains the mail server's answer."""

from smith.core.v1.mail_service_pb2 import (
    MAIL_OUTCOME_NOT_CONFIGURED,
    MAIL_OUTCOME_SENT,
    SendTestMailRequest,
    SendTestMailResponse,
)

from admin_ui.components.buttons import secondary
from admin_ui.components.html import code, div, p
from admin_ui.components.layout import card
from admin_ui.components.states import notice
from admin_ui.texts import _
from admin_ui.visit import Visit

ABOUT = _("Invites are sent by mail. A test mail tells whether that works.")
KEPT = _("The simulator keeps all mails. Set SMITH_SMTP_HOST to send them to people.")


def smtp_test(visit: Visit) -> None:
    """A card with a button that sends a test mail to the person who looks. For owners."""
    with card(_("Mail"), KEPT if visit.destinations.mails_are_simulated else ABOUT):

        async def send() -> None:
            shown.clear()
            answer = await visit.ask(visit.core.mails.SendTestMail, SendTestMailRequest())
            with shown:
                _tell(answer)

        with div("spread"):
            simulated = visit.destinations.mails_are_simulated
            p(
                _("It is addressed to {email}.").format(email=visit.member.email)
                if simulated
                else _("It goes to {email}.").format(email=visit.member.email),
                "muted",
            )
            secondary(_("Try a test mail") if simulated else _("Send test mail"), send, icon="mail")
        shown = div("stack").props("aria-live=polite")


def _tell(answer: SendTestMailResponse) -> None:
    if answer.outcome == MAIL_OUTCOME_SENT and answer.simulated:
        notice(
            "info", _("The simulator keeps it; {sent_to} gets nothing").format(sent_to=answer.sent_to), answer.message
        )
        return
    if answer.outcome == MAIL_OUTCOME_SENT:
        notice("good", _("Sent to {sent_to}").format(sent_to=answer.sent_to), answer.message)
        return
    if answer.outcome == MAIL_OUTCOME_NOT_CONFIGURED:
        notice(
            "warn",
            _("No mail server is configured"),
            _("{message} Until then pass invite links on yourself.").format(message=answer.message),
        )
        return
    with notice("bad", _("The mail was not sent"), answer.message):
        said = f"{answer.smtp_code or ''} {answer.smtp_answer}".strip()
        if said:
            p(_("The mail server said:"))
            code(said)
