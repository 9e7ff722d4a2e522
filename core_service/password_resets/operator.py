"""Links to new passwords for the operator, who has access to the database."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import col, exists, select

from core_service.auth.credentials import SecretLinks
from core_service.common.validation import require_email
from core_service.identity.models import Member, User
from core_service.password_resets.service import add_link
from service_kit.errors import NotFound


class OperatorResets:
    """Makes links for the operator's command. No RPC calls this."""

    def __init__(self, engine: AsyncEngine, links: SecretLinks) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._links = links

    async def make(self, email: str) -> tuple[str, User, dt.datetime]:
        """Returns a link for the person with this e-mail address, the person, and when the link stops working.

        Raises InvalidRequest; NotFound if no person signs in with this address.
        """
        email = require_email(email)
        belongs = exists().where(col(Member.user_id) == col(User.id))
        async with self._database.begin() as session:
            person = await session.scalar(select(User).where(col(User.email) == email, belongs))
            if person is None:
                raise NotFound(f"no person signs in with the e-mail address {email}; nothing was changed")
            url, expires_at = await add_link(session, self._links, person.id)
        return url, person, expires_at
