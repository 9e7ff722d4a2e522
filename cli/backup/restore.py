"""Restores a backup."""

import asyncio
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import psycopg

from cli.backup.archive import DUMP, WEB_PUSH_KEY, Archive
from cli.backup.manifest import Manifest
from cli.backup.record import record_backup
from cli.database.embedded import run_postgres
from cli.database.schema import Schema, known_revisions, migrate_database
from cli.database.tools import Database, first_line, load
from cli.up.data_folder import absolute, lock_data_folder
from cli.up.errors import CannotStart, Failed
from cli.up.leftovers import stop_leftover_processes
from cli.up.postgres import EmbeddedPostgres, newest_binaries
from cli.up.settings import UpSettings
from cli.up.unfinished_restore import CLUSTER, DOCUMENTS, PARTIAL, REPLACED, make_valid
from cli.up.web_push_key import put_web_push_key

log = logging.getLogger(__name__)

ONLY_WITH_THAT = (
    f"where it is called {WEB_PUSH_KEY} (a backup is a zip archive): browsers of the backup take pushes with that one "
    "only."
)


@dataclass(frozen=True)
class Restored:
    """The result of a restore."""

    where: str
    manifest: Manifest
    schema: Schema
    replaced: Path | None
    """The folder that now holds the replaced data; None if there was none."""
    note: str = ""
    """What is left to do, in a sentence; empty for nothing."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "restored": self.where,
            "manifest": self.manifest.model_dump(mode="json"),
            "schema_revision": self.schema.after,
            "replaced": str(self.replaced) if self.replaced else None,
            "note": self.note or None,
        }

    def in_words(self) -> str:
        """The result as lines for people."""
        lines = [f"Restored {self.where}: {self.manifest.in_words()}."]
        if self.schema.before != self.schema.after:
            lines.append(self.schema.in_words())
        if self.replaced:
            lines.append(f"What was there before is in {self.replaced}: remove it when you are sure.")
        if self.note:
            lines.append(self.note)
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
            restored = await _fill(Database(settings.database_url, newest_binaries()), archive, file)
            return replace(restored, note=_fill_key(settings, archive))
        with lock_data_folder(settings.data_dir, "smith restore") as folder:
            archive = await _checked(source, file)
            await asyncio.to_thread(stop_leftover_processes, folder, settings.drain_seconds + 5)
            restored = await _replace(folder, archive, file)
            return replace(restored, note=_note_on_own_key(settings, archive))


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


async def _replace(folder: Path, archive: Archive, file: Path) -> Restored:
    partial = folder / PARTIAL
    had_database = (folder / CLUSTER).exists()
    try:
        # Others may pass through but not list it: PostgreSQL runs as another user than root.
        partial.mkdir(mode=0o711)
        log.info("making a new database next to the old one")
        async with run_postgres(EmbeddedPostgres(partial, folder / "logs"), partial) as database:
            schema = await _load(database, archive, file)
        for name in DOCUMENTS:
            if content := archive.document(name):
                _write(partial / name, content)
        make_valid(folder)
    except OSError as error:
        raise Failed(f"cannot restore into {folder}: {error.strerror}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Restored(str(folder), archive.manifest, schema, folder / REPLACED if had_database else None)


async def _fill(database: Database, archive: Archive, file: Path) -> Restored:
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
    schema = await _load(database, archive, file)
    return Restored("the database", archive.manifest, schema, None)


def _fill_key(settings: UpSettings, archive: Archive) -> str:
    """Puts the backup's key for browsers into the data folder if it has none. Returns what is left to do."""
    folder, key = absolute(settings.data_dir), archive.document(WEB_PUSH_KEY)
    if key is None or settings.webpush_key_file is not None:
        return _note_on_own_key(settings, archive)
    path = folder / WEB_PUSH_KEY
    try:
        if path.exists() and path.read_bytes() != key:
            return f"{path} is not the key for browsers of the backup, {ONLY_WITH_THAT}"
        folder.mkdir(parents=True, exist_ok=True)
        put_web_push_key(folder, key)
    except OSError as error:
        why = f"The key for browsers cannot be written to {path} ({error.strerror})"
        return f"{why}. It is in the backup, {ONLY_WITH_THAT}"
    return ""


def _note_on_own_key(settings: UpSettings, archive: Archive) -> str:
    key, file = archive.document(WEB_PUSH_KEY), settings.webpush_key_file
    if key is None or file is None:
        return ""
    try:
        if file.read_bytes() == key:
            return ""
    except OSError:
        log.info("SMITH_WEBPUSH_KEY_FILE=%s cannot be read", file)
    return f"SMITH_WEBPUSH_KEY_FILE={file} is not the key for browsers of the backup, {ONLY_WITH_THAT}"


async def _load(database: Database, archive: Archive, file: Path) -> Schema:
    await load(database, archive.pieces(DUMP))
    schema = await migrate_database(database.url)
    # So that the database says where it comes from, and is not taken for one that was never away.
    await record_backup("restore", database.url, file, archive.bytes, archive.manifest, is_verified=True)
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
