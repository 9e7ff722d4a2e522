"""Errors with a message for the caller. One small class per cause, raised anywhere, mapped to a status in
`status.py`."""

from enum import Enum
from typing import Any, Self


class Kind(Enum):
    """The kind of a failure, which decides the gRPC code."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    PRECONDITION = "precondition"
    EXHAUSTED = "exhausted"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """A failure whose cause the caller may know.

    Subclasses set `kind`, `reason` (a name of `smith.core.v1.ErrorReason` without its prefix) and `error` (the short
    title of REST answers). `message` names the field and the rule in a sentence; `facts` are values for programs.
    `fields` are the paths of the request's wrong fields, if any: raise `cls.at(field, rule)` for one.
    """

    kind: Kind
    reason: str
    error: str

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts
        self.fields: tuple[str, ...] = ()

    @classmethod
    def at(cls, field: str, rule: str) -> Self:
        """The error of one field. `rule` completes the sentence that the field begins: `must be at most 100`.

        For classes that are made of a message.
        """
        return cls(f"{field} {rule}").about(field)

    def about(self, *fields: str) -> Self:
        """This error, with the paths of the wrong `fields`."""
        self.fields = fields
        return self


class InvalidRequest(DomainError):
    """A field breaks a rule."""

    kind, reason, error = Kind.INVALID, "INVALID_REQUEST", "Invalid request"


class NotFound(DomainError):
    """The named thing does not exist, or belongs to another account: the caller cannot tell the two apart."""

    kind, reason, error = Kind.NOT_FOUND, "NOT_FOUND", "Not found"


class AlreadyExists(DomainError):
    """A unique name is taken."""

    kind, reason, error = Kind.CONFLICT, "ALREADY_EXISTS", "Already exists"


class Unavailable(DomainError):
    """A service or database that the answer needs cannot be reached now."""

    kind, reason, error = Kind.UNAVAILABLE, "UNAVAILABLE", "Service unavailable"


class TooManyInProgress(DomainError):
    """This process already does as much at once as it may. Another try in a moment may find room."""

    kind, reason, error = Kind.EXHAUSTED, "UNAVAILABLE", "Busy"
