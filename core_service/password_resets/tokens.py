"""Secrets that set a new password: how long they work, and which of them still do."""

import datetime as dt

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col

from core_service.identity.models import Member, Role
from core_service.password_resets.models import PasswordResetToken

LIFETIME = dt.timedelta(hours=1)
MAX_TOKENS = 20
"""Secrets of one person that work at the same time. A new one replaces the oldest."""


def is_good() -> ColumnElement[bool]:
    """The SQL condition for a secret that works: it has not expired, and the owner who was shown it may still have it.

    A secret that was mailed to the person, or given to the operator, needs no owner. One that an owner was shown works
    while they are an owner of that account and the person belongs to it and to no other.
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
