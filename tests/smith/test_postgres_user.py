"""Started by root, PostgreSQL runs as another user, who gets to what it needs; folders of others stay as they are."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.up.errors import CannotStart
from cli.up.postgres import newest_binaries
from cli.up.postgres_user import PostgresUser, let_in
from cli.up.private_view import command_with_view

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C"}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="smith-user-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def nobody() -> PostgresUser:
    """A user who owns nothing."""
    found = pwd.getpwnam("nobody")
    return PostgresUser(found.pw_uid, found.pw_gid)


def installed(environment: Path, umask: int) -> Path:
    """The programs, installed there as pip does under this umask."""
    wheel = newest_binaries().parents[1]
    packages = environment / "lib"
    for part in (wheel / "pginstall18", wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(part, packages / part.relative_to(wheel.parent), symlinks=True)
    for path in (environment, *environment.rglob("*")):
        if not path.is_symlink():
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~umask)
    return packages / wheel.name / "pginstall18" / "bin"


@pytest.mark.parametrize("umask", [0o027, 0o077])
def test_programs_installed_under_a_strict_umask_can_be_run(
    place: Path, nobody: PostgresUser, monkeypatch: pytest.MonkeyPatch, umask: int
) -> None:
    environment, data = place / "venv", place / "var"
    binaries = installed(environment, umask)
    partial = data / "restore.partial"
    for folder in (data, partial):
        folder.mkdir(mode=0o777 & ~umask)
    monkeypatch.setattr(sys, "prefix", str(environment))
    user = let_in(nobody, partial / "postgres", binaries, ENVIRONMENT, data=data)
    assert not user.shown, "what is ours is opened, no view is needed"
    done = subprocess.run([binaries / "initdb", "--version"], check=True, capture_output=True, **user.popen())
    assert b"PostgreSQL" in done.stdout


def test_a_closed_folder_of_others_is_passed_by_a_view_and_keeps_its_mode(place: Path, nobody: PostgresUser) -> None:
    home = place / "home"
    data = home / "somebody" / "var"
    data.mkdir(parents=True)
    home.chmod(0o700)
    (home / "secret").write_text("s")
    data.chmod(0o755)
    assert nobody.uid is not None
    command = command_with_view(nobody.uid, nobody.gid, [data], ["/bin/ls", "-A", str(home), str(data.parent)])
    listed = subprocess.run(command, check=False, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip(listed.stderr)
    assert "secret" not in listed.stdout
    assert "var" in listed.stdout
    assert let_in(nobody, data / "postgres", newest_binaries(), ENVIRONMENT, data=data).shown
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_where_there_is_no_view_the_closed_folder_is_named(
    place: Path, nobody: PostgresUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = place / "home"
    data = home / "var"
    data.mkdir(parents=True)
    home.chmod(0o700)
    # As in a container that lets its root mount nothing.
    monkeypatch.setattr("cli.up.postgres_user.command_with_view", lambda *_: ["/bin/false"])
    with pytest.raises(CannotStart, match=f"may not pass through {home}: allow it with `chmod o\\+x {home}`"):
        let_in(nobody, data / "postgres", newest_binaries(), ENVIRONMENT, data=data)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
