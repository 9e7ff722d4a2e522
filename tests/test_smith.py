"""The `smith` command as such."""

import importlib.metadata
import importlib.util
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli.commands.serve import PACKAGES, Process
from cli.smith import app
from tests.stack import SMITH
from tests.waiting import LONG

COMMANDS = [
    "up", "serve", "migrate", "backup", "restore", "health", "status", "doctor", "pair", "account create",
    "account reset-password", "account reset-second-factor", "key create", "key list", "key revoke",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_explain_themselves(command: str) -> None:
    shown = CliRunner().invoke(app, [*command.split(), "--help"], prog_name="smith", env={"COLUMNS": "120"})
    assert shown.exit_code == 0
    assert f"Usage: smith {command}" in shown.output


def test_the_command_starts_quickly_and_knows_its_version() -> None:
    version = subprocess.run([SMITH, "--version"], capture_output=True, text=True, check=True, timeout=3 * LONG).stdout
    assert version == f"smith {importlib.metadata.version('activitysmith-server')}\n"
    heavy = {"alembic", "cryptography", "grpc", "httpx", "psutil", "psycopg", "pydantic", "segno", "sqlalchemy"}
    listing = "import sys, cli.smith; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True, timeout=3 * LONG
    )
    assert not heavy & set(loaded.stdout.split())


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["nonsense"], ["backup"], ["backup", "a", "b"], ["restore", "--nonsense"], ["serve"], ["serve", "nonsense"],
        ["key"], ["key", "create"], ["key", "create", "x", "--scope", "some"], ["account", "create", "x"],
        ["account", "create", "x", "--email", "a@b.test", "--generate-password", "--password-stdin"],
        ["account", "create", "\udcff", "--email", "a@b.test"], ["pair", "--user", "\udcff"],
        ["pair", "--browser", "chrome"], ["pair", "--simulated", "x", "--browser", "opera"], ["health", "nonsense"],
        ["health", "core", "--timeout", "0"], ["doctor", "--only", "nonsense"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_told_with_exit_code_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_every_process_that_can_be_served_is_there() -> None:
    assert set(PACKAGES) == set(Process)
    for package in PACKAGES.values():
        assert importlib.util.find_spec(f"{package}.__main__")


def test_wrong_usage_of_the_program_itself_is_told_with_exit_code_2() -> None:
    assert subprocess.run([SMITH, "nonsense"], capture_output=True, check=False, timeout=3 * LONG).returncode == 2
