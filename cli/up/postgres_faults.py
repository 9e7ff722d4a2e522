"""What PostgreSQL's complaints mean for the person who starts the server."""

import re
from pathlib import Path

SERIOUS = re.compile(r"(?:FATAL|PANIC|ERROR|error):\s+(.+)")
STARTS = "starting PostgreSQL"
"""Begins the log of each start."""
SHELL_SPECIAL = set('"$`\\')
"""`initdb` runs programs by a shell and puts paths between double quotes."""


def explain(complaint: str, folder: Path) -> str | None:
    """One line for what a PostgreSQL has said that could not start on `folder`; None if it has said nothing serious.

    Of several complaints one that has an answer counts, otherwise the last.
    """
    found = [str(said).strip() for said in SERIOUS.findall(complaint.rpartition(STARTS)[2])]
    answers = [answer for said in found if (answer := _answer(said, folder))]
    return answers[-1] if answers else f"PostgreSQL says: {found[-1]}" if found else None


def _answer(said: str, folder: Path) -> str | None:
    if "shared memory" in said and ("No space left" in said or "Cannot allocate" in said):
        return "/dev/shm has no room for PostgreSQL: make it larger (Docker: --shm-size=128m)"  # noqa: S108 - named only
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return f"no room is left on the disk of {folder}: free some"
    if "has invalid permissions" in said:
        return f"PostgreSQL wants its data closed to others: run `chmod 0700 {folder}`"
    if "has wrong ownership" in said:
        return f"PostgreSQL's data belongs to another user than the one who runs PostgreSQL: `chown -R` {folder}"
    return None


def cannot_be_quoted(path: Path) -> bool:
    """Whether `initdb` cannot be told this path."""
    return bool(SHELL_SPECIAL & set(str(path))) or not str(path).isprintable()
