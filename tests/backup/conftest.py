"""A database that no server runs on, and a backup of it."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.smith_command import answer, environment, succeed
from tests.stack import put_migrated
from tests.waiting import LONG, eventually

STOPPING = """
import os, signal, sys
program = sys.argv.pop(1)
def stop(event, arguments):
    if event == "subprocess.Popen" and os.path.basename(os.fsdecode(arguments[0])) == program:
        os.kill(os.getpid(), signal.SIGSTOP)
sys.addaudithook(stop)
from cli.smith import main
main()
"""
"""A command of `smith` that stops before it starts this program, until it is told to go on."""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database that no server runs on."""
    folder = tmp_path_factory.mktemp("data") / "var"
    put_migrated(folder)
    return folder


@pytest.fixture(scope="module")
def backup(data_dir: Path) -> Path:
    """A good backup of it."""
    file = data_dir.parent / "good"
    succeed(data_dir, "backup", file)
    return file


def cluster(data_dir: Path) -> int:
    """Which database is in place."""
    return (data_dir / "postgres").stat().st_ino


def names(folder: Path) -> list[str]:
    """What is in the folder."""
    return sorted(path.name for path in folder.iterdir())


def stopped_before(program: str, data_dir: Path, *arguments: object) -> "subprocess.Popen[bytes]":
    """A command of `smith` in the midst of its work: it is about to start this program, and does not go on.

    However long a busy machine keeps a test from what it does next, the command does not come to its end meanwhile.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPING, program, *map(str, arguments)],
        env=environment(data_dir), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    seen = psutil.Process(process.pid)
    eventually(f"it is about to start {program}", seen.status, 3 * LONG, until=lambda one: one == psutil.STATUS_STOPPED)
    return process


def is_well(data_dir: Path) -> bool:
    """The database opens, and nothing unfinished lies about."""
    answer(data_dir, "migrate", "--check")
    return not {"restore.partial", "restore.complete"} & set(names(data_dir))
