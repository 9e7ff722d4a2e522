"""Makes a backup."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from cli.backup.archive import DUMP, MANIFEST, QUICKSTART, WEB_PUSH_KEY, Archive, ArchiveWriter, NotABackup
from cli.backup.manifest import FORMAT, Manifest, program_version
from cli.backup.output import Output, new_file, standard_output
from cli.backup.record import record_backup
from cli.database.embedded import has_embedded_database, open_embedded
from cli.database.tools import Database, dump, first_line
from cli.up.data_folder import absolute
from cli.up.errors import CannotStart, Failed
from cli.up.postgres import newest_binaries
from cli.up.settings import UpSettings


@dataclass(frozen=True)
class Made:
    """The backup that was written."""

    what: str
    bytes: int
    manifest: Manifest
    is_verified: bool
    """Whether the finished file was read again and found complete."""
    note: str = ""
    """Why the database does not know of this backup, as a sentence; empty if it does."""


async def make_backup(settings: UpSettings, file: Path, *, force: bool) -> Made:
    """Writes one moment of the database to the file, or to standard output if it is `-`. Then the database records that
    a backup was made.

    Raises CannotStart or Failed. Then no file is left behind; what went to standard output is not a valid backup. A
    backup that cannot be recorded is made all the same.
    """
    async with AsyncExitStack() as held:
        with standard_output() if str(file) == "-" else new_file(file, force=force) as output:
            database, what, documents = await _source(settings, held)
            manifest = await _write(database, output, documents)
            is_verified = _verify(output, file)
        made = Made(what, output.bytes, manifest, is_verified)
        # Not before the file has its name and is on disk.
        return replace(made, note=await _record(database.url, file, made))


async def _source(settings: UpSettings, held: AsyncExitStack) -> tuple[Database, str, dict[str, bytes | None]]:
    """The database, which `held` keeps open, what it is called, and what belongs to it."""
    if settings.database_url:
        documents = {WEB_PUSH_KEY: _web_push_key(settings)}
        return Database(settings.database_url, newest_binaries()), "the database", documents
    folder = absolute(settings.data_dir)
    if not has_embedded_database(settings):
        raise CannotStart(f"there is no database in {folder}: is SMITH_DATA_DIR right?")
    database = await held.enter_async_context(open_embedded(settings, "smith backup"))
    return database, str(folder), {QUICKSTART: _read(folder / QUICKSTART), WEB_PUSH_KEY: _web_push_key(settings)}


def _verify(output: Output, file: Path) -> bool:
    """Reads the finished backup again, every byte. Returns whether that can be done. Raises Failed if it is damaged."""
    written = output.read_again()
    if written is None:
        return False
    with written:
        try:
            Archive(written, str(file))
        except NotABackup as error:
            raise Failed(f"what was written is not a good backup: {error}") from error
    return True


async def _record(database_url: str, file: Path, made: Made) -> str:
    try:
        await record_backup("backup", database_url, file, made.bytes, made.manifest, is_verified=made.is_verified)
    except (CannotStart, Failed) as error:
        return f"The database does not know of this backup: {error}."
    return ""


async def _write(database: Database, output: Output, documents: dict[str, bytes | None]) -> Manifest:
    async with _snapshot(database) as (snapshot, manifest):
        with ArchiveWriter(output) as archive:
            archive.add(MANIFEST, manifest.model_dump_json(indent=2).encode() + b"\n")
            with archive.member(DUMP) as write:
                await dump(database, snapshot, write)
            for name, content in documents.items():
                if content:
                    archive.add(name, content)
    return manifest


@asynccontextmanager
async def _snapshot(database: Database) -> AsyncIterator[tuple[str, Manifest]]:
    """A snapshot of the database that is held during the block: its name and its manifest."""
    try:
        connection = await psycopg.AsyncConnection.connect(database.url, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise Failed(f"the database cannot be reached: {first_line(error)}") from error
    async with connection:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        try:
            described = await _describe(connection)
        except psycopg.Error as error:
            raise Failed(f"the database cannot be read: {first_line(error)}") from error
        yield described


async def _describe(connection: psycopg.AsyncConnection[Any]) -> tuple[str, Manifest]:
    await connection.execute("SET idle_in_transaction_session_timeout = 0")
    cursor = await connection.execute(
        "SELECT pg_export_snapshot(), now(), current_setting('server_version'), to_regclass('alembic_version')::text"
    )
    [(snapshot, moment, version, table)] = await cursor.fetchall()
    rows = await (await connection.execute("SELECT version_num FROM alembic_version")).fetchall() if table else []
    if not rows:
        raise CannotStart("the database has no schema: nothing has been kept in it yet")
    return str(snapshot), Manifest(
        format=FORMAT,
        version=program_version(),
        schema_revision=rows[0][0],
        postgresql=str(version),
        created_at=moment,
    )


def _web_push_key(settings: UpSettings) -> bytes | None:
    """The key for browsers, which a restored server needs; None if there is none. Raises CannotStart: a backup without
    it would be worth less than it seems."""
    path = settings.webpush_key_file or absolute(settings.data_dir) / WEB_PUSH_KEY
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if settings.webpush_key_file is None:
            return None
        raise CannotStart(f"SMITH_WEBPUSH_KEY_FILE={path} does not exist") from None
    except OSError as error:
        raise CannotStart(f"the key for browsers {path} cannot be read: {error.strerror}") from error


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
