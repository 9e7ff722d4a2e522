"""Ids and times of all tables."""

import datetime as dt
import uuid

import uuid_utils
from sqlalchemy import DateTime
from sqlalchemy.types import TypeEngine

Timestamp: type[TypeEngine[dt.datetime]] | TypeEngine[dt.datetime] = DateTime(timezone=True)


def new_id() -> uuid.UUID:
    """Makes an id: UUID version 7 (RFC 9562). Rows sort by time of creation, and indexes stay dense."""
    return uuid.UUID(int=uuid_utils.uuid7().int)


def lowest_id(moment: dt.datetime) -> uuid.UUID:
    """An id below all that `new_id` makes at this moment or later. Version 7 begins with 48 bits of UNIX
    milliseconds."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def now() -> dt.datetime:
    """The time now, in UTC."""
    return dt.datetime.now(dt.UTC)
