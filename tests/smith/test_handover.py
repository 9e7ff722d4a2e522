"""The moment at which the supervisor's place is taken, with a program that takes no time to start."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cli.up.data_folder import InUse, lock_data_folder
from tests.waiting import LONG, eventually

SUPERVISOR = """
import asyncio, os, sys
from pathlib import Path
from cli.up.child import Program
from cli.up.children import Children
from cli.up.data_folder import hold_data_folder
from cli.up.handover import Handover, hand_over
from cli.up.process_table import ProcessTable
from cli.up.stop_signals import StopSignals

async def main():
    signals, ready = StopSignals(), asyncio.Event()
    ready.set()
    with hold_data_folder(Path(sys.argv[1]), "smith up") as (folder, lock):
        children = Children(ProcessTable(folder), ready)
        children.run(Program("core", ["cat"], dict(os.environ)))
        # `cat` ends with its input, as our processes do. Threads take signals, too.
        await asyncio.to_thread(print, "ready", flush=True)
        await hand_over(Handover(folder, lock, "info", "text", 5), children, signals)
        await children.stop(signals, 5)

asyncio.run(main())
"""


def start(folder: Path) -> "subprocess.Popen[str]":
    """A supervisor of one program that is about to hand over."""
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    eventually("its program runs", (folder / "processes.json").exists)
    return process


def child_of(folder: Path) -> int:
    """The process id of its program."""
    pid = json.loads((folder / "processes.json").read_text())["core"]
    assert isinstance(pid, int)
    return pid


def has_handed_over(process: "subprocess.Popen[str]") -> bool:
    """Whether the small program has taken the place."""
    return "cli.up.keeper" in psutil.Process(process.pid).cmdline()


def has_ended(pid: int) -> bool:
    """Whether the process has ended. Its entry may stay, where the first process of a container reads no exit codes."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def loaded(process: "subprocess.Popen[str]") -> set[str]:
    """The names of its native libraries."""
    return {Path(one.path).name.partition(".")[0] for one in psutil.Process(process.pid).memory_maps()}


@pytest.mark.parametrize("milliseconds", [0, 2, 5, 10, 20, 40, 80, 120, 160, 200, 300])
def test_a_request_to_stop_is_heard_at_every_moment_of_the_handover(tmp_path: Path, milliseconds: int) -> None:
    process = start(tmp_path)
    child = child_of(tmp_path)
    # The moment is what is tried here.
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=3 * LONG)
    assert process.returncode == 0, said
    assert not psutil.pid_exists(child)
    assert not (tmp_path / "processes.json").exists()


def test_a_program_that_runs_goes_on_and_is_restarted_when_it_dies(tmp_path: Path) -> None:
    process = start(tmp_path)
    child = child_of(tmp_path)
    eventually("the place is taken", lambda: has_handed_over(process))
    assert child_of(tmp_path) == child
    psutil.Process(child).kill()
    eventually("it is restarted", lambda: (tmp_path / "processes.json").exists() and child_of(tmp_path) != child)
    assert psutil.Process(child_of(tmp_path)).ppid() == process.pid
    assert not loaded(process) & {"cygrpc", "_pydantic_core", "_rust", "_ssl"}
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=3 * LONG)
    assert process.returncode == 0, said
    assert "core was ended by SIGKILL, restarting it" in said[1]


def test_lock_and_pipes_are_kept_and_go_with_the_process(tmp_path: Path) -> None:
    process = start(tmp_path)
    child = child_of(tmp_path)
    eventually("the place is taken", lambda: has_handed_over(process))
    with pytest.raises(InUse, match=f"process id {process.pid}"), lock_data_folder(tmp_path, "another"):
        pass
    process.kill()
    process.communicate(timeout=3 * LONG)
    eventually("its program ends with its input", lambda: has_ended(child))
    with lock_data_folder(tmp_path, "another"):
        pass
