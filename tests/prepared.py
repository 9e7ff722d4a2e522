"""A data folder as a first start leaves it, made once for a whole run of the tests: each server starts on a copy.

A first start takes twice the time of any other: it makes a database, brings it to the newest schema, hashes a password
and pairs a phone. Tests of first starts ask for an empty folder: `Stack().fresh()`. The PostgreSQL of the core's tests
starts on a copy, too (`tests/postgres.py`).
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

VARIABLE = "SMITH_TEST_PREPARED_FOLDER"
"""Where the folders of this run are, as all its workers are told."""
OF_ONE_RUN = ("lock", "logs", "processes.json")
"""What is in a data folder and says nothing of the server."""

Make = Callable[[Path], None]


def begin() -> Path | None:
    """Makes the place for the run's folders. None if it is there already: this process is a worker of the run."""
    if VARIABLE in os.environ:
        return None
    place = Path(tempfile.mkdtemp(prefix="smith-prepared-"))
    # PostgreSQL does not run as root: its user passes through here.
    place.chmod(0o711)
    os.environ[VARIABLE] = str(place)
    return place


def end(place: Path) -> None:
    """Removes the folders."""
    del os.environ[VARIABLE]
    shutil.rmtree(place)


def is_first(name: str) -> bool:
    """Whether no test of this run has asked for the name before, in whichever worker. Outside of a run it always is."""
    if VARIABLE not in os.environ:
        return True
    try:
        (Path(os.environ[VARIABLE]) / name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def put(name: str, target: Path, make: Make) -> None:
    """Puts a copy of the run's data folder of this name at `target`. `make` makes the folder if no worker has yet.

    Does nothing outside of a run of the tests.
    """
    if VARIABLE not in os.environ:
        return
    place = Path(os.environ[VARIABLE])
    ready = place / name
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            fresh = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=place))
            fresh.chmod(0o711)
            make(fresh / "var")
            for entry in OF_ONE_RUN:
                path = fresh / "var" / entry
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            (fresh / "var").rename(ready)
    # Not by Python: the database may belong to another user, whose it has to stay.
    subprocess.run(["cp", "-a", ready, target], check=True)  # noqa: S607
