"""What needs the operator's attention, as pure rules over the facts."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from core_service.sending.reasons import of_route
from core_service.status.facts import Facts

WORK = {
    "notifications": "push notifications",
    "live_activities": "Live Activities",
    "webhooks": "webhook calls",
    "badges": "numbers on icons",
    "cards to withdraw": "Live Activities to be taken off phones",
}
"""What the queues are called in sentences."""
GIGABYTE = 1024**3


class ConcernKind(StrEnum):
    """What a concern is about."""

    ROUTE_STOPPED = "route_stopped"
    QUEUE_AGE = "queue_age"
    DISK = "disk"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on something needs attention. 0 turns one off."""

    queue_minutes: int
    """Work that has been due for longer is late."""
    disk_percent: int
    """Less free space than this is little."""
    backup_days: int
    """An older backup is too old."""


@dataclass(frozen=True, slots=True)
class ServerConcern:
    """Something that needs attention."""

    kind: ConcernKind
    subject: str
    """What exactly: with the kind it identifies the concern for as long as it lasts."""
    explanation: str
    """A sentence for people."""


def concerns(facts: Facts, limits: Thresholds) -> list[ServerConcern]:
    """Everything that needs attention now."""
    return [*_routes(facts), *_queues(facts, limits), *_disk(facts, limits), *_backup(facts, limits)]


def _routes(facts: Facts) -> Iterator[ServerConcern]:
    for alarm in facts.stopped:
        why, advice = of_route(alarm.reason)
        since = alarm.since.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
        text = f"Pushes on the route {alarm.route.label} are stopped since {since} ({alarm.reason}). {why} {advice}"
        yield ServerConcern(ConcernKind.ROUTE_STOPPED, str(alarm.route), text.strip())


def _queues(facts: Facts, limits: Thresholds) -> Iterator[ServerConcern]:
    for name, depth in facts.queues.items():
        if limits.queue_minutes and depth.oldest_seconds >= limits.queue_minutes * 60:
            work = WORK.get(name, name.replace("_", " "))
            text = f"Work is late: {work} have been due for {_span(depth.oldest_seconds)}; {depth.owed:,} wait."
            yield ServerConcern(ConcernKind.QUEUE_AGE, name, text)


def _disk(facts: Facts, limits: Thresholds) -> Iterator[ServerConcern]:
    disk = facts.disk
    if disk is not None and disk.free_percent < limits.disk_percent:
        free = f"{disk.free_percent:.0f} % ({disk.free_bytes / GIGABYTE:,.1f} GB)"
        text = f"The disk of the data folder is nearly full: {free} is free. A database that cannot write stops."
        yield ServerConcern(ConcernKind.DISK, "data folder", text)


def _backup(facts: Facts, limits: Thresholds) -> Iterator[ServerConcern]:
    # A server without an account has nothing to lose. One that was never backed up has as long as others.
    last = facts.last_backup.finished_at if facts.last_backup else facts.first_account_at
    if not limits.backup_days or last is None:
        return
    age = facts.read_at - last
    if age < dt.timedelta(days=limits.backup_days):
        return
    since = f"The last backup is {_span(age.total_seconds())} old" if facts.last_backup else "There is no backup yet"
    yield ServerConcern(
        ConcernKind.BACKUP, "backup", f"{since}: run `smith backup`, or see why it is not run regularly."
    )


def _span(seconds: float) -> str:
    """For how long, in the largest unit that gives two or more."""
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{int(seconds // unit)} {name}"
    return f"{int(seconds)} seconds"
