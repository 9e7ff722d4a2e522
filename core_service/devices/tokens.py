"""A report of tokens: whose they were before, and what becomes of the device that reports them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from core_service.common.orm import now
from core_service.devices.models import Device, Environment

TAKE_TURNS = text("""
SELECT pg_advisory_xact_lock(turn)
FROM (
    SELECT DISTINCT hashtextextended('device token ' || token, 0) AS turn FROM unnest(CAST(:tokens AS text[])) token
    ORDER BY turn
) turns
""")
"""All reports take these locks in one order, so that two reports of the same tokens cannot deadlock."""


@dataclass(frozen=True, slots=True)
class TokenReport:
    """The app's tokens and what must be known to use them. None leaves a value as it is."""

    push_token: str | None = None
    """APNs device token in lower-case hexadecimal digits. Apple: "device tokens are of variable length; don't
    hardcode their size". Today's have 64 digits. Of a browser: its subscription."""
    push_to_start_token: str | None = None
    """ActivityKit push-to-start token in lower-case hexadecimal digits. Of a browser: the same as `push_token`."""
    environment: Environment | None = None
    bundle_id: str | None = None
    os_version: str | None = None
    frequent_pushes_enabled: bool | None = None
    content_version: int | None = None

    @property
    def is_of_browser(self) -> bool | None:
        """Whether a browser reports, or the app; None if the report does not say."""
        return None if self.environment is None else self.environment.is_browser


async def lock(
    session: AsyncSession, account_id: uuid.UUID, device_id: uuid.UUID, report: TokenReport
) -> Sequence[Device]:
    """Locks the device and all others that have one of the reported tokens, in the order of their ids.

    Reports of one token are handled one after the other. If two phones report the same token, the second report sees
    what the first did.
    """
    if tokens := [token for token in (report.push_token, report.push_to_start_token) if token is not None]:
        await session.execute(TAKE_TURNS, {"tokens": tokens})
    query = select_holders(account_id, device_id, report)
    return (await session.scalars(query.with_for_update(key_share=True))).all()


def select_holders(account_id: uuid.UUID, device_id: uuid.UUID, report: TokenReport) -> Select[Device]:
    """The account's device, and any device of the server that holds one of the reported tokens, by their ids."""
    wanted = and_(col(Device.account_id) == account_id, col(Device.id) == device_id)
    if report.push_token is not None:
        wanted = or_(wanted, col(Device.push_token) == report.push_token)
    if report.push_to_start_token is not None:
        wanted = or_(wanted, col(Device.push_to_start_token) == report.push_to_start_token)
    return select(Device).where(wanted).order_by(col(Device.id))


def forget_tokens(device: Device) -> None:
    """Forgets what the app reported, or the browser."""
    device.bundle_id, device.content_version = None, 1
    device.push_token = device.push_token_dead_reason = device.push_token_registered_at = None
    device.push_to_start_token = device.push_to_start_token_dead_reason = None
    device.push_to_start_token_registered_at = None


def apply(report: TokenReport, device: Device) -> None:
    """Writes the report into the device. What it says works now, whatever was said before."""
    values: dict[str, Any] = {
        "environment": report.environment,
        "bundle_id": report.bundle_id,
        "os_version": report.os_version,
        "frequent_pushes_enabled": report.frequent_pushes_enabled,
        "content_version": report.content_version,
        "push_token": report.push_token,
        "push_to_start_token": report.push_to_start_token,
    }
    for field, value in values.items():
        if value is not None:
            setattr(device, field, value)
    moment = now()
    if report.push_token is not None or report.push_to_start_token is not None:
        device.tokens_taken_at = None
    if report.push_token is not None:
        device.push_token_registered_at = moment
        device.push_token_dead_reason = None
    if report.push_to_start_token is not None:
        device.push_to_start_token_registered_at = moment
        device.push_to_start_token_dead_reason = None
