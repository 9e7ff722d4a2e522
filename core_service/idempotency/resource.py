"""The id of what a request makes.

It is usually a new one. A request with an `Idempotency-Key` gets an id that is stored with the key. If it runs again
after a crash, it finds what it has made already and does not make it twice.
"""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass

from core_service.common.orm import new_id


@dataclass(frozen=True, slots=True)
class Resource:
    """What a request is about to make."""

    id: uuid.UUID
    repeated: bool = False
    """The request was begun before, and how far it came is unknown: look whether the object exists."""


kept: ContextVar[Resource | None] = ContextVar("resource", default=None)


def new_resource() -> Resource:
    """Returns the one object that this request makes. A request that makes several gets new ids for the others."""
    resource = kept.get()
    if resource is None:
        return Resource(new_id())
    kept.set(None)
    return resource
