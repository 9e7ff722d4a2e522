"""The folder of the embedded PostgreSQL's socket."""

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
"""Most bytes of a socket's path. The kernel allows 107 (macOS 103)."""
SPECIAL = set(',"\\')
"""Special characters: PostgreSQL and libpq read the folder as a list with commas and quotes."""


def fits(folder: Path) -> bool:
    """Whether a socket in this folder can be listened on and reached."""
    text = str(folder)
    short = len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_PATH
    return short and text.isprintable() and not SPECIAL & set(text)


def choose_socket_folder(cluster: Path, user: PostgresUser) -> Path:
    """The cluster's own folder or, if its path is too long, a private one with a short name, which is made if needed.

    Raises CannotStart if there is no usable folder.
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
        f"PostgreSQL's socket cannot be in {cluster}, whose path is too long or has special characters, nor in the "
        "folders for temporary files: choose another folder with SMITH_DATA_DIR"
    )


def _is_closed(folder: Path, user: PostgresUser) -> bool:
    """Whether the user cannot use the folder: a folder for temporary files may be for root only (pam_tmpdir)."""
    return user.uid is not None and bool(closed_above(folder, user.uid, user.gid))


def _private(folder: Path, user: PostgresUser) -> Path:
    owner = os.geteuid() if user.uid is None else user.uid
    if folder.exists() or folder.is_symlink():
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise CannotStart(
                f"{folder} is not private to this user: remove it, or choose a data folder with a shorter, plainer path"
            )
    else:
        folder.mkdir(mode=0o700)
        user.own(folder)
    return folder
