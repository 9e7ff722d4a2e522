"""The lock under which what an account may have only so many of is counted and added."""

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_service.identity.models import Account


async def lock_account(session: AsyncSession, account_id: uuid.UUID) -> None:
    """Locks the account's row until the transaction ends: two requests at once wait for each other here. New rows that
    refer to the account are not held up."""
    await session.execute(select(col(Account.id)).where(col(Account.id) == account_id).with_for_update(key_share=True))
