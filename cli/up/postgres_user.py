"""The system user that PostgreSQL runs as, and that user's access to its files.

PostgreSQL refuses to run as root. Started by root it runs as the owner of its data, by default `pgserver`, who must be
able to read the programs and to enter the data folder. Our own folders are opened to that user: the data folder, the
Python environment, the checkout around it. Other folders, such as a home, stay as they are: if one of them is closed,
PostgreSQL gets a view of the file system of its own (`private_view`).
"""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.up.errors import CannotStart
from cli.up.private_view import closed_above, command_with_view

USER = "pgserver"
PROBE_SECONDS = 60.0
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class PostgresUser:
    """The user that runs PostgreSQL's programs. `uid` is None if it is the present user."""

    uid: int | None = None
    gid: int = 0
    shown: tuple[Path, ...] = ()
    """Folders that the user can reach only in a view of its own."""

    def command(self, command: Sequence[str]) -> list[str]:
        """The command that runs `command` with access to these folders."""
        if self.uid is None or not self.shown:
            return list(command)
        return command_with_view(self.uid, self.gid, self.shown, command)

    def popen(self) -> dict[str, Any]:
        """Arguments for `subprocess` that go with `command`."""
        if self.uid is None or self.shown:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Gives the path to the user."""
        if self.uid is not None:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def user_for(cluster: Path, make_user: Any) -> PostgresUser:
    """The user for the PostgreSQL of this data directory, which may not exist yet. `make_user` returns the system user
    with a name, and makes it if needed. Raises CannotStart."""
    found = cluster.stat() if cluster.exists() else None
    if os.geteuid() != 0:
        if found and found.st_uid != os.geteuid():
            raise CannotStart(
                f"{cluster} belongs to another user: run as that user, choose another folder with SMITH_DATA_DIR, or, "
                f"as root, run `chown -R {os.geteuid()} {cluster.parent}`"
            )
        return PostgresUser()
    if found and found.st_uid != 0:
        return PostgresUser(found.st_uid, found.st_gid)
    try:
        made = make_user(USER)
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotStart(
            f"PostgreSQL does not run as root and the user `{USER}` cannot be made: run as another user"
        ) from error
    return PostgresUser(made.pw_uid, made.pw_gid)


def let_in(
    user: PostgresUser, cluster: Path, binaries: Path, environment: Mapping[str, str], *, data: Path
) -> PostgresUser:
    """The user, once it can reach the cluster in the data folder and run PostgreSQL's programs.

    Raises CannotStart with the folder that keeps the user out.
    """
    if user.uid is None:
        return user
    wheel = binaries.parents[1]
    for path in (cluster, binaries):
        for closed in closed_above(path, user.uid, user.gid):
            if _is_ours(closed, data):
                closed.chmod(stat.S_IMODE(closed.stat().st_mode) | stat.S_IXOTH)
    if not _can_run(user, cluster.parent, binaries, environment):
        # The programs and the wheel's libraries may have been installed under a strict umask.
        for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
            if _is_ours(part, data):
                _let_read(part)
        if not _can_run(user, cluster.parent, binaries, environment):
            user = PostgresUser(user.uid, user.gid, (cluster.parent, wheel.parent))
            if not _can_run(user, cluster.parent, binaries, environment):
                raise CannotStart(_what_keeps_out(user, cluster, binaries))
    return user


def _is_ours(path: Path, data: Path) -> bool:
    ours = [data, Path(sys.prefix).resolve()]
    if (CHECKOUT / "pyproject.toml").exists():
        ours.append(CHECKOUT)
    return any(one in (path, *path.parents) for one in ours)


def _can_run(user: PostgresUser, folder: Path, binaries: Path, environment: Mapping[str, str]) -> bool:
    """Tries whether the user can run a program: a library, an access list or a security module may prevent it."""
    for command in ([str(binaries / "postgres"), "--version"], ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]):
        try:
            done = subprocess.run(  # noqa: S603 - the wheel's own program, and a question to the shell
                user.command(command), check=False, capture_output=True, env=environment, cwd="/",
                timeout=PROBE_SECONDS, **user.popen(),
            )  # fmt: skip
        except PermissionError:
            return False
        if done.returncode != 0:
            return False
    return True


def _let_read(folder: Path) -> None:
    for path in _all_in(folder):
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | (0o555 if path.is_dir() or mode & stat.S_IXUSR else 0o444))


def _all_in(folder: Path) -> Iterator[Path]:
    if folder.exists():
        yield folder
        yield from (path for path in folder.rglob("*") if not path.is_symlink())


def _what_keeps_out(user: PostgresUser, cluster: Path, binaries: Path) -> str:
    uid, gid = user.uid or 0, user.gid
    closed = [one for path in (cluster, binaries) for one in closed_above(path, uid, gid)]
    advice = "run as another user, or install into, and keep data in, folders that others may pass through"
    if not closed:
        return f"PostgreSQL does not run as root, and user id {uid} cannot run {binaries}/postgres: {advice}"
    return (
        f"PostgreSQL does not run as root, and user id {uid} may not pass through {closed[0]}: allow it with "
        f"`chmod o+x {closed[0]}`, {advice} (SMITH_DATA_DIR)"
    )


def give(user: PostgresUser, cluster: Path) -> bool:
    """Gives a copied data directory to the user that runs PostgreSQL, and closes it to others, as PostgreSQL requires.
    Returns whether anything was changed."""
    changed = False
    if stat.S_IMODE(cluster.stat().st_mode) not in (0o700, 0o750):
        cluster.chmod(0o700)
        changed = True
    if user.uid is not None and any(path.lstat().st_uid != user.uid for path in (cluster, *cluster.iterdir())):
        for path in (cluster, *cluster.rglob("*")):
            user.own(path)
        changed = True
    return changed
