"""Python programs that call the gRPC API can install its generated code without the server."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.docs.reading import read
from tests.packaging.building import LEFTOVERS, ROOT, about, build_wheel, files_below, holds_the_license
from tests.stack import Stack
from tests.team import Team, secret_of
from tests.waiting import LONG

SMITH = ROOT / "gen" / "smith"


@pytest.fixture(scope="module")
def wheel_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `pip install ./gen` installs."""
    tree = tmp_path_factory.mktemp("protos") / "gen"
    shutil.copytree(ROOT / "gen", tree, ignore=shutil.ignore_patterns(*LEFTOVERS))
    return build_wheel(tree, tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def wheel(wheel_file: Path) -> zipfile.ZipFile:
    """To look into."""
    return zipfile.ZipFile(wheel_file)


@pytest.fixture(scope="module")
def python(wheel_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which the wheel is installed, beside the libraries that are installed here."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=3 * LONG)
    made = folder / "bin" / "python"
    [site] = folder.glob("lib/python*/site-packages")
    # The libraries, and not this project: that is found here by .pth files, which count only where site looks for them.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", made, "install", "--quiet"]
    # Without an index: what it asks for must be met by what is there.
    subprocess.run([*pip, "--no-index", wheel_file], check=True, timeout=120)
    return made


def test_the_wheel_has_the_generated_package_its_types_and_the_license(wheel: zipfile.ZipFile) -> None:
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == files_below(SMITH)
    assert {"smith/py.typed", "smith/core/v1/account_pb2.pyi"} <= set(wheel.namelist())
    assert holds_the_license(wheel)


def test_it_has_the_version_of_the_server(wheel: zipfile.ZipFile) -> None:
    assert about(wheel)["Version"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_it_asks_for_libraries_that_take_code_of_this_generator_and_for_no_older_ones(wheel: zipfile.ZipFile) -> None:
    asked = {one.name: one.specifier for one in map(Requirement, about(wheel).get_all("Requires-Dist", []))}
    messages = (SMITH / "core/v1/account_pb2.py").read_text()
    stubs = (SMITH / "core/v1/account_service_pb2_grpc.py").read_text()
    [protobuf] = re.findall(r"^# Protobuf Python Version: (.+)$", messages, re.MULTILINE)
    [grpcio] = re.findall(r"^GRPC_GENERATED_VERSION = '(.+)'$", stubs, re.MULTILINE)
    oldest = {name: [rule.version for rule in asked[name] if rule.operator == ">="] for name in ("grpcio", "protobuf")}
    assert oldest == {"grpcio": [grpcio], "protobuf": [protobuf]}


def test_installed_alone_it_sends_a_push_as_the_document_says(python: Path, stack: Stack, tmp_path: Path) -> None:
    team = Team.of(stack)
    slug, channel_id = team.channel()
    phone, key = team.phone(channel_id=channel_id), team.key(slug)
    program = next(block for block in read("docs/grpc.md").blocks if block.language == "python")
    environment = {"ACTIVITYSMITH_API_KEY": secret_of(key), "PATH": os.environ["PATH"]}
    where = "import smith, sys\nprint(smith.__file__, file=sys.stderr)\n"

    ran = subprocess.run(
        [python, "-c", where + program.text.replace("127.0.0.1:50051", stack.core_address)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=3 * LONG, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stderr.splitlines()[0]).is_relative_to(python.parents[1]), "another copy of the package was used"
    assert ran.stdout.startswith("1 device notified by "), ran.stdout
    phone.shows("Deploy finished")


def test_no_other_module_of_the_server_comes_with_it(python: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [python, "-c", "import core_service"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=3 * LONG,
        check=False,
    )
    assert "No module named 'core_service'" in ran.stderr
