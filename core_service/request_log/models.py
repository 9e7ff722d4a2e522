"""The tables of the request log.

A row is written for every request, so they are as narrow as they can be: no foreign keys, no time beside that in the
id, and no index that a list can do without.
"""

import datetime as dt
import uuid

from sqlalchemy import BigInteger, Index, SmallInteger, Text, text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp


class LoggedRequest(SQLModel, table=True):
    """A request that had credentials of an account."""

    __tablename__ = "requests"
    __table_args__ = (
        Index("requests_request_id_idx", "account_id", "request_id", postgresql_where=text("request_id IS NOT NULL")),
        Index("requests_subject_idx", "subject", "id", postgresql_where=text("subject IS NOT NULL")),
        {
            "postgresql_with": {
                # Rows are only inserted and, by age, deleted.
                "autovacuum_vacuum_insert_scale_factor": "0",
                "autovacuum_vacuum_insert_threshold": "200000",
            }
        },
    )

    account_id: uuid.UUID = Field(primary_key=True)
    id: uuid.UUID = Field(primary_key=True)
    """Version 7, made when the request came. It is the request's id as well, unless `request_id` is set."""
    request_id: str | None = Field(default=None, sa_type=Text)
    """The id that the client has chosen."""
    route: str = Field(sa_type=Text)
    """Method and path template, with a space between."""
    path: str | None = Field(default=None, sa_type=Text)
    """The path with the query, without secrets. Null if it is the template."""
    status: int = Field(sa_type=SmallInteger)
    latency_ms: int
    caller: str = Field(sa_type=Text)
    """`api_key`, `user` or `device`."""
    caller_id: uuid.UUID
    client_address: str | None = Field(default=None, sa_type=Text)
    subject: str | None = Field(default=None, sa_type=Text)
    """The notification or Live Activity that it was about."""
    reason: str | None = Field(default=None, sa_type=Text)
    error: str | None = Field(default=None, sa_type=Text)
    message: str | None = Field(default=None, sa_type=Text)
    field: str | None = Field(default=None, sa_type=Text)
    ignored_fields: str | None = Field(default=None, sa_type=Text)
    body: str | None = Field(default=None, sa_type=Text)


class RequestLogBatch(SQLModel, table=True):
    """A batch that was taken, so that it is not taken again."""

    __tablename__ = "request_batches"
    __table_args__ = (Index("request_batches_taken_at_idx", "taken_at"),)

    id: uuid.UUID = Field(primary_key=True)
    taken_at: dt.datetime = Field(sa_type=Timestamp)


class RequestLogDay(SQLModel, table=True):
    """How many requests an account has made in a day of UTC."""

    __tablename__ = "request_days"

    account_id: uuid.UUID = Field(primary_key=True)
    day: dt.date = Field(primary_key=True)
    requests: int = Field(sa_type=BigInteger)


class RequestLogGap(SQLModel, table=True):
    """How many requests of a minute are missing in the log."""

    __tablename__ = "request_gaps"

    account_id: uuid.UUID = Field(primary_key=True)
    minute: dt.datetime = Field(primary_key=True, sa_type=Timestamp)
    requests: int = Field(sa_type=BigInteger)


class RefusedStranger(SQLModel, table=True):
    """How many requests without an account were refused in a minute."""

    __tablename__ = "refused_strangers"

    minute: dt.datetime = Field(primary_key=True, sa_type=Timestamp)
    address: str = Field(primary_key=True, sa_type=Text)
    """Empty for all beyond those that are told apart."""
    status: int = Field(primary_key=True, sa_type=SmallInteger)
    requests: int = Field(sa_type=BigInteger)
