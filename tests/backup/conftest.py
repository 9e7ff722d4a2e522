"""A database that no server runs on, and a backup of it."""

from pathlib import Path

import pytest

from tests.smith_command import answer, succeed
from tests.stack import put_migrated


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


def is_well(data_dir: Path) -> bool:
    """The database opens, and nothing unfinished lies about."""
    answer(data_dir, "migrate", "--check")
    return not {"restore.partial", "restore.complete"} & set(names(data_dir))
