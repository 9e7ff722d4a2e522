"""What ends when a person leaves an account, and when a person is no longer an owner."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Delete, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_service.api_keys.models import ApiKey
from core_service.auth.models import Session
from core_service.channels.models import Channel, ChannelUser
from core_service.common.orm import now
from core_service.devices.models import Device, PairingCode
from core_service.identity.models import Member
from core_service.invites.models import Invite, InviteToken
from core_service.live_activities.reconcile.withdrawals import withdraw_cards
from core_service.password_resets.models import PasswordResetToken
from core_service.webhooks.signing_keys import replace_key
from service_kit.errors import InvalidRequest

MAX_NAMED = 1000
"""Most keys, and most devices, that one request may name."""


@dataclass(frozen=True, slots=True)
class Besides:
    """What an owner ends together with a person's membership or role, because the person could otherwise go on using
    it."""

    api_key_ids: Sequence[uuid.UUID] = ()
    device_ids: Sequence[uuid.UUID] = ()
    new_webhook_secret: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """What has ended."""

    sessions: int = 0
    invites: int = 0
    pairing_codes: int = 0
    api_keys: int = 0
    devices: Sequence[uuid.UUID] = ()


async def forget_person(session: AsyncSession, account_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Ends all that an earlier membership of the person may have left behind, so that it does not come back with the
    new one."""
    await end_membership(session, account_id, user_id, Besides())


async def end_membership(session: AsyncSession, account_id: uuid.UUID, user_id: uuid.UUID, besides: Besides) -> Ended:
    """Ends the person's sessions in the account, unpairs their devices in it and takes them out of its channels. Ends
    what they made for others, links to a new password that owners were shown, and what `besides` names.

    Raises InvalidRequest, naming the first key or device that the account does not have.
    """
    await _require_known(session, account_id, besides)
    # Links before sessions: using such a link locks them in this order.
    to_them = delete(PasswordResetToken).where(*theirs(PasswordResetToken, account_id, user_id))
    await _delete(session, to_them)
    # Codes before devices. A phone that is using a code has either made its device by then, or finds the code gone.
    own_codes = await _delete(session, delete(PairingCode).where(*theirs(PairingCode, account_id, user_id)))
    sessions = await _delete(session, delete(Session).where(*theirs(Session, account_id, user_id)))
    for_others = await end_ownership(session, account_id, user_id)
    channels = select(col(Channel.id)).where(col(Channel.account_id) == account_id)
    await _delete(
        session,
        delete(ChannelUser).where(col(ChannelUser.user_id) == user_id, col(ChannelUser.channel_id).in_(channels)),
    )
    keys = await _end_named(session, account_id, besides)
    named = col(Device.id).in_(besides.device_ids)
    devices = await unpair(session, account_id, (col(Device.user_id) == user_id) | named)
    return Ended(sessions, for_others.invites, own_codes + for_others.pairing_codes, keys, devices)


async def end_ownership(session: AsyncSession, account_id: uuid.UUID, user_id: uuid.UUID) -> Ended:
    """Ends what only an owner may make: invites and their links, pairing codes for others, links to others' new
    passwords."""
    invited = (col(Invite.account_id) == account_id, col(Invite.invited_by) == user_id)
    open_ones = (*invited, col(Invite.expires_at) > now())
    ended = await _delete(session, delete(Invite).where(*open_ones))
    await _delete(session, delete(Invite).where(*invited))
    # Links that this person was shown, of invites that others have made.
    others = select(col(Invite.id)).where(col(Invite.account_id) == account_id)
    await _delete(
        session,
        delete(InviteToken).where(col(InviteToken.created_by) == user_id, col(InviteToken.invite_id).in_(others)),
    )
    await _delete(
        session,
        delete(PasswordResetToken).where(
            col(PasswordResetToken.account_id) == account_id, col(PasswordResetToken.created_by) == user_id
        ),
    )
    codes = await _delete(
        session,
        delete(PairingCode).where(
            col(PairingCode.account_id) == account_id,
            col(PairingCode.created_by) == user_id,
            col(PairingCode.user_id) != user_id,
        ),
    )
    return Ended(invites=ended, pairing_codes=codes)


async def end_besides(session: AsyncSession, account_id: uuid.UUID, besides: Besides) -> Ended:
    """Ends what `besides` names.

    Raises InvalidRequest, naming the first key or device that the account does not have.
    """
    await _require_known(session, account_id, besides)
    keys = await _end_named(session, account_id, besides)
    devices = await unpair(session, account_id, col(Device.id).in_(besides.device_ids)) if besides.device_ids else ()
    return Ended(api_keys=keys, devices=devices)


async def _require_known(session: AsyncSession, account_id: uuid.UUID, besides: Besides) -> None:
    """Raises InvalidRequest, naming the first that the account does not have."""
    for table, field, ids, what in (
        (ApiKey, "api_key_ids", besides.api_key_ids, "an API key"),
        (Device, "device_ids", besides.device_ids, "a device"),
    ):
        if not ids:
            continue
        query = select(col(table.id)).where(col(table.account_id) == account_id, col(table.id).in_(ids))
        known = set(await session.scalars(query))
        for position, one in enumerate(ids):
            if one not in known:
                raise InvalidRequest.at(f"{field}[{position}]", f"must be the id of {what} of the account")


async def _end_named(session: AsyncSession, account_id: uuid.UUID, besides: Besides) -> int:
    """Revokes the keys, and replaces the webhooks' signing key if wanted. Returns how many keys were not revoked
    before."""
    if besides.new_webhook_secret:
        await replace_key(session, account_id)
    if not besides.api_key_ids:
        return 0
    chosen = (col(ApiKey.account_id) == account_id, col(ApiKey.id).in_(besides.api_key_ids))
    query = update(ApiKey).where(*chosen, col(ApiKey.revoked_at).is_(None)).values(revoked_at=now())
    revoked = await session.scalars(query.returning(col(ApiKey.id)).execution_options(synchronize_session=False))
    return len(revoked.all())


async def withdraw(
    session: AsyncSession, account_id: uuid.UUID, which: ColumnElement[bool]
) -> tuple[Sequence[uuid.UUID], Select[uuid.UUID]]:
    """Locks these devices of the account, and owes each card that they show its end. Returns their ids, and the query
    that finds them in the order of locks."""
    # Every transaction locks devices in this order.
    found = select(col(Device.id)).where(col(Device.account_id) == account_id, which).order_by(col(Device.id))
    devices = list(await session.scalars(found.with_for_update(key_share=True)))
    await withdraw_cards(session, devices)
    return devices, found


async def unpair(session: AsyncSession, account_id: uuid.UUID, which: ColumnElement[bool]) -> Sequence[uuid.UUID]:
    """Deletes these devices of the account, and owes each card that they show its end. Returns their ids."""
    devices, found = await withdraw(session, account_id, which)
    # A start that refers to them locks them in the same order. A DELETE locks them in any.
    await session.execute(found.with_for_update())
    await _delete(session, delete(Device).where(col(Device.id).in_(devices)))
    return devices


async def _delete(session: AsyncSession, query: Delete) -> int:
    """Deletes, and returns how many rows there were."""
    ended = await session.execute(query.execution_options(synchronize_session=False))
    return ended.rowcount  # type: ignore[attr-defined,no-any-return] # of a DELETE


def theirs(
    table: type[Member | Device | Session | PairingCode | PasswordResetToken], account_id: uuid.UUID, user_id: uuid.UUID
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The conditions for what is the person's in the account."""
    return (col(table.account_id) == account_id, col(table.user_id) == user_id)
