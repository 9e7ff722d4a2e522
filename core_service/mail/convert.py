"""Results of mails as protobuf carries them."""

import datetime as dt

from smith.core.v1 import invite_pb2, mail_service_pb2

from core_service.common.reading import to_timestamp
from core_service.mail.models import MailState, WantedMail
from core_service.mail.service import MailResult, MailVerdict, explain

OUTCOMES = {
    verdict: mail_service_pb2.MailOutcome.Value(f"MAIL_OUTCOME_{verdict.name}") for verdict in MailVerdict
}  # fmt: skip

STATES = {
    state: invite_pb2.InviteMailState.Value(f"INVITE_MAIL_STATE_{state.name}") for state in MailState
}  # fmt: skip


def to_mail(wanted: WantedMail) -> invite_pb2.InviteMail:
    """Where the mail stands."""
    return to_mail_state(
        wanted.state, sent_at=wanted.sent_at, due_at=wanted.due_at, reason=wanted.reason, message=wanted.message
    )


def to_mail_state(
    state: str, *, sent_at: dt.datetime | None, due_at: dt.datetime, reason: str, message: str
) -> invite_pb2.InviteMail:
    """The same for a mail that another table owes; `state` is a MailState."""
    return invite_pb2.InviteMail(
        state=STATES[MailState(state)],
        sent_at=to_timestamp(sent_at),
        reason=reason,
        message=message,
        next_attempt_at=to_timestamp(due_at) if state == MailState.QUEUED else None,
    )


def to_test_response(sent_to: str, result: MailResult) -> mail_service_pb2.SendTestMailResponse:
    """The message."""
    return mail_service_pb2.SendTestMailResponse(
        outcome=OUTCOMES[result.verdict],
        sent_to=sent_to,
        reason=result.reason,
        message=explain(result),
        smtp_code=result.smtp_code,
        smtp_answer=result.smtp_answer,
        simulated=result.simulated,
    )
