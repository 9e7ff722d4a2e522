"""The act in progress: the audited call that this task serves, as the audit log is to have it."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import simplejson
from google.protobuf.message import Message

from core_service.common.validation import UUID
from core_service.identity.principal import Principal
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
def doing(principal: Principal, method: str, request: Message, client_address: str, request_id: str) -> Iterator[None]:
    """The call inside is an act. An empty `client_address` is an unknown one."""
    text, subject_id = request_text(request), _subject(request)
    current.set(Act(principal, method, text, subject_id, client_address or None, request_id))
    try:
        yield
    finally:
        current.set(None)


def client_address() -> str:
    """Returns the address from which the act comes; empty if unknown."""
    present = current.get()
    return (present and present.client_address) or ""


def belongs_to(account_id: uuid.UUID) -> None:
    """Writes the current act to this account's audit log instead of the caller's."""
    present = current.get()
    if present is not None:
        present.account_id = account_id


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
