"""A run as the database has it."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core_service.webhooks.models import RunState

STATE_COLUMN = 7
EMPTY_BODY = "{}"
"""The body of a POST whose sender gave none: receivers parse a body that is declared as JSON."""


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
