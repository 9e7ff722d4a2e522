"""Secrets that set a new password: how long they work, and which are good."""

import datetime as dt

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col

from core_service.identity.models import Member, Role
from core_service.password_resets.models import PasswordResetToken

LIFETIME = dt.timedelta(hours=1)
MAX_TOKENS = 20
"""Secrets of one person that work at once; a new one replaces the oldest. More than a mail is ever tried in an hour."""


def is_good() -> ColumnElement[bool]:
    """The secret has not expired, and who was shown it may still have it.

    What went to the person's own mail box, or to the operator, is good by itself. What an owner was shown is good as
    long as they are an owner of that account, and as long as the person belongs to it and to no other one.
    """
    member, maker, elsewhere = aliased(Member), aliased(Member), aliased(Member)
    account_id, user_id = col(PasswordResetToken.account_id), col(PasswordResetToken.user_id)
    vouched_for = and_(
        exists().where(
            col(maker.account_id) == account_id,
            col(maker.user_id) == col(PasswordResetToken.created_by),
            col(maker.role) == Role.OWNER,
        ),
        exists().where(col(member.account_id) == account_id, col(member.user_id) == user_id),
        ~exists().where(col(elsewhere.account_id) != account_id, col(elsewhere.user_id) == user_id),
    )
    return and_(col(PasswordResetToken.expires_at) > func.now(), or_(account_id.is_(None), vouched_for))
