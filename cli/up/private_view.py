"""Runs a program as another user with access to some folders, although folders above them are closed to that user.

`python -m cli.up.private_view UID GID FOLDER... -- COMMAND...`, as root on Linux. The program gets a view of the file
system of its own (mount_namespaces(7)): an empty folder covers each folder that the user may not enter, and contains
only the named folders, under their own paths. Nothing changes on disk or for other processes.
"""

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path

CANNOT = 71
"""Exit code if the system does not allow a view of its own: EX_OSERR of sysexits.h."""

CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000


def command_with_view(uid: int, gid: int, folders: Sequence[Path], command: Sequence[str]) -> list[str]:
    """The command that runs `command` as that user, with access to `folders`."""
    return [sys.executable, "-P", "-m", __name__, str(uid), str(gid), *map(str, folders), "--", *command]


def may_enter(folder: Path, uid: int, gid: int) -> bool:
    """Whether a user with only this group may pass through the folder."""
    found = folder.stat()
    own = 0o100 if found.st_uid == uid else 0o010 if found.st_gid == gid else 0o001
    return bool(found.st_mode & own)


def closed_above(path: Path, uid: int, gid: int) -> list[Path]:
    """The folders above `path` that the user may not pass through, outermost first."""
    return [folder for folder in reversed(path.parents) if not may_enter(folder, uid, gid)]


def _show(folders: Sequence[Path], uid: int, gid: int) -> None:
    """Makes the view. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)

    def mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
        given = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
        if libc.mount(*given, ctypes.c_ulong(flags), options and options.encode()):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), target)

    if libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    # The mounts below must not become visible outside.
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    opened = {folder: os.open(folder, os.O_PATH | os.O_DIRECTORY) for folder in folders}
    outermost = {closed[0] for folder in folders if (closed := closed_above(folder, uid, gid))}
    for folder in outermost:
        mount("none", str(folder), "tmpfs", 0, "mode=0755,size=1m")
    os.umask(0o022)
    for folder, descriptor in opened.items():
        if outermost & set(folder.parents):
            folder.mkdir(parents=True, exist_ok=True)
            mount(f"/proc/self/fd/{descriptor}", str(folder), None, MS_BIND | MS_REC)
        os.close(descriptor)


def main(arguments: list[str]) -> None:
    """Replaces this process by the command. Ends with exit code 71 and one line if that fails."""
    uid, gid, split = int(arguments[0]), int(arguments[1]), arguments.index("--")
    command = arguments[split + 1 :]
    try:
        umask = os.umask(0)
        _show([Path(folder) for folder in arguments[2:split]], uid, gid)
        os.umask(umask)
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        os.chdir("/")
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        print(f"{command[0]} cannot be run with a view of its own: {error}", file=sys.stderr)
        raise SystemExit(CANNOT) from None


if __name__ == "__main__":
    main(sys.argv[1:])
