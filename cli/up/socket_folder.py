"""Where the embedded PostgreSQL's socket lies."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from cli.up.errors import CannotStart
from cli.up.postgres_user import PostgresUser
from cli.up.private_view import closed_above

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_PATH = 100
"""Bytes. The kernel takes 107 (macOS 103)."""
SPECIAL = set(',"\\')
"""PostgreSQL and libpq take the folder for a list that is separated by commas, with quotes around names."""


def fits(folder: Path) -> bool:
    """Whether a socket in this folder can be listened on and reached."""
    text = str(folder)
    short = len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_PATH
    return short and text.isprintable() and not SPECIAL & set(text)


def choose_socket_folder(cluster: Path, user: PostgresUser) -> Path:
    """The cluster's own folder or, where its path does not do, a private one with a short name, made if need be.

    Raises CannotStart if there is no such place.
    """
    if fits(cluster):
        return cluster
    name = f"smith-{hashlib.sha256(os.fsencode(cluster)).hexdigest()[:12]}"
    candidates = (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - made private below
    for parent in candidates:
        folder = parent / name
        if fits(folder) and os.access(parent, os.W_OK | os.X_OK) and not _is_closed(folder, user):
            return _private(folder, user)
    raise CannotStart(
        f"PostgreSQL's socket cannot lie in {cluster}, whose path is too long or has special characters, nor in the "
        "folders for temporary files: choose another folder with SMITH_DATA_DIR"
    )


def _is_closed(folder: Path, user: PostgresUser) -> bool:
    """A folder for temporary files may be root's alone (pam_tmpdir)."""
    return user.uid is not None and bool(closed_above(folder, user.uid, user.gid))


def _private(folder: Path, user: PostgresUser) -> Path:
    owner = os.geteuid() if user.uid is None else user.uid
    if folder.exists() or folder.is_symlink():
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise CannotStart(f"{folder} is not ours: remove it, or choose a data folder with a shorter, plainer path")
    else:
        folder.mkdir(mode=0o700)
        user.own(folder)
    return folder
