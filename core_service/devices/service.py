"""Devices: the account's phones and the tokens that reach them."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlmodel import col

from core_service.auth.rate_limit import RateLimiter
from core_service.common.orm import now
from core_service.common.paging import Page
from core_service.common.validation import missing, require_name
from core_service.devices.listing import (
    DeviceCounts,
    DeviceFilter,
    DeviceView,
    count_devices,
    find_device,
    list_devices,
)
from core_service.devices.models import Device, Environment
from core_service.devices.pairing import PairedDevice, Pairing
from core_service.devices.port import Cards, IconNumbers
from core_service.devices.tokens import TokenReport, apply, forget_tokens, lock
from core_service.events.service import Event, EventBus, EventType
from core_service.identity.errors import Forbidden, Unauthenticated
from service_kit.errors import InvalidRequest

THING = "device"
UNPAIRED = "This device was unpaired."


class Devices:
    """The devices of accounts."""

    def __init__(
        self, engine: AsyncEngine, rate_limiter: RateLimiter, cards: Cards, numbers: IconNumbers, events: EventBus
    ) -> None:
        self._database = async_sessionmaker(engine, expire_on_commit=False)
        self._events = events
        self._cards = cards
        self._numbers = numbers
        self.pairing = Pairing(engine, rate_limiter)

    async def pair(self, code: str, name: str, client_address: str) -> PairedDevice:
        """Makes a device for a code; see `Pairing.redeem`."""
        paired = await self.pairing.redeem(code, name, client_address)
        self._tell(paired.account_id, paired.id, EventType.DEVICE_PAIRED)
        return paired

    async def list(
        self,
        account_id: uuid.UUID,
        wanted: DeviceFilter,
        page_size: int | None,
        page_token: str | None,
        *,
        newest_first: bool = False,
    ) -> tuple[Page[DeviceView], DeviceCounts | None]:
        """A page of the account's devices; with the first, how many there are in each state.

        Raises InvalidRequest.
        """
        async with self._database() as session:
            page = await list_devices(session, account_id, wanted, page_size, page_token, newest_first=newest_first)
            counts = None if page_token else await count_devices(session, account_id, wanted)
        return page, counts

    async def get(self, account_id: uuid.UUID, device_id: uuid.UUID) -> DeviceView:
        """The device. Raises NotFound."""
        async with self._database() as session:
            view = await find_device(session, account_id, device_id)
        if view is None:
            raise missing(THING)
        return view

    async def get_caller(self, account_id: uuid.UUID, device_id: uuid.UUID) -> Device:
        """The calling device. Raises Unauthenticated if it was unpaired in the meantime."""
        query = select(Device).where(col(Device.id) == device_id, col(Device.account_id) == account_id)
        async with self._database() as session:
            device = await session.scalar(query)
        if device is None:
            raise Unauthenticated(UNPAIRED)
        return device

    async def get_own(
        self, account_id: uuid.UUID, caller_id: uuid.UUID, device_id: uuid.UUID, *, caller_is_owner: bool
    ) -> Device:
        """Returns a device that the caller may change.

        Raises NotFound; Forbidden if it belongs to another person and the caller is no owner.
        """
        async with self._database() as session:
            return await _find_own(session, account_id, caller_id, device_id, caller_is_owner=caller_is_owner)

    async def rename(
        self, account_id: uuid.UUID, caller_id: uuid.UUID, device_id: uuid.UUID, name: str, *, caller_is_owner: bool
    ) -> DeviceView:
        """Renames the device.

        Raises InvalidRequest; NotFound; Forbidden if it belongs to another person and the caller is no owner.
        """
        name = require_name(name)
        async with self._database.begin() as session:
            device = await _find_own(
                session, account_id, caller_id, device_id, caller_is_owner=caller_is_owner, locked=True
            )
            device.name = name
            await session.flush()
            view = await find_device(session, account_id, device_id)
        if view is None:
            raise missing(THING)
        self._tell(account_id, device_id, EventType.DEVICE_CHANGED)
        return view

    async def remove(
        self, account_id: uuid.UUID, caller_id: uuid.UUID, device_id: uuid.UUID, *, caller_is_owner: bool
    ) -> None:
        """Unpairs the device. Its secret is refused from the next call on, and its cards leave the screen.

        Raises NotFound; Forbidden if it belongs to another person and the caller is no owner.
        """
        async with self._database.begin() as session:
            device = await _find_own(
                session, account_id, caller_id, device_id, caller_is_owner=caller_is_owner, locked=True
            )
            await self._cards.withdraw(session, [device_id])
            await session.delete(device)
        self._tell(account_id, device_id, EventType.DEVICE_REMOVED)

    async def unpair(self, account_id: uuid.UUID, device_id: uuid.UUID) -> None:
        """Unpairs the calling phone. Its cards leave the screen.

        Raises NotFound.
        """
        query = select(Device).where(col(Device.id) == device_id, col(Device.account_id) == account_id)
        async with self._database.begin() as session:
            device = await session.scalar(query.with_for_update(key_share=True))
            if device is None:
                raise missing(THING)
            await self._cards.withdraw(session, [device_id])
            await session.delete(device)
        self._tell(account_id, device_id, EventType.DEVICE_REMOVED)

    async def put_tokens(self, account_id: uuid.UUID, device_id: uuid.UUID, report: TokenReport) -> Device:
        """Stores what the phone reported. A reported push token counts as alive, whatever APNs said before.

        A token belongs to one installation of the app: to the device that reported it last. Any other device of this
        server that had one of the tokens, in any account, loses its tokens, and also its cards if it belongs to another
        person.

        A device is the app or a browser, whichever reported last: what the other had reported is forgotten, and what it
        showed ends.

        Raises InvalidRequest; Unauthenticated if the device was unpaired in the meantime.
        """
        async with self._database.begin() as session:
            locked = await lock(session, account_id, device_id, report)
            device = next((candidate for candidate in locked if candidate.id == device_id), None)
            if device is None:
                raise Unauthenticated(UNPAIRED)
            was_browser = device.environment is not None and Environment(device.environment).is_browser
            if report.environment is None and (device.environment is None or was_browser):
                raise InvalidRequest.at("environment", "is required on the first call: `production` or `sandbox`")
            if device.environment is not None and report.is_of_browser not in (None, was_browser):
                await self._cards.withdraw(session, [device_id])
                forget_tokens(device)
            holders = [other for other in locked if other.id != device_id]
            if holders:
                await self._take_tokens(session, device, holders)
            apply(report, device)
            if report.push_to_start_token is not None:
                await session.flush()
                await self._cards.owe_starts(session, device_id)
                if report.is_of_browser:
                    await self._cards.renew(session, device_id, report.push_to_start_token)
            if report.push_token is not None and not report.is_of_browser:
                await session.flush()
                await self._numbers.owe_newest(session, device_id)
        self._cards.wake()
        if report.push_token is not None:
            self._numbers.wake()
        for changed in (device, *holders):
            self._tell(changed.account_id, changed.id, EventType.DEVICE_CHANGED)
        return device

    async def _take_tokens(self, session: AsyncSession, device: Device, holders: Sequence[Device]) -> None:
        """Takes the tokens away from these devices. The phone was paired again, so it is another device now."""
        strangers = [
            one.id for one in holders if (one.account_id, one.user_id) != (device.account_id, device.user_id)
        ]  # fmt: skip
        await self._cards.withdraw(session, strangers)
        await session.execute(
            update(Device)
            .where(col(Device.id).in_([one.id for one in holders]))
            .values(
                push_token=None,
                push_token_dead_reason=None,
                push_to_start_token=None,
                push_to_start_token_dead_reason=None,
                tokens_taken_at=now(),
            )
            .execution_options(synchronize_session=False)
        )

    def _tell(self, account_id: uuid.UUID, device_id: uuid.UUID, kind: EventType) -> None:
        self._events.publish(account_id, Event(kind, now(), device_id=device_id))


async def _find_own(
    session: AsyncSession,
    account_id: uuid.UUID,
    caller_id: uuid.UUID,
    device_id: uuid.UUID,
    *,
    caller_is_owner: bool,
    locked: bool = False,
) -> Device:
    """The device, if the caller may change it. Raises NotFound, Forbidden."""
    query = select(Device).where(col(Device.id) == device_id, col(Device.account_id) == account_id)
    device = await session.scalar(query.with_for_update(key_share=True) if locked else query)
    if device is None:
        raise missing(THING)
    if device.user_id != caller_id and not caller_is_owner:
        raise Forbidden("Only the person whose device it is, or an owner of the account, can do this.")
    return device
