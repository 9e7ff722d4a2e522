"""What is installed is pinned by version and by hash, and the files that say so agree."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = {"run": (), "image": ("tracing",), "dev": ("dev",)}
"""By name the extras of the server that are in it."""
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)(?: ; (.+?))? \\$")
OWN = {"activitysmith-server"}


def pins(name: str) -> dict[str, tuple[str, int, str]]:
    """By package: version, number of hashes, marker."""
    found: dict[str, tuple[str, int, str]] = {}
    last = ""
    for line in (ROOT / "requirements" / f"{name}.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        if pin := PIN.match(line):
            last = canonicalize_name(pin[1])
            found[last] = (pin[2], 0, pin[3] or "")
        else:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line), line
            version, hashes, marker = found[last]
            found[last] = (version, hashes + 1, marker)
    return found


def constraints() -> dict[str, str]:
    """The versions that the tests ran with."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    parts = [line.partition("==") for line in lines if "==" in line]
    return {canonicalize_name(name): version for name, _, version in parts}


def asked_for(*extras: str) -> list[Requirement]:
    """What the two distributions ask for."""
    texts: list[str] = []
    for path in ("pyproject.toml", "activitysmith-cli/pyproject.toml"):
        project = tomllib.loads((ROOT / path).read_text())["project"]
        texts += project["dependencies"]
        for extra in extras:
            texts += project.get("optional-dependencies", {}).get(extra, [])
    return [one for one in map(Requirement, texts) if canonicalize_name(one.name) not in OWN]


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_a_hash(name: str) -> None:
    locked = pins(name)
    assert len(locked) > 50
    assert [package for package, (_, hashes, _) in locked.items() if hashes == 0] == []


@pytest.mark.parametrize("name", LOCKS)
def test_the_versions_are_those_that_the_tests_ran_with(name: str) -> None:
    """What other systems or older Pythons need on top is not installed here, and has a marker that says so."""
    known = constraints()
    differing = {
        package: version
        for package, (version, _, marker) in pins(name).items()
        if known.get(package) != version and not (package not in known and marker)
    }
    assert differing == {}, "run scripts/lock_requirements.sh"


@pytest.mark.parametrize(("name", "extras"), LOCKS.items())
def test_all_that_is_asked_for_is_locked_and_fits(name: str, extras: tuple[str, ...]) -> None:
    locked = pins(name)
    for requirement in asked_for(*extras):
        package = canonicalize_name(requirement.name)
        assert package in locked, f"{package}: run scripts/lock_requirements.sh"
        assert requirement.specifier.contains(locked[package][0], prereleases=True), package
    assert "setuptools" in locked, "builds our own distributions, without isolation"
