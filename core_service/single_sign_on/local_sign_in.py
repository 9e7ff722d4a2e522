"""Who may still sign in without the provider."""

import uuid

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from sqlmodel import col

from core_service.identity.errors import Forbidden
from core_service.identity.models import ExternalIdentity, Member, Role
from core_service.single_sign_on.linking import Realm
from core_service.single_sign_on.models import VouchedSession


class LocalSignIn:
    """Owners may, so that they get in while the provider is down. Others may not if the operator says so, or if their
    groups decide about them: a person who has lost a group must not get in by another door."""

    def __init__(self, engine: AsyncEngine, realm: Realm, *, owners_only: bool) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._realm = realm
        self.owners_only = owners_only

    async def require(self, user_id: uuid.UUID) -> None:
        """Call it for a person who has proven who they are.

        Raises Forbidden if they must sign in by way of the provider.
        """
        is_owner, is_linked = await self._look(user_id)
        if not is_owner and (self.owners_only or (is_linked and self._realm.rules.groups_decide)):
            raise Forbidden(f"Sign in with {self._realm.name}. Here only owners sign in with a password.")

    async def require_switch(self, user_id: uuid.UUID, session_id: uuid.UUID, account_id: uuid.UUID) -> None:
        """Call it before the session moves to the account.

        Raises Forbidden if only groups lead the person there, and no identity has opened the session: an invite to
        another account has.
        """
        if not self._realm.rules.groups_decide or account_id != self._realm.account_id:
            return
        is_owner, is_linked = await self._look(user_id)
        vouched = select(exists().where(col(VouchedSession.session_id) == session_id))
        async with self._database() as session:
            if is_linked and not is_owner and not await session.scalar(vouched):
                raise Forbidden(f"Sign in with {self._realm.name} to get there.")

    async def _look(self, user_id: uuid.UUID) -> tuple[bool, bool]:
        """Whether the person owns an account, and whether the provider knows them."""
        owns = exists().where(col(Member.user_id) == user_id, col(Member.role) == Role.OWNER)
        linked = exists().where(
            col(ExternalIdentity.user_id) == user_id, col(ExternalIdentity.issuer) == self._realm.issuer
        )
        async with self._database() as session:
            is_owner, is_linked = (await session.execute(select(owns, linked))).one()
        return is_owner, is_linked
