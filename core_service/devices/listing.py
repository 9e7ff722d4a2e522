"""The account's devices as its people see them. They are found by name, by person and by state."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_service.common.paging import DEFAULT_SIZE, Page, page_of, read_id, read_id_before
from core_service.common.validation import UUID, require_storable
from core_service.devices.models import Device
from core_service.identity.models import User

MAX_COUNTED = 10_000
"""Counting reads every device that it counts. Beyond this number an exact count is not needed."""

CHANNELS = text("""
SELECT d.id, count(*), (array_agg(c.slug ORDER BY c.slug))[1:20]
FROM devices d CROSS JOIN LATERAL (
    SELECT belonging.channel_id FROM (
        SELECT channel_id FROM channel_devices WHERE device_id = d.id
        UNION
        SELECT channel_id FROM channel_users WHERE user_id = d.user_id
    ) belonging JOIN channels c ON c.id = belonging.channel_id AND c.account_id = d.account_id
    LIMIT 100
) belonging JOIN channels c ON c.id = belonging.channel_id
WHERE d.id = ANY(:ids)
GROUP BY d.id
""")
"""Slugs of each device's channels. A person may have channels in several accounts."""


class DeviceState(StrEnum):
    """What a device's tokens make of it. Each device is in exactly one state."""

    READY = "ready"
    WAITING = "waiting"
    """The app has not reported a push token, or the phone is another device now."""
    DEAD = "dead"
    """APNs declared a token dead."""


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """Which devices to list. A filter that is left out matches all."""

    query: str = ""
    """Part of the device's name, or of its person's name or e-mail address."""
    user_id: uuid.UUID | None = None
    states: Collection[DeviceState] = ()
    device_ids: Sequence[str] = ()
    """Only those among these; none stand for all."""


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device, its person and its channels."""

    device: Device
    user_name: str
    user_email: str
    channels: Sequence[str]
    """Slugs, in order; 20 at most."""
    channel_count: int
    """100 at most."""


@dataclass(frozen=True, slots=True)
class DeviceCounts:
    """How many devices are in each state."""

    ready: int
    waiting: int
    dead: int
    more: bool
    """Whether there are more than were counted."""


_dead = or_(
    and_(col(Device.push_token).is_not(None), col(Device.push_token_dead_reason).is_not(None)),
    and_(col(Device.push_to_start_token).is_not(None), col(Device.push_to_start_token_dead_reason).is_not(None)),
)
_waiting = and_(col(Device.push_token).is_(None), not_(_dead))
_ready = and_(col(Device.push_token).is_not(None), not_(_dead))
CONDITIONS: dict[DeviceState, ColumnElement[bool]] = {
    DeviceState.READY: _ready,
    DeviceState.WAITING: _waiting,
    DeviceState.DEAD: _dead,
}


def state_of(device: Device) -> DeviceState:
    """The device's state, by the same rules as CONDITIONS."""
    if device.push_token and device.push_token_dead_reason is not None:
        return DeviceState.DEAD
    if device.push_to_start_token and device.push_to_start_token_dead_reason is not None:
        return DeviceState.DEAD
    return DeviceState.READY if device.push_token else DeviceState.WAITING


async def list_devices(
    session: AsyncSession,
    account_id: uuid.UUID,
    wanted: DeviceFilter,
    page_size: int | None,
    page_token: str | None,
    *,
    newest_first: bool,
) -> Page[DeviceView]:
    """A page of the account's devices.

    A page costs what it shows, or with a filter that few devices pass, a walk through the account's devices along
    their index. Raises InvalidRequest.
    """
    size = page_size or DEFAULT_SIZE
    place, conditions = col(Device.id), _conditions(account_id, wanted)
    if wanted.states:
        conditions.append(or_(*(CONDITIONS[state] for state in wanted.states)))
    if newest_first:
        query = _views(*conditions, place < read_id_before(page_token)).order_by(place.desc())
    else:
        query = _views(*conditions, place > read_id(page_token)).order_by(place)
    rows = (await session.execute(query.limit(size + 1))).all()
    page = page_of(rows, size, lambda row: str(row[0].id))
    return Page(await _with_channels(session, page.items), page.next_token)


async def find_device(session: AsyncSession, account_id: uuid.UUID, device_id: uuid.UUID) -> DeviceView | None:
    """The device; None if the account has none by this id."""
    query = _views(col(Device.account_id) == account_id, col(Device.id) == device_id)
    rows = (await session.execute(query)).all()
    return next(iter(await _with_channels(session, rows)), None)


async def devices_paired_for_others(
    session: AsyncSession, account_id: uuid.UUID, user_id: uuid.UUID, *, limit: int
) -> tuple[list[DeviceView], int]:
    """Devices of other people that were paired with a code of this person, oldest first, and how many there are."""
    theirs = (
        col(Device.account_id) == account_id,
        col(Device.paired_by) == user_id,
        col(Device.user_id) != user_id,
    )
    rows = (await session.execute(_views(*theirs).order_by(col(Device.id)).limit(limit))).all()
    count = await session.scalar(select(func.count()).select_from(Device).where(*theirs))
    return await _with_channels(session, rows), count or 0


async def count_devices(session: AsyncSession, account_id: uuid.UUID, wanted: DeviceFilter) -> DeviceCounts:
    """How many of the account's devices match, whatever `wanted.states` says.

    Raises InvalidRequest.
    """
    states = select(*(condition.label(state) for state, condition in CONDITIONS.items()))
    if wanted.query.strip():
        states = states.join_from(Device, User, col(User.id) == col(Device.user_id))
    found = states.where(*_conditions(account_id, wanted)).limit(MAX_COUNTED + 1).subquery()
    numbers = [func.count().filter(found.c[state]) for state in DeviceState]
    row = (await session.execute(select(func.count(), *numbers).select_from(found))).one()
    total, ready, waiting, dead = list(row)
    return DeviceCounts(ready, waiting, dead, more=total > MAX_COUNTED)


def _views(*conditions: ColumnElement[bool]) -> Select[Device, str, str]:
    query = select(Device, col(User.name), col(User.email)).join(User, col(User.id) == col(Device.user_id))
    return query.where(*conditions)


def _conditions(account_id: uuid.UUID, wanted: DeviceFilter) -> list[ColumnElement[bool]]:
    conditions = [col(Device.account_id) == account_id]
    if wanted.user_id is not None:
        conditions.append(col(Device.user_id) == wanted.user_id)
    if wanted.device_ids:
        conditions.append(col(Device.id).in_(_known_ids(wanted.device_ids)))
    searched = wanted.query.strip()
    if searched:
        require_storable(searched, "query")
        named = (col(Device.name), col(User.name), col(User.email))
        conditions.append(or_(*(column.icontains(searched, autoescape=True) for column in named)))
    return conditions


def _known_ids(device_ids: Sequence[str]) -> list[uuid.UUID]:
    """Returns those of the texts that are ids."""
    return [uuid.UUID(device_id) for device_id in device_ids if UUID.fullmatch(device_id)]


async def _with_channels(session: AsyncSession, rows: Sequence[tuple[Device, str, str]]) -> list[DeviceView]:
    found = await session.execute(CHANNELS, {"ids": [device.id for device, _, _ in rows]}) if rows else ()
    channels = {device_id: (slugs, count) for device_id, count, slugs in found}
    return [
        DeviceView(device, name, email, *channels.get(device.id, ((), 0)))
        for device, name, email in rows
    ]  # fmt: skip
