"""What is being done, for whoever keeps the audit log."""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass

from core_service.auth.principal import Principal


@dataclass(slots=True)
class Act:
    """A call of a method that is audited."""

    principal: Principal
    method: str
    request: str
    """JSON text without secrets."""
    subject_id: uuid.UUID | None
    """What the request names; None if it names nothing."""
    client_address: str | None
    request_id: str
    is_written: bool = False


current: ContextVar[Act | None] = ContextVar("act", default=None)
