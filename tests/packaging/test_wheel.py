"""The wheel holds all that the server needs where there is no source tree."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("admin_ui", "cli", "core_service", "delivery_service", "gateway", "service_kit", "simulator")
LEFTOVERS = ("__pycache__", "*.egg-info")
BUILD = "import setuptools.build_meta as backend, sys; backend.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built from a copy of the tree, as a release is: what lies about in a checkout must not help."""
    tree, target = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in (*PACKAGES, "gen"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns(*LEFTOVERS))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tree / name)
    subprocess.run([sys.executable, "-c", BUILD, target], cwd=tree, check=True, capture_output=True, timeout=120)
    [path] = target.iterdir()
    return zipfile.ZipFile(path)


def files_below(folder: Path) -> set[str]:
    """What belongs to a package, named as the wheel names it."""
    return {
        str(path.relative_to(folder.parent))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_every_file_of_our_packages_is_in_the_wheel_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    wanted = files_below(ROOT / "gen" / "smith").union(*(files_below(ROOT / name) for name in PACKAGES))
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == wanted
    assert {"admin_ui/static/theme.css", "core_service/migrations/env.py", "smith/core/v1/account_pb2.py"} <= held


def test_the_wheel_has_the_version_and_the_command(wheel: zipfile.ZipFile) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    folder = f"activitysmith_server-{version}.dist-info"
    assert "smith = cli.smith:main" in wheel.read(f"{folder}/entry_points.txt").decode()
    assert f"\nVersion: {version}\n" in wheel.read(f"{folder}/METADATA").decode()


def test_the_image_is_built_from_what_the_wheel_is() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in == {*PACKAGES, "gen", "pyproject.toml", "README.md", "requirements"}
