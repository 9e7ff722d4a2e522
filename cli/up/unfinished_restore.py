"""Cleans up or completes a `smith restore` that was killed.

A restore is built in `restore.partial`. When it is complete and on disk, one rename to `restore.complete` makes it
valid. After that it can only go forward: the old database moves to `replaced`, the new one into its place. If that is
interrupted, the next command that locks the data folder completes it before it uses the database.
"""

import logging
import os
import shutil
import signal
from pathlib import Path

from cli.up.leftovers import end, postgres_processes

log = logging.getLogger(__name__)

PARTIAL, COMPLETE, REPLACED = "restore.partial", "restore.complete", "replaced"
CLUSTER = "postgres"
DOCUMENTS = ("quickstart.json", "webpush.pem")
"""Files that a backup may have beside the database."""


def settle_restore(folder: Path) -> None:
    """Removes a partial restore, or puts a complete one in place. The folder's lock must be held.

    It may be interrupted at any point and called again.
    """
    partial, complete = folder / PARTIAL, folder / COMPLETE
    if partial.exists():
        log.warning("removing what an interrupted restore has left")
        end(postgres_processes(partial / CLUSTER), signal.SIGQUIT, patience=5)
        shutil.rmtree(partial)
    if complete.exists():
        _put_in_place(folder, complete)
        shutil.rmtree(complete)


def make_valid(folder: Path) -> None:
    """Makes the partial restore, which must be complete, valid, and puts it in place."""
    sync_folder(folder / PARTIAL)
    (folder / PARTIAL).rename(folder / COMPLETE)
    sync_folder(folder)
    settle_restore(folder)


def sync_folder(folder: Path) -> None:
    """Returns when the names in the folder are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put_in_place(folder: Path, complete: Path) -> None:
    replaced = folder / REPLACED
    if (complete / CLUSTER).exists():
        if (folder / CLUSTER).exists():
            # It belongs to an earlier restore: this one's old database has not moved yet.
            if replaced.exists():
                shutil.rmtree(replaced)
            replaced.mkdir(mode=0o700)
            (folder / CLUSTER).rename(replaced / CLUSTER)
        (complete / CLUSTER).rename(folder / CLUSTER)
    for name in DOCUMENTS:
        if (complete / name).exists():
            if (folder / name).exists():
                replaced.mkdir(mode=0o700, exist_ok=True)
                (folder / name).rename(replaced / name)
            (complete / name).rename(folder / name)
    sync_folder(folder)
