"""Changes a person's password, and ends what the old one has opened."""

import uuid

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.auth.own_password import OwnPassword
from core_service.auth.password_rules import own_words
from core_service.auth.passwords import Passwords
from core_service.auth.session_rows import end_sessions, lock_person
from core_service.common.validation import require_storable
from core_service.identity.models import User
from core_service.password_resets.tokens import end_links, end_mails
from service_kit.addresses import network_of
from service_kit.errors import Unavailable


class PasswordChanges:
    """What people may do about their own passwords and sessions."""

    def __init__(self, engine: AsyncEngine, passwords: Passwords, own_password: OwnPassword) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._passwords = passwords
        self._own_password = own_password

    async def change(
        self, user_id: uuid.UUID, session_id: uuid.UUID, *, current: str, new: str, client_address: str
    ) -> int:
        """Changes the person's password. Ends all their sessions but this one, all links to a new password, and mails
        with such links that are still to be sent. Returns how many sessions it has ended.

        Raises InvalidRequest; PasswordTooEasy; Forbidden if `current` is wrong; TooManyAttempts after 10 wrong ones in
        15 minutes; Unavailable if another request changed the password meanwhile, or too many passwords are being
        checked.
        """
        require_storable(new, "new_password")
        stored = await self._own_password.check(user_id, current, client_address)
        async with self._database() as session:
            words = await _words_of(session, user_id)
        async with self._passwords.slot(str(user_id), network_of(client_address)):
            hashed = await self._passwords.hash_new(new, words, field="new_password")
        unchanged = (col(User.id) == user_id) & (col(User.password_hash) == stored)
        async with self._database.begin() as session:
            await end_mails(session, user_id)
            changed = update(User).where(unchanged).values(password_hash=hashed).returning(col(User.id))
            if await session.scalar(changed) is None:
                raise Unavailable("The password was changed at the same moment. Sign in and try again.")
            await end_links(session, user_id)
            return await end_sessions(session, user_id, kept=session_id)

    async def sign_out_elsewhere(self, user_id: uuid.UUID, session_id: uuid.UUID) -> int:
        """Ends all sessions of the person but this one. Returns how many it has ended."""
        async with self._database.begin() as session:
            await lock_person(session, user_id, None)
            return await end_sessions(session, user_id, kept=session_id)


async def _words_of(session: AsyncSession, user_id: uuid.UUID) -> tuple[str, ...]:
    row = (await session.execute(select(col(User.email), col(User.name)).where(col(User.id) == user_id))).one_or_none()
    return own_words(*row) if row else ()
