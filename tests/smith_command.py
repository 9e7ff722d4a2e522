"""The commands of `smith` that come to an end by themselves, run as a person or cron would."""

import json
import os
import subprocess
from pathlib import Path
from typing import IO, Any

from tests.stack import SMITH
from tests.waiting import LONG

SECONDS = 3 * LONG


def environment(data_dir: Path, **env: str) -> dict[str, str]:
    """Ours, with the settings of this server only."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SMITH_")}
    return ours | {"SMITH_DATA_DIR": str(data_dir), **env}


def smith(
    data_dir: Path,
    *arguments: object,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | int = subprocess.PIPE,
    **env: str,
) -> subprocess.CompletedProcess[bytes]:
    """Runs a command to its end, however that is."""
    return subprocess.run(
        [SMITH, *map(str, arguments)],
        env=environment(data_dir, **env),
        stdin=stdin or subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=SECONDS,
        check=False,
    )


def succeed(data_dir: Path, *arguments: object, **options: Any) -> str:
    """What a command that must succeed prints."""
    done = smith(data_dir, *arguments, **options)
    assert done.returncode == 0, done.stderr.decode()
    return (done.stdout or b"").decode()


def answer(data_dir: Path, *arguments: object, **env: str) -> dict[str, Any]:
    """The JSON of a command that must succeed."""
    return dict(json.loads(succeed(data_dir, *arguments, "--json", **env)))


def refuse(data_dir: Path, *arguments: object, code: int, **options: Any) -> str:
    """The one line of a command that must end with this exit code."""
    done = smith(data_dir, *arguments, **options)
    said = done.stderr.decode()
    assert done.returncode == code, said
    assert "Traceback" not in said
    lines = [line for line in said.splitlines() if line.startswith(f"smith {arguments[0]}: ")]
    assert len(lines) == 1, said
    return lines[0]
