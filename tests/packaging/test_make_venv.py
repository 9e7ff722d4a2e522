"""`scripts/make_venv.sh` makes an environment that belongs to this checkout, whatever was done to the checkout or is
set for pip. The script is the real one, with the real venv and pip; what it installs is two small distributions."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import LONG

ROOT = Path(__file__).parents[2]
SCRIPTS = ("make_venv.sh", "find_python.sh", "check_platform.py", "pip_alone.py")
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
BACKEND = '''
"""Builds a wheel with one command, and needs nothing to do so."""
import os, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "{name}"
    with zipfile.ZipFile(os.path.join(folder, f"{{name}}-1-py3-none-any.whl"), "w") as wheel:
        wheel.writestr(f"{{name}}.pth", os.getcwd())
        info = f"{{name}}-1.dist-info"
        wheel.writestr(f"{{info}}/METADATA", f"Metadata-Version: 2.1\\nName: {{name}}\\nVersion: 1\\n")
        wheel.writestr(f"{{info}}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{{info}}/entry_points.txt", f"[console_scripts]\\n{{name}} = {{name}}_code:main\\n")
        wheel.writestr(f"{{info}}/RECORD", "")
    return f"{{name}}-1-py3-none-any.whl"
'''
CODE = "from pathlib import Path\n\n\ndef main():\n    print(Path(__file__).parent)\n"
HOSTILE = {
    "PIP_USER": "1", "PIP_TARGET": "/nonexistent", "PIP_PREFIX": "/nonexistent", "PIP_CONSTRAINT": "/nonexistent",
    "PIP_REQUIRE_HASHES": "1", "PYTHONHOME": "/nonexistent", "PYTHONPATH": "/nonexistent",
}  # fmt: skip


def make(checkout: Path, **environment: str) -> str:
    """Runs the script, which must succeed. What it says."""
    done = subprocess.run(
        [checkout / "scripts" / "make_venv.sh", "run"],
        env=os.environ | environment, cwd="/", capture_output=True, text=True, check=False, timeout=150,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


def says_where_it_is(checkout: Path) -> str:
    """What the installed command prints: the folder that its code is in."""
    command = checkout / ".venv" / "bin" / "demo"
    return subprocess.run([command], check=True, capture_output=True, text=True, timeout=3 * LONG).stdout.strip()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with an environment that was made where everything is set against it."""
    checkout = tmp_path_factory.mktemp("it's a, place") / "first"
    for folder, name in ((checkout, "demo"), (checkout / "activitysmith-cli", "demo_cli")):
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(PROJECT)
        (folder / "backend.py").write_text(BACKEND.format(name=name))
        (folder / f"{name}_code.py").write_text(CODE)
    for name in ("scripts", "requirements", "var"):
        (checkout / name).mkdir()
    (checkout / "requirements" / "run.txt").write_text("# nothing\n")
    for name in SCRIPTS:
        shutil.copy(ROOT / "scripts" / name, checkout / "scripts" / name)
    settings = checkout.parent / "pip.conf"
    settings.write_text("[install]\nuser = true\ntarget = /nonexistent\n")
    make(checkout, PIP_CONFIG_FILE=str(settings), **HOSTILE)
    return checkout


@pytest.mark.thorough
def test_the_environment_is_made_in_the_checkout_whatever_is_set_for_pip(made: Path) -> None:
    assert says_where_it_is(made) == str(made)


@pytest.mark.thorough
def test_nothing_is_done_twice(made: Path) -> None:
    assert make(made) == ""


@pytest.mark.thorough
def test_what_is_to_be_installed_is_installed_again_once_it_changes(made: Path) -> None:
    requirements = made / "requirements" / "run.txt"
    stamp = (made / ".venv" / ".stamp-run").stat().st_mtime
    os.utime(requirements, (stamp + 1, stamp + 1))
    assert "Installing" in make(made)
    os.utime(requirements, (stamp - 1, stamp - 1))


@pytest.mark.thorough
def test_a_checkout_that_was_copied_gets_an_environment_of_its_own_and_keeps_its_data(made: Path) -> None:
    copy = made.with_name("copy")
    (made / "var" / "kept").write_text("data")
    shutil.copytree(made, copy, symlinks=True)
    assert "belongs to another place" in make(copy)
    assert says_where_it_is(copy) == str(copy), "not the original's code"
    assert (copy / "var" / "kept").read_text() == "data"
    moved = made.with_name("moved")
    copy.rename(moved)
    make(moved)
    assert says_where_it_is(moved) == str(moved)


@pytest.mark.thorough
def test_an_environment_whose_making_was_interrupted_is_made_again(made: Path) -> None:
    """Its Python would be the machine's own, and so would be what is installed."""
    (made / ".venv" / "pyvenv.cfg").unlink()
    assert "Making .venv" in make(made)
    assert says_where_it_is(made) == str(made)


@pytest.mark.thorough
def test_an_environment_whose_python_is_gone_is_made_again(made: Path) -> None:
    for link in (made / ".venv" / "bin").glob("python*"):
        link.unlink()
    (made / ".venv" / "bin" / "python").symlink_to("/nonexistent/python3.11")
    assert "Making .venv" in make(made)
    assert says_where_it_is(made) == str(made)


sys.path.insert(0, str(ROOT / "scripts"))
from check_platform import missing  # noqa: E402
from pip_alone import environment  # noqa: E402


@pytest.mark.parametrize(
    ("system", "machine", "libc", "is_64bit", "said"),
    [
        ("Linux", "x86_64", ("glibc", "2.36"), True, None),
        ("Linux", "aarch64", ("glibc", "2.27"), True, None),
        ("Darwin", "arm64", ("", ""), True, None),
        ("Linux", "x86_64", ("", ""), True, "glibc, which Alpine (musl) has not"),
        ("Linux", "x86_64", ("musl", "1.2.5"), True, "glibc, which Alpine (musl) has not"),
        ("Linux", "x86_64", ("glibc", "2.17"), True, "needs glibc 2.27 or newer, and this is 2.17"),
        ("Linux", "armv7l", ("glibc", "2.36"), False, "64-bit x86 and ARM only"),
        ("Linux", "aarch64", ("glibc", "2.36"), False, "(32 bits)"),
        ("Windows", "AMD64", ("", ""), True, "runs on Linux and macOS"),
    ],
)
def test_a_machine_without_packages_is_told_so_in_one_line(
    system: str, machine: str, libc: tuple[str, str], is_64bit: bool, said: str | None
) -> None:
    answer = missing(system, machine, libc, is_64bit=is_64bit)
    assert answer is None if said is None else said in (answer or "")


def test_pip_keeps_where_packages_come_from_and_forgets_where_they_would_go() -> None:
    listed = (
        "global.index-url='https://packages.example/simple'\n"
        "global.extra-index-url='\\nhttps://a.example/simple\\nhttps://b.example/simple'\n"
        "install.user='true'\ninstall.trusted-host='a.example'\n"
        ":env:.index-url='https://mine.example/simple'\n:env:.target='/x'\n"
    )
    before = {"PIP_TARGET": "/x", "PIP_INDEX_URL": "https://mine.example/simple", "HTTPS_PROXY": "http://proxy:3128"}
    after = environment(before, listed)
    assert after == {
        "HTTPS_PROXY": "http://proxy:3128",
        "PIP_INDEX_URL": "https://mine.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://a.example/simple https://b.example/simple",
        "PIP_TRUSTED_HOST": "a.example",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
