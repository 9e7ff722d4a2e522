"""The act in progress: the audited call that this task serves."""

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
    """The id in the request; None if it has none."""
    client_address: str | None
    request_id: str
    account_id: uuid.UUID | None = None
    """The account whose log gets the entry, if it is not the caller's."""
    is_written: bool = False


current: ContextVar[Act | None] = ContextVar("act", default=None)


def client_address() -> str:
    """Returns the address from which the act comes; empty if unknown."""
    doing = current.get()
    return (doing and doing.client_address) or ""


def belongs_to(account_id: uuid.UUID) -> None:
    """Writes the current act to this account's audit log instead of the caller's."""
    doing = current.get()
    if doing is not None:
        doing.account_id = account_id
