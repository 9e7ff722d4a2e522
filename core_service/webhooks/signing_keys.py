"""The keys that sign accounts' webhook calls."""

import datetime as dt
import secrets
import uuid
from collections.abc import Collection

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col, select

from core_service.common.orm import new_id, now
from core_service.identity.account_lock import lock_account
from core_service.webhooks.models import WebhookSecret
from core_service.webhooks.queries import MAKE_KEYS, READ_KEYS
from service_kit.database import Pool

KEY_BYTES = 32
OVERLAP = dt.timedelta(hours=24)
"""How long calls are also signed with a replaced key, so that receivers have time to change it."""

Keys = dict[uuid.UUID, tuple[bytes, ...]]


class SigningKeys:
    """Keys of accounts. They are made when they are first needed."""

    def __init__(self, pool: Pool, engine: AsyncEngine) -> None:
        self._pool = pool
        self._database = async_sessionmaker(engine, expire_on_commit=False)

    async def of(self, account_ids: Collection[uuid.UUID]) -> Keys:
        """Returns the keys of each account that are valid now, newest first, at least one."""
        keys = await self._read(account_ids)
        if lacking := [account_id for account_id in account_ids if account_id not in keys]:
            await self._make(lacking)
            keys = await self._read(account_ids)
        return keys

    async def present(self, account_id: uuid.UUID) -> WebhookSecret:
        """The account's newest key."""
        await self.of([account_id])
        query = select(WebhookSecret).where(
            col(WebhookSecret.account_id) == account_id, col(WebhookSecret.expires_at).is_(None)
        )
        async with self._database() as session:
            return (await session.scalars(query)).one()

    async def rotate(self, account_id: uuid.UUID) -> tuple[bytes, dt.datetime]:
        """Makes a new key and returns it, and until when the one before it is valid."""
        async with self._database.begin() as session:
            return await replace_key(session, account_id)

    async def _read(self, account_ids: Collection[uuid.UUID]) -> Keys:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(READ_KEYS, (list(account_ids),), binary=True)
            rows = await cursor.fetchall()
        keys: Keys = {}
        for account_id, key in rows:
            keys[account_id] = (*keys.get(account_id, ()), key)
        return keys

    async def _make(self, account_ids: Collection[uuid.UUID]) -> None:
        parameters = {
            "ids": [new_id() for _ in account_ids],
            "account_ids": list(account_ids),
            "secrets": [secrets.token_bytes(KEY_BYTES) for _ in account_ids],
        }
        async with self._pool.connection() as connection:
            await connection.execute(MAKE_KEYS, parameters)


async def replace_key(session: AsyncSession, account_id: uuid.UUID) -> tuple[bytes, dt.datetime]:
    """Makes a new key in the transaction that is open. Returns it, and until when the one before it is valid."""
    expires_at = now() + OVERLAP
    made = WebhookSecret(account_id=account_id, secret=secrets.token_bytes(KEY_BYTES))
    # Two rotations at the same time happen one after the other.
    await lock_account(session, account_id)
    await session.execute(
        update(WebhookSecret)
        .where(col(WebhookSecret.account_id) == account_id, col(WebhookSecret.expires_at).is_(None))
        .values(expires_at=expires_at)
    )
    session.add(made)
    return made.secret, expires_at
