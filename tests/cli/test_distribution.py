"""The client is a distribution of its own, and the server's has nothing of it."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest
from activitysmith_cli import __version__
from packaging.requirements import Requirement
from setuptools import find_namespace_packages

from tests.packaging.building import about, holds_the_license

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """What `pip install ./activitysmith-cli` installs."""
    folder = tmp_path_factory.mktemp("wheel")
    # Building leaves files behind.
    source = shutil.copytree(
        ROOT / "activitysmith-cli", folder / "source", ignore=shutil.ignore_patterns("build", "*.egg-info")
    )
    building = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*building, "-w", folder, source], check=True, timeout=120)
    [built] = folder.glob("*.whl")
    return zipfile.ZipFile(built)


@pytest.mark.thorough
def test_it_depends_on_typer_and_httpx_only(wheel: zipfile.ZipFile) -> None:
    folder = f"activitysmith_cli-{__version__}.dist-info"
    says = about(wheel)
    assert (says["Name"], says["Version"]) == ("activitysmith-cli", __version__)
    assert sorted(Requirement(line).name for line in says.get_all("Requires-Dist", [])) == ["httpx", "typer"]
    assert holds_the_license(wheel)
    scripts = ConfigParser()
    scripts.read_string(wheel.read(f"{folder}/entry_points.txt").decode())
    assert dict(scripts["console_scripts"]) == {"activitysmith": "activitysmith_cli.main:main"}


def test_it_has_all_of_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    package = ROOT / "activitysmith-cli" / "activitysmith_cli"
    files = {str(file.relative_to(package.parent)) for file in package.rglob("*") if file.suffix in (".py", ".typed")}
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == files


def test_the_servers_distribution_has_none_of_it() -> None:
    find = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    places = [str(ROOT / where) for where in find["where"]]
    packages = [name for place in places for name in find_namespace_packages(place, include=find["include"])]
    assert "gateway" in packages
    assert not [name for name in packages if "activitysmith" in name]
