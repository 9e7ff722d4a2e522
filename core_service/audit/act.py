"""What is being done, for whoever keeps the audit log."""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass

from core_service.identity.principal import Principal


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
    account_id: uuid.UUID | None = None
    """The account whose log it belongs to, if that is not the caller's."""
    is_written: bool = False


current: ContextVar[Act | None] = ContextVar("act", default=None)


def client_address() -> str:
    """Where what is being done comes from; empty if that is not known."""
    doing = current.get()
    return (doing and doing.client_address) or ""


def belongs_to(account_id: uuid.UUID) -> None:
    """What is being done is told in the log of this account, not in that of the caller's, whom it does not concern."""
    doing = current.get()
    if doing is not None:
        doing.account_id = account_id
