"""The report as lines for people."""

from collections.abc import Iterator
from typing import Any

from cli.doctor.finding import Status
from cli.status.gather import Report

GIGABYTE, MEGABYTE = 1024**3, 1024**2
STATES = {Status.OK: "ok", Status.WARN: "look", Status.FAIL: "away", Status.SKIP: "-"}


def lines_of(report: Report) -> Iterator[str]:
    """All lines. The one that counts most is last, where a terminal shows it."""
    schema = f", schema {report.facts['schema']}" if report.facts else ""
    yield f"ActivitySmith server {report.release}{schema}"
    yield ""
    yield "Processes"
    for one in report.processes:
        yield f"  {STATES[one.status]:<5} {one.check:<10} {one.message}"
    if report.facts is None:
        yield f"  away  {'postgresql':<10} {report.unasked}"
        yield ""
        yield f"Not everything can be asked: {report.unasked}."
        return
    yield from _facts(report.facts)
    yield ""
    if report.attention:
        yield "Needs attention"
        yield from (f"  ! {sentence}" for sentence in report.attention)
    else:
        yield "All is well."


def _facts(facts: dict[str, Any]) -> Iterator[str]:
    yield f"  ok    {'postgresql':<10} PostgreSQL {facts['postgresql']}"
    for core in facts["cores"]:
        yield f"  ok    {'core':<10} runs release {core['release']} since {core['started_at']}"
    yield ""
    yield "Waiting"
    for name, depth in facts["queues"].items():
        late = f", the oldest due for {_span(depth['oldest_seconds'])}" if depth["oldest_seconds"] else ""
        yield f"  {name.replace('_', ' '):<22} {depth['owed']:>7,}{late}"
    yield ""
    yield "Routes to Apple and to push services"
    for route in facts["stopped_routes"]:
        yield f"  stopped  {route['route']}: {route['reason']}, since {route['since']}"
    if not facts["stopped_routes"]:
        yield "  all open"
    yield ""
    yield f"Database   {_size(facts['database_bytes'])}"
    yield f"Disk       {_disk(facts['disk'])}"
    yield f"Backup     {_backup(facts['last_backup']) if facts['last_backup'] else 'never'}"
    if restored := facts["restored"]:
        yield f"Restored   {restored['finished_at']}, from a backup of {restored['snapshot_at']}"


def _disk(disk: dict[str, Any] | None) -> str:
    if disk is None:
        return "the free space cannot be read"
    share = 100 * disk["free_bytes"] / disk["bytes"] if disk["bytes"] else 0.0
    return f"{_size(disk['free_bytes'])} of {_size(disk['bytes'])} free ({share:.0f} %) for {disk['folder']}"


def _backup(backup: dict[str, Any]) -> str:
    checked = "" if backup["is_verified"] else ", not read again"
    return f"{backup['finished_at']}, {backup['place']} ({_size(backup['bytes'])}{checked})"


def _size(size: float) -> str:
    """Bytes in the unit that suits them."""
    return f"{size / GIGABYTE:,.1f} GB" if size >= GIGABYTE else f"{size / MEGABYTE:,.1f} MB"


def _span(seconds: float) -> str:
    """For how long, in minutes from two of them on."""
    return f"{seconds / 60:,.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
