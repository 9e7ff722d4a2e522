"""The notifications that a device was sent, as it sees them: what it missed, and what its screen has no room for."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import simplejson

from core_service.common.clock import Clock
from core_service.common.orm import lowest_id
from core_service.common.paging import Page, read_id_before, write_token
from core_service.common.plans import CUSTOM_PLAN
from core_service.identity.principal import DevicePrincipal
from core_service.phones.notification_queries import LIST
from core_service.push.content import PLACES, Content, read_payload
from service_kit.database import Pool

EXAMINED = 5000
"""Notifications of the account that one page examines at most."""
DEFAULT_SIZE = 30


@dataclass(frozen=True, slots=True)
class PhoneAction:
    """A button as phones are told of it."""

    id: str
    title: str
    type: str
    url: str | None
    """None for a webhook: the server calls it."""


@dataclass(frozen=True, slots=True)
class PhoneNotification:
    """A notification that the device was sent, in its newest version."""

    id: uuid.UUID
    content: Content
    """Without the buttons."""
    actions: Sequence[PhoneAction]
    created_at: dt.datetime
    replaced_at: dt.datetime | None
    version: int


class PhoneNotifications:
    """The use case."""

    def __init__(self, pool: Pool, clock: Clock, *, kept: dt.timedelta) -> None:
        """Notifications are shown for as long as they are `kept`."""
        self._pool = pool
        self._clock = clock
        self._kept = kept

    async def list(
        self, caller: DevicePrincipal, page_size: int | None, page_token: str | None
    ) -> Page[PhoneNotification]:
        """Lists what the device was sent, newest first, whatever has become of it on the way. A page may be short or
        empty and still have a next one.

        Raises InvalidRequest.
        """
        size = page_size or DEFAULT_SIZE
        examined_at_most = max(EXAMINED, size + 1)
        parameters = {
            "account_id": caller.account_id,
            "device_id": caller.device_id,
            "before": read_id_before(page_token),
            "since": lowest_id(self._clock() - self._kept),
            "examined": examined_at_most,
            "limit": size + 1,
        }
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(CUSTOM_PLAN)
            rows = await (await connection.execute(LIST, parameters, binary=True)).fetchall()
        found = [read_notification(*row[2:]) for row in rows if row[2] is not None]
        if len(found) > size:
            return Page(found[:size], write_token(str(found[size - 1].id)))
        examined, last = rows[0][:2]
        return Page(found, write_token(str(last)) if examined == examined_at_most else None)


def read_notification(
    id_: uuid.UUID, payload: bytes, created_at: dt.datetime, replaced_at: dt.datetime | None, version: int
) -> PhoneNotification:
    """What the payload that was stored for all devices says."""
    part = simplejson.loads(payload)
    for step in PLACES["actions"]:
        part = part.get(step) or {}
    actions = [PhoneAction(one["id"], one["title"], one["type"], one.get("url")) for one in part]
    return PhoneNotification(id_, read_payload(payload, (), None, None), actions, created_at, replaced_at, version)
