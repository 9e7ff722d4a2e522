"""The identifier of what a request makes.

Usually a new one. A request that carries an `Idempotency-Key` is given one that is kept with the key: done again after
a crash, it finds what it has made already instead of making it twice.
"""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass

from core_service.common.orm import new_id


@dataclass(frozen=True, slots=True)
class Resource:
    """What is about to be made."""

    id: uuid.UUID
    repeated: bool = False
    """The request was begun before, and nobody knows how far it came: look whether the thing is there."""


kept: ContextVar[Resource | None] = ContextVar("resource", default=None)


def new_resource() -> Resource:
    """The one thing that this request makes. A request that makes several gets others for the rest."""
    resource = kept.get()
    if resource is None:
        return Resource(new_id())
    kept.set(None)
    return resource
