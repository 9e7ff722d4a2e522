"""The schema of a database, which core knows and this asks it for."""

import asyncio
import json
import os
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from cli.database.embedded import has_embedded_database, open_embedded
from cli.up.errors import CannotStart, Failed
from cli.up.programs import module
from cli.up.settings import UpSettings

DONE, BEHIND, NEWER = 0, 1, 2


@dataclass(frozen=True)
class Schema:
    """Which revision the database has had, has now, and could have."""

    before: str | None
    """None: there was no schema."""
    after: str | None
    newest: str

    def as_dict(self) -> dict[str, str | None]:
        """For JSON."""
        return asdict(self)

    def in_words(self) -> str:
        """One line."""
        found = f"schema {self.before}" if self.before else "no schema yet"
        if self.after != self.newest:
            return f"The database has {found}, the newest is {self.newest}: `smith migrate` upgrades it."
        if self.before == self.after:
            return f"The database has {found}, which is the newest."
        return f"Upgraded the database from {found} to schema {self.after}."


async def migrate_schema(settings: UpSettings) -> Schema:
    """Brings the database to the newest schema. Raises CannotStart or Failed."""
    async with _database(settings) as url:
        return await migrate_database(url)


async def check_schema(settings: UpSettings) -> Schema:
    """Says how it is. Raises CannotStart or Failed."""
    if not settings.database_url and not has_embedded_database(settings):
        return Schema(None, None, (await known_revisions())[-1])
    async with _database(settings) as url:
        return Schema(**await _ask("migrate", "--check", database_url=url))


async def migrate_database(url: str) -> Schema:
    """Brings this database to the newest schema. Raises CannotStart or Failed."""
    return Schema(**await _ask("migrate", database_url=url))


async def known_revisions() -> list[str]:
    """The schemas that this release knows, oldest first."""
    return list(await _ask("revisions"))


@asynccontextmanager
async def _database(settings: UpSettings) -> AsyncIterator[str]:
    if settings.database_url:
        yield settings.database_url
        return
    async with open_embedded(settings, "smith migrate") as database:
        yield database.url


async def _ask(*command: str, database_url: str | None = None) -> Any:
    """What one of core's commands answers. Core is another process: its code is not loaded into ours."""
    environment = dict(os.environ) | ({"SMITH_DATABASE_URL": database_url} if database_url else {})
    try:
        process = await asyncio.create_subprocess_exec(
            *module("core_service", *command),
            stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=environment, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise Failed(f"core cannot be asked about the schema: {error.strerror}") from error
    try:
        answer, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if answer and process.returncode in (DONE, BEHIND):
        return json.loads(answer)
    line = (complaint.decode(errors="replace").strip().splitlines() or ["core said nothing"])[-1]
    raise (CannotStart if process.returncode == NEWER else Failed)(line)
