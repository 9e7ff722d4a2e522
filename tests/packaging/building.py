"""Builds wheels of copies: what lies about in a checkout must not help, and building leaves files behind."""

import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFTOVERS = ("__pycache__", "build", "*.egg-info")
BUILD = "import setuptools.build_meta as backend, sys; backend.build_wheel(sys.argv[1])"


def build_wheel(tree: Path, target: Path) -> Path:
    """The wheel of the distribution in `tree`, the only one in `target`. Nothing is installed for it."""
    subprocess.run([sys.executable, "-c", BUILD, target], cwd=tree, check=True, capture_output=True, timeout=120)
    [path] = target.glob("*.whl")
    return path


def about(wheel: zipfile.ZipFile) -> Message:
    """What the wheel says of itself: https://packaging.python.org/specifications/core-metadata/."""
    [name] = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(wheel.read(name).decode())


def holds_the_license(wheel: zipfile.ZipFile) -> bool:
    """Whether it names the project's license as SPDX does, and brings its text along."""
    texts = [name for name in wheel.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
    return about(wheel)["License-Expression"] == "Apache-2.0" and [wheel.read(name) for name in texts] == [
        (ROOT / "LICENSE").read_bytes()
    ]


def files_below(folder: Path) -> set[str]:
    """What belongs to a package, named as the wheel names it."""
    return {
        str(path.relative_to(folder.parent))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
