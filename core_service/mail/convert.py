"""Where a mail stands, as protobuf carries it."""

import datetime as dt

from smith.core.v1 import invite_pb2

from core_service.common.reading import to_timestamp
from core_service.mail.models import MailState, WantedMail

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
