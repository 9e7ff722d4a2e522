"""Tables of webhook actions, and a run as statements read it."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now

STATE_COLUMN = 7
EMPTY_BODY = "{}"
"""The body of a POST whose sender gave none: receivers parse a body that is declared as JSON."""


class RunState(StrEnum):
    """Where a run stands. All but `running` are final."""

    RUNNING = "running"
    """To be called at `due_at`, or being called with `due_at` as the end of the lease."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class WebhookSecret(SQLModel, table=True):
    """A key that signs an account's webhook calls. It is not hashed, because signing needs it."""

    __tablename__ = "webhook_secrets"
    __table_args__ = (
        Index("webhook_secrets_account_id_idx", "account_id", "id"),
        Index("webhook_secrets_present_key", "account_id", unique=True, postgresql_where=text("expires_at IS NULL")),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    secret: bytes
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    expires_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When it is deleted; null for the account's present key."""


class ActionRun(SQLModel, table=True):
    """One execution of a webhook action. It holds all that the call needs, so that it outlives its notification."""

    __tablename__ = "action_runs"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'succeeded', 'failed')", name="action_runs_state_check"),
        CheckConstraint("method IN ('GET', 'POST')", name="action_runs_method_check"),
        Index("action_runs_account_id_idx", "account_id", "id"),
        Index(
            "action_runs_once_key",
            "action_id",
            "device_id",
            unique=True,
            postgresql_where=text("state = 'running' OR state = 'succeeded' AND NOT repeatable"),
        ),
        Index("action_runs_action_id_idx", "action_id", "device_id", "id"),
        Index("action_runs_due_at_idx", "due_at", postgresql_where=text("state = 'running'")),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    """Sent as `Idempotency-Key` on every attempt."""
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    action_id: uuid.UUID
    device_id: uuid.UUID
    repeatable: bool
    """A Live Activity's button stays and may be tapped again. A notification's button succeeds once on a device."""
    url: str
    method: str
    body: str | None = None
    """JSON text, as the sender wrote it."""
    state: str
    due_at: dt.datetime = Field(sa_type=Timestamp)
    attempts: int = 0
    status_code: int | None = None
    response_body: str = ""
    reason: str = ""
    message: str = ""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    settled_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a webhook action."""

    id: uuid.UUID
    account_id: uuid.UUID
    action_id: uuid.UUID
    device_id: uuid.UUID
    url: str
    method: str
    body: str | None
    state: RunState
    attempts: int
    status_code: int | None
    response_body: str
    reason: str
    message: str
    created_at: dt.datetime
    settled_at: dt.datetime | None

    @staticmethod
    def of(row: Sequence[Any]) -> "Run":
        """From a row of `queries.RUN_COLUMNS`."""
        values = list(row)
        values[STATE_COLUMN] = RunState(values[STATE_COLUMN])
        return Run(*values)

    @property
    def sent_body(self) -> bytes:
        """What the receiver gets: the sender's JSON, unchanged. A GET has no body."""
        return b"" if self.method == "GET" else (self.body or EMPTY_BODY).encode()
