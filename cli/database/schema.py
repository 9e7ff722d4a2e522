"""The schema of a database. Core's command reads and upgrades it."""

from dataclasses import asdict, dataclass

from cli.database.core_command import ask_core
from cli.database.embedded import has_embedded_database, open_database
from cli.up.settings import UpSettings


@dataclass(frozen=True)
class Schema:
    """The database's revision before, its revision now, and the newest one."""

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
    async with open_database(settings, "smith migrate") as url:
        return await migrate_database(url)


async def check_schema(settings: UpSettings) -> Schema:
    """Reads the schema without a change. Raises CannotStart or Failed."""
    if not settings.database_url and not has_embedded_database(settings):
        return Schema(None, None, (await known_revisions())[-1])
    async with open_database(settings, "smith migrate") as url:
        return Schema(**await ask_core("migrate", "--check", database_url=url))


async def migrate_database(url: str) -> Schema:
    """Brings this database to the newest schema. Raises CannotStart or Failed."""
    return Schema(**await ask_core("migrate", database_url=url))


async def known_revisions() -> list[str]:
    """The schemas that this release knows, oldest first."""
    return list(await ask_core("revisions"))
