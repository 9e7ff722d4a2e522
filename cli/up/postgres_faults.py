"""Explains PostgreSQL's errors at start to the person who starts the server."""

import re
from pathlib import Path

SERIOUS = re.compile(r"(?:FATAL|PANIC|ERROR|error):\s+(.+)")
STARTS = "starting PostgreSQL"
"""The line at the beginning of each start's log."""
LOG_END = 16 * 1024
"""Bytes of a log in which the last start is looked for."""
SHELL_SPECIAL = set('"$`\\')
"""`initdb` runs programs by a shell and puts paths between double quotes."""


def explain(complaint: str, folder: Path) -> str | None:
    """One line for the log of a PostgreSQL that could not start on `folder`; None if the log has no serious error.

    Of several errors one with a known remedy counts, otherwise the last.
    """
    found = [str(said).strip() for said in SERIOUS.findall(complaint.rpartition(STARTS)[2])]
    answers = [answer for said in found if (answer := _answer(said, folder))]
    return answers[-1] if answers else f"PostgreSQL says: {found[-1]}" if found else None


def explain_log(log_file: Path, folder: Path) -> str | None:
    """As `explain`, for the log file of a start that failed."""
    with log_file.open("rb") as log:
        log.seek(max(0, log_file.stat().st_size - LOG_END))
        return explain(log.read().decode(errors="replace"), folder)


def _answer(said: str, folder: Path) -> str | None:
    if "shared memory" in said and ("No space left" in said or "Cannot allocate" in said):
        return "/dev/shm has no room for PostgreSQL: make it larger (Docker: --shm-size=128m)"  # noqa: S108 - named only
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return f"no space is left on the disk of {folder}: free some"
    if "has invalid permissions" in said:
        return f"PostgreSQL requires that other users cannot read its data: run `chmod 0700 {folder}`"
    if "has wrong ownership" in said:
        return f"PostgreSQL's data belongs to another user than the one who runs PostgreSQL: `chown -R` {folder}"
    return None


def cannot_be_quoted(path: Path) -> bool:
    """Whether `initdb` cannot be told this path."""
    return bool(SHELL_SPECIAL & set(str(path))) or not str(path).isprintable()
