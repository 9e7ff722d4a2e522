"""The act in progress: the audited call that this task serves.

Its entry in the audit log is written in the transaction of the act itself: both are stored, or neither.
"""

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import simplejson
from google.protobuf.message import Message
from psycopg import AsyncConnection
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session as OrmSession

from core_service.audit.models import AuditEntry
from core_service.common.orm import new_id
from core_service.common.validation import UUID
from core_service.identity.principal import ApiKeyPrincipal, DevicePrincipal, Principal, SessionPrincipal
from service_kit.json_mapping import given_encoder_for

MAX_REQUEST = 2000
MAX_TEXT = 200
MAX_ITEMS = 20


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


@contextmanager
def in_progress(
    principal: Principal, method: str, request: Message, client_address: str, request_id: str
) -> Iterator[None]:
    """The call inside is an act. An empty `client_address` is an unknown one."""
    written, subject_id = request_text(request), _subject(request)
    current.set(Act(principal, method, written, subject_id, client_address or None, request_id))
    try:
        yield
    finally:
        current.set(None)


def client_address() -> str:
    """Returns the address from which the act comes; empty if unknown."""
    doing = current.get()
    return (doing and doing.client_address) or ""


def belongs_to(account_id: uuid.UUID) -> None:
    """Writes the current act to this account's audit log instead of the caller's."""
    doing = current.get()
    if doing is not None:
        doing.account_id = account_id


def request_text(request: Any) -> str:
    """Returns the request as JSON, without fields that are marked `debug_redact`. Long texts and lists are cut."""
    given = given_encoder_for(request.DESCRIPTOR).encode(request)
    text: str = simplejson.dumps(_cut(given), ensure_ascii=False)
    return text if len(text) <= MAX_REQUEST else json.dumps({"too_long": len(text)})


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value[:MAX_TEXT].replace("\x00", "")
    if isinstance(value, list):
        return [_cut(item) for item in value[:MAX_ITEMS]]
    return {key: _cut(item) for key, item in value.items()} if isinstance(value, dict) else value


def _subject(request: Message) -> uuid.UUID | None:
    for field, value in request.ListFields():
        if field.name.endswith("_id") and isinstance(value, str) and UUID.fullmatch(value):
            return uuid.UUID(value)
    return None


INSERT = """
INSERT INTO audit_entries (
    id, account_id, occurred_at, actor, actor_id, actor_name, method, request, subject_id, client_address, request_id
)
VALUES (
    %(id)s, %(account_id)s, now(), %(actor)s, %(actor_id)s,
    COALESCE((SELECT email FROM users WHERE id = %(actor_id)s), ''), %(method)s, %(request)s, %(subject_id)s,
    %(client_address)s, %(request_id)s
)
"""


def install() -> None:
    """From now on each SQLAlchemy transaction that commits during an act writes the act's entry, once for each act. A
    second call changes nothing."""
    if not event.contains(OrmSession, "before_commit", _before_commit):
        event.listen(OrmSession, "before_commit", _before_commit)


async def record(connection: AsyncConnection[Any], account_id: uuid.UUID, subject_id: uuid.UUID | None) -> None:
    """Writes the entry in a transaction of plain SQL on this connection. For acts of people."""
    doing = current.get()
    if doing is None or doing.is_written:
        return
    doing.is_written = True
    kind, actor_id = _actor_of(doing)
    await connection.execute(
        INSERT,
        {
            "id": new_id(),
            "account_id": account_id,
            "actor": kind,
            "actor_id": actor_id,
            "method": doing.method,
            "request": doing.request,
            "subject_id": subject_id,
            "client_address": doing.client_address,
            "request_id": doing.request_id,
        },
    )


def record_in(
    session: AsyncSession, account_ids: Sequence[uuid.UUID], *, subject_id: uuid.UUID, actor_name: str
) -> None:
    """Writes an entry in the log of each of these accounts. The actor has no credentials; `actor_name` says who it
    is."""
    doing = current.get()
    if doing is None or doing.is_written:
        return
    doing.is_written = True
    doing.subject_id = subject_id
    session.add_all(_entry(doing, account_id, [], actor_name) for account_id in account_ids)


def leave_out() -> None:
    """The current act is refused, and what is stored all the same is no success of it: it gets no entry."""
    doing = current.get()
    if doing is not None:
        doing.is_written = True


def _before_commit(session: OrmSession) -> None:
    doing = current.get()
    if doing is None or doing.is_written:
        return
    made = [one for one in (*session.new, *session.identity_map.values()) if not isinstance(one, AuditEntry)]
    account_id = _account_of(doing, made)
    if account_id is None:
        return
    doing.is_written = True
    session.add(_entry(doing, account_id, made, _name_of(session, doing)))


def _entry(doing: Act, account_id: uuid.UUID, made: list[Any], name: str) -> AuditEntry:
    kind, actor_id = _actor_of(doing)
    made_id = next((one.id for one in made if isinstance(getattr(one, "id", None), uuid.UUID)), None)
    return AuditEntry(
        account_id=account_id,
        actor=kind,
        actor_id=actor_id,
        actor_name=name,
        method=doing.method,
        request=doing.request,
        subject_id=doing.subject_id or made_id,
        client_address=doing.client_address,
        request_id=doing.request_id,
    )


def _actor_of(doing: Act) -> tuple[str, uuid.UUID | None]:
    match doing.principal:
        case SessionPrincipal(user_id=user_id):
            return "user", user_id
        case DevicePrincipal(device_id=device_id):
            return "device", device_id
        case ApiKeyPrincipal(api_key_id=api_key_id):
            return "api_key", api_key_id
        case _:
            return "anonymous", None


def _account_of(doing: Act, made: list[Any]) -> uuid.UUID | None:
    """Returns the account that the act names, or else the caller's. For a caller without credentials it is that of the
    object which was made."""
    account_id: uuid.UUID | None = doing.account_id or getattr(doing.principal, "account_id", None)
    return account_id or next((one.account_id for one in made if hasattr(one, "account_id")), None)


def _name_of(session: OrmSession, doing: Act) -> str:
    """Returns the actor's name now; empty if it is gone."""
    with session.no_autoflush:
        match doing.principal:
            case SessionPrincipal(user_id=actor_id):
                query = "SELECT email FROM users WHERE id = :id"
            case DevicePrincipal(device_id=actor_id):
                query = "SELECT name FROM devices WHERE id = :id"
            case ApiKeyPrincipal(api_key_id=actor_id):
                query = "SELECT name FROM api_keys WHERE id = :id"
            case _:
                return ""
        return session.execute(text(query), {"id": actor_id}).scalar() or ""
