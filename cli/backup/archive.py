"""The backup file: a zip archive, so that usual tools can look into it.

Its members, in this order: `manifest.json`; `database.dump` in the custom format of `pg_dump`; `quickstart.json` and
`webpush.pem`, the key for browsers, if there were such; and `SHA256SUMS`, which proves that the others are intact and,
because it is the last, complete. Members are stored without compression: the dump is compressed already.
"""

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import IO, Protocol, Self, cast

from pydantic import ValidationError

from cli.backup.manifest import FORMAT, Manifest
from cli.up.errors import CannotStart

MANIFEST, DUMP, QUICKSTART, CHECKSUMS = "manifest.json", "database.dump", "quickstart.json", "SHA256SUMS"
WEB_PUSH_KEY = "webpush.pem"
CHUNK = 1024 * 1024
LONGEST_DOCUMENT = 64 * 1024
DAMAGE = (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError, KeyError)
"""Exceptions of the zip module about damaged archives."""


class NotABackup(CannotStart):
    """The file cannot be restored: it is something else, incomplete, damaged, or of a later format."""


class Stream(Protocol):
    """A stream to write to. It need not support seeking."""

    def write(self, data: bytes, /) -> int:
        """Writes all of it."""

    def flush(self) -> None:
        """Writes all buffered data."""


class ArchiveWriter:
    """Writes a backup member by member."""

    def __init__(self, stream: Stream) -> None:
        self._zip = zipfile.ZipFile(cast("IO[bytes]", stream), "w", zipfile.ZIP_STORED)
        self._sums: list[str] = []

    def __enter__(self) -> Self:
        """Completes the archive at the end of the block, unless that is left by an exception."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See `__enter__`."""
        if error is None:
            self.add(CHECKSUMS, "".join(self._sums).encode())
            self._zip.close()
        # Otherwise the garbage collector would make it complete the failed archive.
        self._zip.fp = None

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """A new member. Gives a function that writes a piece of it."""
        info = zipfile.ZipInfo(name)
        info.external_attr = 0o600 << 16
        digest = hashlib.sha256()
        with self._zip.open(info, "w", force_zip64=True) as file:

            def write(piece: bytes) -> None:
                digest.update(piece)
                file.write(piece)

            yield write
        self._sums.append(f"{digest.hexdigest()}  {name}\n")

    def add(self, name: str, content: bytes) -> None:
        """Writes a whole member."""
        with self.member(name) as write:
            write(content)


class Archive:
    """A backup that was read to its end and is intact."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Checks every byte. Raises NotABackup with a line that calls the file `name`."""
        self._name = name
        try:
            self.bytes = file.seek(0, os.SEEK_END)
            """Size of the file."""
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            file.seek(0)
            begins_well = file.read(4) == b"PK\x03\x04"
            what = "is not complete: its end is missing" if begins_well else "is not a backup made by `smith backup`"
            raise NotABackup(f"{name} {what}") from error
        with self._complaining():
            self._sums = self._read_sums()
            self.manifest = self._read_manifest()
            for member in self._sums:
                for _ in self.pieces(member):
                    pass

    def pieces(self, member: str) -> Iterator[bytes]:
        """The member, piece by piece. Raises NotABackup at the end if it has changed since it was written."""
        digest = hashlib.sha256()
        with self._complaining():
            with self._zip.open(member) as file:
                while piece := file.read(CHUNK):
                    digest.update(piece)
                    yield piece
            if digest.hexdigest() != self._sums[member]:
                raise NotABackup(f"{self._name} is damaged: {member} has changed since it was written")

    def document(self, member: str) -> bytes | None:
        """A small member; None if there is none."""
        return b"".join(self.pieces(member)) if member in self._sums else None

    def _read_sums(self) -> dict[str, str]:
        names = self._zip.namelist()
        if CHECKSUMS not in names or MANIFEST not in names:
            raise NotABackup(f"{self._name} is not a complete backup made by `smith backup`")
        lines = [line.split("  ", 1) for line in self._read_small(CHECKSUMS).decode().splitlines()]
        sums = {name: digest for digest, name in lines}
        if sorted(names) != sorted([*sums, CHECKSUMS]) or not {MANIFEST, DUMP} <= set(sums):
            raise NotABackup(f"{self._name} is damaged: it does not have the parts that it should have")
        for member in set(sums) - {DUMP}:
            self._read_small(member)
        return sums

    def _read_manifest(self) -> Manifest:
        try:
            manifest = Manifest.model_validate_json(b"".join(self.pieces(MANIFEST)))
        except ValidationError as error:
            raise NotABackup(f"{self._name} is damaged: its manifest makes no sense") from error
        if manifest.format > FORMAT:
            raise NotABackup(
                f"{self._name} has format {manifest.format} and this release reads formats up to {FORMAT}: it was made "
                f"by version {manifest.version}, use that one"
            )
        return manifest

    def _read_small(self, member: str) -> bytes:
        if self._zip.getinfo(member).file_size > LONGEST_DOCUMENT:
            raise NotABackup(f"{self._name} is damaged: its {member} is too long")
        with self._zip.open(member) as file:
            return file.read(LONGEST_DOCUMENT)

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        """Turns the zip module's exceptions about damaged files into NotABackup."""
        try:
            yield
        except DAMAGE as error:
            raise NotABackup(f"{self._name} is damaged") from error
