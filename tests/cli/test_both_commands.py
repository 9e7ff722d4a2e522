"""`smith` and `activitysmith` look alike: help, wrong usage, versions and exit codes have one form."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import LONG

BIN = Path(sys.executable).parent
PROGRAMS = ("smith", "activitysmith")


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """What the command says, in a terminal of 80 columns."""
    environment = {"PATH": str(BIN), "COLUMNS": "80", **env}
    return subprocess.run(
        [BIN / words[0], *words[1:]], env=environment, capture_output=True, text=True, timeout=3 * LONG, check=False
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_is_plain_and_has_the_same_parts(program: str) -> None:
    shown = run(program, "-h", FORCE_COLOR="1")
    assert shown.returncode == 0
    parts = re.findall(r"^(?:Usage|Options|Commands|  Exit codes):", shown.stdout, re.MULTILINE)
    assert parts == ["Usage:", "Options:", "Commands:", "  Exit codes:"]
    assert "--version             Say which version this is.\n" in shown.stdout
    assert "0 done, 1 failed, 2 wrong usage" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80
    assert all(line.isprintable() for line in shown.stdout.splitlines())


@pytest.mark.parametrize("program", PROGRAMS)
def test_versions_are_said_alike(program: str) -> None:
    said = run(program, "--version")
    assert said.returncode == 0
    assert re.fullmatch(rf"{program} \d+\.\d+\.\d+\n", said.stdout)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("smith", "nix"), "No such command 'nix'."),
        (("activitysmith", "nix"), "No such command 'nix'."),
        (("smith", "backup", "--nix"), "No such option: --nix"),
        (("activitysmith", "push", "--nix"), "No such option: --nix"),
        (("smith", "account", "create", "x"), "Missing option '--email'."),
        (("activitysmith", "push"), "Missing option '--title'."),
    ],
)
def test_wrong_usage_is_one_line_on_standard_error_after_how_to_use_it(words: tuple[str, ...], told: str) -> None:
    said = run(*words)
    assert (said.returncode, said.stdout) == (2, "")
    usage, hint, _, error = said.stderr.splitlines()
    assert usage.startswith(f"Usage: {words[0]} ")
    assert hint.startswith(f"Try '{words[0]} ")
    assert error.startswith(f"Error: {told}")


def test_a_failure_is_the_command_a_colon_and_why(tmp_path: Path) -> None:
    missing = run("smith", "backup", str(tmp_path / "file"), SMITH_DATA_DIR=str(tmp_path / "none"))
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.startswith("smith backup: there is no database in ")
    away = run(
        "activitysmith", "push", "--title", "x", ACTIVITYSMITH_API_KEY="x", ACTIVITYSMITH_BASE_URL="http://127.0.0.1:1"
    )
    assert (away.returncode, away.stdout) == (1, "")
    assert away.stderr.startswith("activitysmith push: cannot reach ")
    assert {missing.stderr.count("\n"), away.stderr.count("\n")} == {1}
