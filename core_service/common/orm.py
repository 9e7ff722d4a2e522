"""What all tables share: ids, times, and the refusal for a broken constraint."""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import uuid_utils
from sqlalchemy import DateTime
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import TypeEngine

from service_kit.errors import DomainError

Timestamp: type[TypeEngine[dt.datetime]] | TypeEngine[dt.datetime] = DateTime(timezone=True)


def new_id() -> uuid.UUID:
    """Makes an id: UUID version 7 (RFC 9562). Rows sort by time of creation, and indexes stay dense."""
    return uuid.UUID(int=uuid_utils.uuid7().int)


def lowest_id(moment: dt.datetime) -> uuid.UUID:
    """An id below all that `new_id` makes at this moment or later. Version 7 begins with 48 bits of UNIX
    milliseconds."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def id_at(moment: dt.datetime, seed: uuid.UUID) -> uuid.UUID:
    """The id of version 7 that this moment and this id always make: for what may be begun twice and is to be there
    once. `seed` gives the random bits; so it is random, too (version 4)."""
    random_bits = seed.int & ((1 << 76) - 1)
    return uuid.UUID(int=lowest_id(moment).int | 7 << 76 | random_bits)


def now() -> dt.datetime:
    """The time now, in UTC."""
    return dt.datetime.now(dt.UTC)


@contextmanager
def refusing(constraint: str, refusal: DomainError) -> Iterator[None]:
    """Raises `refusal` if the statements inside break the constraint of that name. A check beforehand is not enough:
    two callers at the same time would both find the name free."""
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.orig, psycopg.Error) and error.orig.diag.constraint_name == constraint:
            raise refusal from None
        raise
