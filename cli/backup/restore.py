"""Restores a backup."""

import asyncio
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psycopg

from cli.backup.archive import DUMP, QUICKSTART, Archive
from cli.backup.manifest import Manifest
from cli.database.embedded import run_postgres
from cli.database.schema import Schema, known_revisions, migrate_database
from cli.database.tools import Database, first_line, load
from cli.up.data_folder import lock_data_folder
from cli.up.errors import CannotStart, Failed
from cli.up.leftovers import stop_leftover_processes
from cli.up.postgres import EmbeddedPostgres, newest_binaries
from cli.up.settings import UpSettings
from cli.up.unfinished_restore import CLUSTER, PARTIAL, REPLACED, make_valid

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Restored:
    """The result of a restore."""

    where: str
    manifest: Manifest
    schema: Schema
    replaced: Path | None
    """The folder that now holds the replaced data; None if there was none."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "restored": self.where,
            "manifest": self.manifest.model_dump(mode="json"),
            "schema_revision": self.schema.after,
            "replaced": str(self.replaced) if self.replaced else None,
        }

    def in_words(self) -> str:
        """The result as lines for people."""
        lines = [f"Restored {self.where}: {self.manifest.in_words()}."]
        if self.schema.before != self.schema.after:
            lines.append(self.schema.in_words())
        if self.replaced:
            lines.append(f"What was there before is in {self.replaced}: remove it when you are sure.")
        return "\n".join(lines)


async def restore_backup(settings: UpSettings, file: Path) -> Restored:
    """Replaces the embedded database, or fills the empty one of SMITH_DATABASE_URL, from the file or, if it is `-`,
    from standard input.

    Raises CannotStart if file, server or database do not allow it, Failed if it cannot be done; the database is then as
    it was.
    """
    with _opened(file) as source:
        if settings.database_url:
            archive = await _checked(source, file)
            return await _fill(Database(settings.database_url, newest_binaries()), archive)
        with lock_data_folder(settings.data_dir, "smith restore") as folder:
            archive = await _checked(source, file)
            await asyncio.to_thread(stop_leftover_processes, folder, settings.drain_seconds + 5)
            return await _replace(folder, archive)


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """The backup as a file that can be read twice."""
    if str(file) == "-":
        with tempfile.TemporaryFile() as copy:
            try:
                shutil.copyfileobj(sys.stdin.buffer, copy)
            except OSError as error:
                raise Failed(f"cannot store what comes from standard input: {error.strerror}") from error
            yield copy
        return
    try:
        opened = file.expanduser().open("rb")
    except OSError as error:
        raise CannotStart(f"cannot read {file}: {error.strerror}") from error
    with opened:
        yield opened


async def _checked(source: IO[bytes], file: Path) -> Archive:
    """The backup, once its whole file is checked and this release knows its schema. Otherwise raises CannotStart."""
    name = "standard input" if str(file) == "-" else str(file)
    archive = Archive(source, name)
    revisions = await known_revisions()
    revision = archive.manifest.schema_revision
    if revision < revisions[0]:
        raise CannotStart(
            f"{name} has schema {revision} and this release restores schema {revisions[0]} and later only: restore it "
            f'with an older build first. docs/operating.md, "From before schema {revisions[0]}", has the commands'
        )
    if revision not in revisions:
        raise CannotStart(
            f"{name} has schema {revision} and this release knows schemas up to {revisions[-1]} only: it was made by "
            f"version {archive.manifest.version}, use that one"
        )
    return archive


async def _replace(folder: Path, archive: Archive) -> Restored:
    partial = folder / PARTIAL
    had_database = (folder / CLUSTER).exists()
    try:
        # Others may pass through but not list it: PostgreSQL runs as another user than root.
        partial.mkdir(mode=0o711)
        log.info("making a new database next to the old one")
        async with run_postgres(EmbeddedPostgres(partial, folder / "logs"), partial) as database:
            schema = await _load(database, archive)
        if quickstart := archive.document(QUICKSTART):
            _write(partial / QUICKSTART, quickstart)
        make_valid(folder)
    except OSError as error:
        raise Failed(f"cannot restore into {folder}: {error.strerror}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Restored(str(folder), archive.manifest, schema, folder / REPLACED if had_database else None)


async def _fill(database: Database, archive: Archive) -> Restored:
    try:
        async with await psycopg.AsyncConnection.connect(database.url, connect_timeout=10) as connection:
            cursor = await connection.execute(
                "SELECT 1 FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace LIMIT 1"
            )
            if await cursor.fetchone():
                raise CannotStart(
                    "the database of SMITH_DATABASE_URL is not empty: make a new one, restore into that, and use it"
                )
    except psycopg.Error as error:
        raise Failed(f"the database cannot be reached: {first_line(error)}") from error
    schema = await _load(database, archive)
    return Restored("the database", archive.manifest, schema, None)


async def _load(database: Database, archive: Archive) -> Schema:
    await load(database, archive.pieces(DUMP))
    schema = await migrate_database(database.url)
    try:
        async with await psycopg.AsyncConnection.connect(database.url, autocommit=True) as connection:
            # A dump holds no statistics, which the first queries need for good plans.
            await connection.execute("ANALYZE")
    except psycopg.Error as error:
        raise Failed(f"the restored database cannot be analyzed: {first_line(error)}") from error
    return schema


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
