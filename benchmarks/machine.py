"""Describes the machine of the figures."""

import datetime as dt
import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil
import psycopg


def describe_machine(database_url: str) -> dict[str, str]:
    """Facts about the machine, by name. The load average shows whether it was quiet."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    assert row is not None
    return {
        "date": dt.datetime.now().astimezone().isoformat(timespec="seconds"),
        "server": version("activitysmith-server"),
        "CPU": _cpu_model(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "PostgreSQL": str(row[0]),
        "load average before": f"{os.getloadavg()[0]:.2f}",
    }


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
