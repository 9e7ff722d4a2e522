"""Who may still sign in without the provider."""

import uuid

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import col

from core_service.identity.errors import Forbidden
from core_service.identity.models import ExternalIdentity, Member, Role


class LocalSignIn:
    """Owners may, so that they get in while the provider is down. Others may not if the operator says so, or if their
    groups decide about them: a person who has lost a group must not get in by another door."""

    def __init__(self, engine: AsyncEngine, *, issuer: str, name: str, owners_only: bool, groups_decide: bool) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._issuer = issuer
        self._name = name
        self.owners_only = owners_only
        self._groups_decide = groups_decide

    async def require(self, user_id: uuid.UUID) -> None:
        """Call it for a person who has proven who they are.

        Raises Forbidden if they must sign in by way of the provider.
        """
        owns = exists().where(col(Member.user_id) == user_id, col(Member.role) == Role.OWNER)
        linked = exists().where(col(ExternalIdentity.user_id) == user_id, col(ExternalIdentity.issuer) == self._issuer)
        async with self._database() as session:
            is_owner, is_linked = (await session.execute(select(owns, linked))).one()
        if not is_owner and (self.owners_only or (is_linked and self._groups_decide)):
            raise Forbidden(f"Sign in with {self._name}. Here only owners sign in with a password.")
