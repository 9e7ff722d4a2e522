"""The folder that holds all that is kept on this machine: made, checked, and locked against a second supervisor."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.up.errors import CannotStart


@contextmanager
def lock_data_folder(folder: Path) -> Iterator[Path]:
    """Makes the folder if need be and holds its lock. Gives its absolute path.

    Raises CannotStart if the folder cannot be made or written, or if another supervisor holds the lock. The kernel
    releases the lock however the holder ends.
    """
    folder = folder.expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
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
            raise CannotStart(
                f"the data folder {folder} is in use by `smith up` with process id {lock.read().strip()}: "
                "stop that one, or choose another folder with SMITH_DATA_DIR"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield folder


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
