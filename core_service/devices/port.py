"""What devices ask of the areas that send to them."""

import uuid
from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession


class Cards(Protocol):
    """What devices ask of Live Activities."""

    async def owe_starts(self, session: AsyncSession, device_id: uuid.UUID) -> None:
        """The device has reported a push-to-start token: makes the starts that waited for one due. The transaction is
        still open."""

    async def renew(self, session: AsyncSession, device_id: uuid.UUID, token: str) -> None:
        """The device is a browser and has reported the subscription `token`: what it shows is updated by that from now
        on, and is owed the newest state if the subscription is another. The transaction is still open."""

    def wake(self) -> None:
        """To be called once the transaction is committed."""

    async def withdraw(self, session: AsyncSession, device_ids: Sequence[uuid.UUID]) -> None:
        """Ends what these devices show, when the transaction is committed. The devices are locked."""


class IconNumbers(Protocol):
    """What devices ask of the numbers on the app's icon."""

    async def owe_newest(self, session: AsyncSession, device_id: uuid.UUID) -> None:
        """The app has reported a push token: makes the number that found no token before due. The transaction is still
        open."""

    def wake(self) -> None:
        """To be called once the transaction is committed."""
