"""Invites as protobuf carries them."""

from smith.core.v1 import invite_pb2, invite_service_pb2

from core_service.accounts.convert import ROLES
from core_service.common.orm import now
from core_service.common.reading import to_timestamp
from core_service.identity.models import Role
from core_service.invites.acceptance import Offer
from core_service.invites.service import InviteAnswer, InviteView, Refusal
from core_service.mail.convert import to_mail_state

MAX_ADDRESS = 300
REFUSALS = {
    refusal: invite_pb2.InviteRefusal.Value(f"INVITE_REFUSAL_{refusal.name}") for refusal in Refusal
}  # fmt: skip


def to_invite(view: InviteView) -> invite_pb2.Invite:
    """The invite without any secret."""
    invite = view.invite
    expired = invite.expires_at <= now()
    return invite_pb2.Invite(
        id=str(invite.id),
        email=invite.email,
        role=ROLES[Role(invite.role)],
        status=invite_pb2.INVITE_STATUS_EXPIRED if expired else invite_pb2.INVITE_STATUS_PENDING,
        invited_at=to_timestamp(invite.invited_at),
        expires_at=to_timestamp(invite.expires_at),
        invited_by=view.invited_by,
        mail=to_mail_state(
            invite.mail_state,
            sent_at=invite.mail_sent_at,
            due_at=invite.mail_due_at,
            reason=invite.mail_reason,
            message=invite.mail_message,
        ),
    )


def to_result(answer: InviteAnswer) -> invite_service_pb2.InviteResult:
    """What became of one address."""
    return invite_service_pb2.InviteResult(
        email=answer.email[:MAX_ADDRESS],
        invite=None if answer.view is None else to_invite(answer.view),
        refusal=None if answer.refusal is None else REFUSALS[answer.refusal],
        message=answer.message or None,
    )


def to_offer(offer: Offer) -> invite_service_pb2.GetInviteResponse:
    """What an invite is about."""
    mailed = offer.link_made_by is None
    return invite_service_pb2.GetInviteResponse(
        account_name=offer.account_name,
        email=offer.email,
        inviter_name=offer.inviter_name,
        role=ROLES[offer.role],
        expires_at=to_timestamp(offer.expires_at),
        # The owner who made the link must not learn from it whether the address has a login.
        has_login=mailed and offer.has_login,
        mailed=mailed,
    )
