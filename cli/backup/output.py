"""Where a backup goes: to standard output, or to a new file that appears when it is complete."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cli.up.errors import CannotStart, Failed
from cli.up.unfinished_restore import sync_folder


class Output:
    """A stream without seeking. It counts bytes, and raises Failed if writing fails."""

    def __init__(self, handle: int, name: str, *, is_file: bool) -> None:
        self._handle, self._name, self._is_file = handle, name, is_file
        self.bytes = 0

    def flush(self) -> None:
        """Does nothing: nothing is buffered."""

    def write(self, data: bytes, /) -> int:
        """Writes all of it."""
        left = memoryview(data)
        size = len(left)
        while left:
            try:
                written = os.write(self._handle, left)
            except OSError as error:
                raise Failed(f"cannot write {self._name}: {error.strerror}") from error
            left = left[written:]
        self.bytes += size
        return size

    def read_again(self) -> IO[bytes] | None:
        """What was written, from its beginning; None if it cannot be read back. To be closed by the caller."""
        if not self._is_file:
            return None
        try:
            os.fsync(self._handle)
            file = os.fdopen(os.dup(self._handle), "rb")
            file.seek(0)
        except OSError as error:
            raise Failed(f"cannot read {self._name} again: {error.strerror}") from error
        return file


@contextmanager
def standard_output() -> Iterator[Output]:
    """Standard output. Raises CannotStart if it is a terminal."""
    if os.isatty(1):
        raise CannotStart("a backup cannot be written to a terminal: redirect standard output")
    yield Output(1, "standard output", is_file=False)


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[Output]:
    """A file that only its owner may read. It gets its name when the block ends without an exception, and is on disk
    then.

    Raises CannotStart if it cannot be written there or, without `force`, exists; Failed if it fails later.
    """
    path = path.expanduser().resolve()
    try:
        _check(path, force=force)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    except OSError as error:
        raise CannotStart(f"cannot write {path}: {error.strerror}") from error
    scratch = Path(name)
    try:
        try:
            yield Output(handle, str(path), is_file=True)
            os.fsync(handle)
        finally:
            os.close(handle)
        _give_name(scratch, path, force=force)
        sync_folder(path.parent)
    except OSError as error:
        raise Failed(f"cannot write {path}: {error.strerror}") from error
    finally:
        scratch.unlink(missing_ok=True)


def _check(path: Path, *, force: bool) -> None:
    if not path.parent.is_dir():
        raise CannotStart(f"there is no folder {path.parent}")
    if path.is_dir():
        raise CannotStart(f"{path} is a folder: name a file")
    if path.exists() and not path.is_file():
        raise CannotStart(f"{path} is not a regular file: use `-` and redirect standard output")
    if path.exists() and not force:
        raise CannotStart(f"{path} exists: choose another name, or replace it with --force")


def _give_name(scratch: Path, path: Path, *, force: bool) -> None:
    if force:
        scratch.replace(path)
        return
    try:
        # Unlike renaming, this fails if another program has made the file meanwhile.
        os.link(scratch, path)
    except FileExistsError as error:
        raise Failed(f"{path} was made by another program meanwhile and is left unchanged") from error
    except OSError:
        # A file system without links.
        _check(path, force=False)
        scratch.replace(path)
