"""The data folder of this machine: made, checked, and locked against a second command."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.up.errors import CannotStart
from cli.up.unfinished_restore import settle_restore

SERVER = "smith up"


class InUse(CannotStart):
    """Another command uses the folder."""

    def __init__(self, folder: Path, noted: str) -> None:
        """`noted` is the content of the lock file: the other command's process id and name."""
        pid, _, command = noted.strip().partition(" ")
        self.holder = command or SERVER
        super().__init__(
            f"the data folder {folder} is in use by `{self.holder}` with process id {pid}: "
            "stop that one, or choose another folder with SMITH_DATA_DIR"
        )


def absolute(folder: Path) -> Path:
    """The data folder's absolute path, the same for all commands."""
    return folder.expanduser().resolve()


@contextmanager
def lock_data_folder(folder: Path, command: str) -> Iterator[Path]:
    """As `hold_data_folder`, and gives the folder's absolute path only."""
    with hold_data_folder(folder, command) as (path, _):
        yield path


@contextmanager
def hold_data_folder(folder: Path, command: str) -> Iterator[tuple[Path, int]]:
    """Makes the folder if needed, holds its lock for `command`, and completes an interrupted restore. Gives the
    folder's absolute path, and the open file that holds the lock.

    Raises CannotStart if the folder cannot be made or written, InUse if another command holds the lock. The kernel
    releases the lock when the holder ends, also if it is killed.
    """
    folder = absolute(folder)
    if not _is_text(str(folder)):
        raise CannotStart(f"SMITH_DATA_DIR={str(folder)!r} is not UTF-8 text: choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as scratch:
            # More bytes than a file system stores together with the name, so that a full disk is noticed.
            scratch.write(bytes(24 * 1024))
        lock = (folder / "lock").open("a+")
    except OSError as error:
        raise CannotStart(
            f"cannot write to the data folder {folder} ({error.strerror}): choose another with SMITH_DATA_DIR"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise InUse(folder, lock.read()) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()} {command}\n")
        lock.flush()
        try:
            settle_restore(folder)
        except OSError as error:
            raise CannotStart(
                f"an interrupted restore in {folder} cannot be completed: {error.filename}: {error.strerror}"
            ) from error
        yield folder, lock.fileno()


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replaces the file in one step: a reader, or a crash at any moment, sees the old text or the new one.

    Only the owner may read it.
    """
    fd, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(fd, "w") as file:
            json.dump(value, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
