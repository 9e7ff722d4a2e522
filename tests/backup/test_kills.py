"""A restore that is killed, told to stop or out of space: the old database is there whole, or the new one is."""

import resource
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cli.up.unfinished_restore import settle_restore
from tests.backup.conftest import cluster, is_well, names, stopped_before
from tests.smith_command import answer, environment
from tests.stack import SMITH
from tests.waiting import LONG

pytestmark = pytest.mark.thorough


def test_a_restore_that_fails_leaves_the_old_database(data_dir: Path, backup: Path) -> None:
    """Files may not grow beyond a limit, which fails as a full disk does."""
    before, limit = cluster(data_dir), 8 * 1024 * 1024
    done = subprocess.run(
        [SMITH, "restore", backup], env=environment(data_dir), check=False, capture_output=True, timeout=3 * LONG,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )  # fmt: skip
    assert done.returncode in (1, 2)
    assert b"smith restore: " in done.stderr
    assert b"Traceback" not in done.stderr
    assert cluster(data_dir) == before
    assert is_well(data_dir)


def postgres_of(folder: Path) -> list[psutil.Process]:
    """Every PostgreSQL process that works in the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "postgres" and str(folder) in process.cwd():
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_restore_that_is_killed_while_it_builds_leaves_the_old_database(data_dir: Path, backup: Path) -> None:
    before = cluster(data_dir)
    partial = data_dir / "restore.partial"
    process = stopped_before("pg_restore", data_dir, "restore", backup)
    assert (partial / "postgres" / "postmaster.pid").exists(), "it builds"
    process.kill()
    process.communicate()
    assert cluster(data_dir) == before
    assert is_well(data_dir), "the next command clears up"
    assert not postgres_of(partial)
    assert cluster(data_dir) == before


def test_a_restore_that_is_told_to_stop_leaves_the_old_database(data_dir: Path, backup: Path) -> None:
    before = cluster(data_dir)
    process = stopped_before("pg_restore", data_dir, "restore", backup)
    assert (data_dir / "restore.partial" / "postgres" / "postmaster.pid").exists(), "it builds"
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate(timeout=3 * LONG)
    assert process.returncode == 130, said
    assert not (data_dir / "restore.partial").exists()
    assert not postgres_of(data_dir)
    assert cluster(data_dir) == before


KILLING = """
import os, signal, sys
left = int(sys.argv.pop(1))
def count(event, arguments):
    global left
    # Each change of names in the folder.
    if event in ("os.rename", "os.mkdir", "os.rmdir", "os.remove") and MARK in os.fspath(arguments[0]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
"""
"""Kills its own process before the change with this number."""


def killing(mark: str, left: int, code: str, *arguments: object, **env: str) -> int:
    """Runs the code in a process that is killed before it has changed more than `left` names with the mark in them."""
    script = KILLING.replace("MARK", repr(mark)) + code
    command = [sys.executable, "-c", script, str(left), *map(str, arguments)]
    return subprocess.run(command, env=env or None, check=False, timeout=3 * LONG, capture_output=True).returncode


def test_a_restore_that_is_killed_with_no_database_in_place_is_completed_by_the_next_command(
    data_dir: Path, backup: Path
) -> None:
    before = cluster(data_dir)
    # Of the names under `restore.complete` the first to change is the new database's; by then the old one has left.
    code = "from cli.smith import main; main()"
    killed = killing("restore.complete", 0, code, "restore", backup, **environment(data_dir))
    assert killed == -signal.SIGKILL
    assert not (data_dir / "postgres").exists()
    assert cluster(data_dir / "replaced") == before
    assert is_well(data_dir)
    assert cluster(data_dir) != before
    assert answer(data_dir, "backup", backup, "--force")["manifest"]


def prepared(folder: Path) -> Path:
    """A folder in which a restore is built and not yet valid, beside the old state and one that was replaced before."""
    for place, word in ((folder, "old"), (folder / "restore.partial", "new"), (folder / "replaced", "older")):
        (place / "postgres" / "base").mkdir(parents=True)
        (place / "postgres" / "base" / "data").write_text(word)
        (place / "quickstart.json").write_text(word)
    (folder / "restore.partial" / "logs").mkdir()
    return folder


def words(folder: Path) -> set[str]:
    """Which state is in a folder."""
    return {(folder / "postgres" / "base" / "data").read_text(), (folder / "quickstart.json").read_text()}


MAKE_VALID = "from pathlib import Path; from cli.up.unfinished_restore import make_valid; make_valid(Path(sys.argv[1]))"
SETTLE = (
    "from pathlib import Path; from cli.up.unfinished_restore import settle_restore; settle_restore(Path(sys.argv[1]))"
)


def test_killed_at_any_moment_there_is_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    outcomes = []
    for moment in range(100):
        folder = prepared(tmp_path / str(moment))
        code = killing("", moment, MAKE_VALID, folder)
        settle_restore(folder)
        assert {"postgres", "quickstart.json", "replaced"} == set(names(folder))
        outcomes.append(words(folder))
        assert words(folder / "replaced") == ({"older"} if outcomes[-1] == {"old"} else {"old"})
        if code == 0:
            break
    assert outcomes[0] == {"old"}
    assert outcomes[1:] == [{"new"}] * (moment)
    assert moment > 8


def test_killed_again_and_again_it_gets_there(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "folder")
    assert killing("", 1, MAKE_VALID, folder) == -signal.SIGKILL
    for _ in range(100):
        if killing("", 3, SETTLE, folder) == 0:
            break
    assert words(folder) == {"new"}
    assert words(folder / "replaced") == {"old"}
