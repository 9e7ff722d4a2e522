"""The wheel holds all that the server needs where there is no source tree."""

import shutil
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement

from tests.packages import SERVER
from tests.packaging.building import LEFTOVERS, ROOT, about, build_wheel, files_below, holds_the_license

OVERRIDDEN = {"httptools", "limits", "nicegui", "uvicorn"}
"""Libraries whose insides our code replaces or leans on: any other version may break it without a word."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built as a release is."""
    tree = tmp_path_factory.mktemp("tree")
    for name in (*SERVER, "gen"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns(*LEFTOVERS))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    return zipfile.ZipFile(build_wheel(tree, tmp_path_factory.mktemp("wheel")))


def test_every_file_of_our_packages_is_in_the_wheel_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    wanted = files_below(ROOT / "gen" / "smith").union(*(files_below(ROOT / name) for name in SERVER))
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == wanted
    assert {"admin_ui/static/theme.css", "core_service/migrations/env.py", "smith/core/v1/account_pb2.py"} <= held


def test_the_wheel_has_the_version_the_command_and_the_license(wheel: zipfile.ZipFile) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert "smith = cli.smith:main" in wheel.read(f"activitysmith_server-{version}.dist-info/entry_points.txt").decode()
    assert about(wheel)["Version"] == version
    assert holds_the_license(wheel)


def test_a_library_whose_insides_are_overridden_is_asked_for_in_one_version(wheel: zipfile.ZipFile) -> None:
    asked = [Requirement(line) for line in about(wheel).get_all("Requires-Dist", [])]
    exact = {one.name for one in asked if [rule.operator for rule in one.specifier] == ["=="]}
    assert exact == OVERRIDDEN


def test_the_image_is_built_from_what_the_wheel_is() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert let_in == {*SERVER, "gen", "pyproject.toml", "README.md", "LICENSE", "requirements"}
