"""The result of a check."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARN = "warn"
    """The server works, but a person should look at it."""
    FAIL = "fail"
    """The server, or part of it, does not work."""
    SKIP = "skip"
    """There is nothing to check, or no way to."""


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    check: str
    status: Status
    message: str
    advice: str = ""
    """What to do about it, in a sentence."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def ok(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check, Status.OK, message)


def warn(check: str, message: str, advice: str) -> Finding:
    """Something to look at."""
    return Finding(check, Status.WARN, message, advice)


def fail(check: str, message: str, advice: str) -> Finding:
    """Something that does not work."""
    return Finding(check, Status.FAIL, message, advice)


def skip(check: str, message: str, advice: str = "") -> Finding:
    """Nothing was checked."""
    return Finding(check, Status.SKIP, message, advice)
