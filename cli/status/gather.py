"""Asks everything that `smith status` shows: each process, and core's command about the database."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from cli.backup.manifest import program_version
from cli.database.core_command import ask_core
from cli.database.embedded import url_of_running
from cli.doctor import database, processes
from cli.doctor.finding import Finding, Status, fail
from cli.doctor.settings import DoctorSettings
from cli.up.data_folder import absolute
from cli.up.errors import CannotStart, Failed

START_SECONDS = 20.0
"""Seconds that core's command may take beyond the time for an answer: a busy machine starts Python slowly."""
ASKED = (processes.core, processes.delivery, processes.gateway, processes.admin, processes.simulator, database.redis)


@dataclass(frozen=True)
class Report:
    """What was found."""

    release: str
    """Of this program, which need not be that of the processes."""
    processes: list[Finding]
    facts: dict[str, Any] | None
    """What core's command says; None if the database could not be asked."""
    unasked: str = ""
    """Why the database could not be asked; empty if it was."""
    attention: list[str] = field(default_factory=list)
    """What needs attention, in sentences."""

    @property
    def is_well(self) -> bool:
        """Whether everything was asked, and nothing needs attention."""
        return self.facts is not None and not self.attention

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "ok": self.is_well,
            "release": self.release,
            "processes": [
                {"name": one.check, "state": one.status.value, "message": one.message} for one in self.processes
            ],
            "server": self.facts,
            "unasked": self.unasked or None,
            "attention": self.attention,
        }


async def gather_report(settings: DoctorSettings, seconds: float) -> Report:
    """Asks everything at once. No process is waited for longer than `seconds`."""
    (facts, unasked), *found = await asyncio.gather(
        _facts(settings, seconds), *(_bounded(ask, settings, seconds) for ask in ASKED)
    )
    asked = [finding for findings in found for finding in findings]
    attention = [f"{one.check}: {one.message}" for one in asked if one.status in (Status.WARN, Status.FAIL)]
    attention += [concern["explanation"] for concern in facts["concerns"]] if facts else []
    return Report(program_version(), asked, facts, unasked, attention)


async def _bounded(ask: Any, settings: DoctorSettings, seconds: float) -> list[Finding]:
    try:
        async with asyncio.timeout(seconds + 1):
            found: list[Finding] = await ask(settings, seconds)
            return found
    except TimeoutError:
        return [fail(ask.__name__, f"no end after {seconds:g} seconds", "")]


async def _facts(settings: DoctorSettings, seconds: float) -> tuple[dict[str, Any] | None, str]:
    """What core's command says, or why it says nothing."""
    try:
        url = settings.database_url or url_of_running(absolute(settings.data_dir) / "postgres")
    except (OSError, IndexError):
        return None, f"no PostgreSQL runs in {absolute(settings.data_dir) / 'postgres'}"
    try:
        async with asyncio.timeout(seconds + START_SECONDS):
            return await ask_core("status", database_url=url), ""
    except (CannotStart, Failed) as error:
        return None, str(error)
    except TimeoutError:
        return None, "the database does not answer in time"
