"""The `smith` command as such."""

import subprocess
import sys

import pytest

from tests.stack import SMITH


def test_commands_explain_themselves_quickly() -> None:
    for command in ("up", "migrate", "backup", "restore"):
        shown = subprocess.run([SMITH, command, "--help"], capture_output=True, text=True, check=True, timeout=30)
        assert f"Usage: smith {command}" in shown.stdout
    heavy = {"alembic", "cryptography", "grpc", "httpx", "psycopg", "pydantic", "sqlalchemy"}
    listing = "import sys, cli.smith; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True, timeout=30)
    assert not heavy & set(loaded.stdout.split())


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["backup"], ["backup", "a", "b"], ["restore", "--nonsense"]])
def test_wrong_usage_is_told_with_exit_code_2(arguments: list[str]) -> None:
    assert subprocess.run([SMITH, *arguments], capture_output=True, check=False, timeout=30).returncode == 2
