"""Ends the processes that a killed supervisor has left behind."""

import json
import logging
import signal
from pathlib import Path

import psutil

log = logging.getLogger(__name__)


def stop_leftover_processes(data_dir: Path, patience: float) -> None:
    """Ends the processes that a killed supervisor of this data folder had started. The folder's lock must be held.

    They stop by themselves when the supervisor dies. This waits for that, at most `patience` seconds, then kills them.
    """
    path = data_dir / "processes.json"
    if not path.exists():
        return
    try:
        pids = json.loads(path.read_text())
    except ValueError:
        log.warning("%s is damaged and is ignored", path)
        pids = {}
    leftovers = [process for name, pid in pids.items() if (process := _ours(name, pid, data_dir))]
    if leftovers:
        log.info("waiting for %d processes of an earlier run to stop", len(leftovers))
        end(leftovers, signal.SIGTERM, patience)
    path.unlink(missing_ok=True)


def _ours(name: str, pid: int, data_dir: Path) -> psutil.Process | None:
    """The process; None if it has ended and another process has its id. PostgreSQL is handled elsewhere."""
    if name == "postgres":
        return None
    try:
        process = psutil.Process(pid)
        environment = process.environ()
    except psutil.Error:
        return None
    same = environment.get("SMITH_DATA_DIR") == str(data_dir) and environment.get("SMITH_STOP_AT_EOF") == "1"
    return process if same else None


def postgres_processes(cluster: Path) -> list[psutil.Process]:
    """All processes of the PostgreSQL on this data directory: it is their working folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "postgres" and process.cwd() == str(cluster):
                found.append(process)
        except psutil.Error:
            continue
    return found


def end(processes: list[psutil.Process], signum: signal.Signals, patience: float) -> None:
    """Sends the signal, waits at most `patience` seconds for all to end, and kills those that have not."""
    for process in processes:
        _signal(process, signum)
    _, alive = psutil.wait_procs(processes, timeout=patience)
    for process in alive:
        log.warning("process %d does not stop and is killed", process.pid)
        _signal(process, signal.SIGKILL)
    psutil.wait_procs(alive, timeout=5)


def _signal(process: psutil.Process, signum: signal.Signals) -> None:
    try:
        process.send_signal(signum)
    except psutil.NoSuchProcess:
        return
