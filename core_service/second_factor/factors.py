"""What a person has as a second factor, read and changed in a transaction that has locked the person's row
(`auth.session_rows.lock_person`)."""

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_service.common.orm import now
from core_service.identity.models import User
from core_service.passkeys.models import Passkey
from core_service.second_factor.codes import hash_of, is_recovery_code, new_recovery_codes, step_of, typed
from core_service.second_factor.models import AuthenticatorApp, RecoveryCode


async def turn_on(session: AsyncSession, user_id: uuid.UUID) -> Sequence[str]:
    """From now on signing in needs a second factor. Returns new recovery codes; none if it has needed one before."""
    first = update(User).where(col(User.id) == user_id, col(User.second_factor_at).is_(None))
    turned = first.values(second_factor_at=now()).returning(col(User.id))
    if await session.scalar(turned.execution_options(synchronize_session=False)) is None:
        return ()
    return await replace_recovery_codes(session, user_id)


async def turn_off_if_none(session: AsyncSession, user_id: uuid.UUID) -> None:
    """If the person has neither an app nor a passkey any more, the password is enough again."""
    if await has_app(session, user_id) or await count_passkeys(session, user_id):
        return
    await session.execute(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))
    await session.execute(
        update(User)
        .where(col(User.id) == user_id)
        .values(second_factor_at=None)
        .execution_options(synchronize_session=False)
    )


async def take_away(session: AsyncSession, user_id: uuid.UUID) -> int:
    """Takes away all that the person has as a second factor. Returns how many passkeys they had."""
    await session.execute(delete(AuthenticatorApp).where(col(AuthenticatorApp.user_id) == user_id))
    gone = delete(Passkey).where(col(Passkey.user_id) == user_id).returning(col(Passkey.id))
    passkeys = await session.execute(gone.execution_options(synchronize_session=False))
    await turn_off_if_none(session, user_id)
    return len(passkeys.all())


async def has_app(session: AsyncSession, user_id: uuid.UUID) -> bool:
    """Whether the person has an authenticator app that counts."""
    app = select(col(AuthenticatorApp.user_id)).where(
        col(AuthenticatorApp.user_id) == user_id, col(AuthenticatorApp.confirmed_at).is_not(None)
    )
    return await session.scalar(app) is not None


async def count_passkeys(session: AsyncSession, user_id: uuid.UUID) -> int:
    """How many passkeys the person has."""
    return await session.scalar(select(func.count()).select_from(Passkey).where(col(Passkey.user_id) == user_id)) or 0


async def replace_recovery_codes(session: AsyncSession, user_id: uuid.UUID) -> Sequence[str]:
    """Returns new recovery codes. The old ones stop working."""
    await session.execute(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))
    codes = new_recovery_codes()
    session.add_all(RecoveryCode(user_id=user_id, code_hash=hash_of(code)) for code in codes)
    return codes


async def use_code(session: AsyncSession, user_id: uuid.UUID, code: str, moment: dt.datetime) -> bool:
    """Uses up a code of the app, or a recovery code. Returns whether it was right and is taken for the first time."""
    code = typed(code)
    if is_recovery_code(code):
        used = delete(RecoveryCode).where(
            col(RecoveryCode.user_id) == user_id, col(RecoveryCode.code_hash) == hash_of(code)
        )
        return await session.scalar(used.returning(col(RecoveryCode.user_id))) is not None
    return await use_app_code(session, user_id, code, moment)


async def use_app_code(
    session: AsyncSession, user_id: uuid.UUID, code: str, moment: dt.datetime, *, confirms: bool = False
) -> bool:
    """Uses up a code of the app; with `confirms`, of one that does not count yet, and counts from now on. Returns
    whether it was right and is taken for the first time."""
    confirmed_at = col(AuthenticatorApp.confirmed_at)
    this = (col(AuthenticatorApp.user_id) == user_id, confirmed_at.is_(None) if confirms else confirmed_at.is_not(None))
    secret = await session.scalar(select(col(AuthenticatorApp.secret)).where(*this))
    step = None if secret is None else step_of(secret, typed(code), moment)
    if step is None:
        return False
    last = col(AuthenticatorApp.last_step)
    # Compared in the statement that sets it: two cores cannot both take the code.
    changes = {"last_step": step} | ({"confirmed_at": now()} if confirms else {})
    taken = (
        update(AuthenticatorApp)
        .where(*this, col(AuthenticatorApp.secret) == secret, or_(last.is_(None), last < step))
        .values(changes)
        .returning(col(AuthenticatorApp.user_id))
    )
    return await session.scalar(taken.execution_options(synchronize_session=False)) is not None
