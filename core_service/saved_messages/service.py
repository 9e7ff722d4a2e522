"""Saved messages: kept under a name, listed and deleted."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.common.orm import new_id, now
from core_service.common.validation import missing, require_name
from core_service.identity.account_lock import lock_account
from core_service.saved_messages.models import SavedMessage
from service_kit.errors import InvalidRequest

THING = "saved message"
MOST = 100
"""Saved messages of an account: a page shows all of them at once."""
MAX_BYTES = 16 * 1024


class SavedMessages:
    """The saved messages of accounts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)

    async def save(self, account_id: uuid.UUID, name: str, notification: str) -> SavedMessage:
        """Keeps `notification`, a JSON object, under the name, in place of the one that has the name.

        Raises InvalidRequest if it is too long, or the account has as many as it may.
        """
        if len(notification.encode()) > MAX_BYTES:
            raise InvalidRequest.at("notification", f"must be at most {MAX_BYTES} bytes")
        name = require_name(name)
        values = {"name": name, "notification": notification, "updated_at": now()}
        query = (
            insert(SavedMessage)
            .values(id=new_id(), account_id=account_id, **values)
            .on_conflict_do_update(constraint="saved_messages_account_id_name_key", set_=values)
            .returning(SavedMessage)
        )
        async with self._database.begin() as session:
            await _require_room(session, account_id, name)
            return (await session.scalars(query, execution_options={"populate_existing": True})).one()

    async def list(self, account_id: uuid.UUID) -> Sequence[SavedMessage]:
        """The account's saved messages by name."""
        query = select(SavedMessage).where(col(SavedMessage.account_id) == account_id).order_by(col(SavedMessage.name))
        async with self._database() as session:
            return (await session.scalars(query)).all()

    async def delete(self, account_id: uuid.UUID, message_id: uuid.UUID) -> None:
        """Deletes the message.

        Raises NotFound.
        """
        query = (
            delete(SavedMessage)
            .where(col(SavedMessage.account_id) == account_id, col(SavedMessage.id) == message_id)
            .returning(col(SavedMessage.id))
        )
        async with self._database.begin() as session:
            if await session.scalar(query) is None:
                raise missing(THING)


async def _require_room(session: AsyncSession, account_id: uuid.UUID, name: str) -> None:
    """Makes sure that the account may have a message of this name; two requests at once wait for each other here.

    Raises InvalidRequest.
    """
    await lock_account(session, account_id)
    others = select(func.count()).where(col(SavedMessage.account_id) == account_id, col(SavedMessage.name) != name)
    if (await session.scalar(others) or 0) >= MOST:
        raise InvalidRequest(f"An account may have at most {MOST} saved messages. Delete one first.")
