"""Checks this machine: Python, packages, the data folder, the disk."""

import importlib.metadata
import os
import platform
import shutil
import stat
import sys
from pathlib import Path

from packaging.requirements import Requirement

from cli.backup.manifest import DISTRIBUTION, program_version
from cli.doctor.finding import Finding, fail, ok, warn
from cli.doctor.settings import DoctorSettings
from cli.up.data_folder import absolute

OLDEST = (3, 11)
HOLES = {
    # Only holes in parts of Python that this server uses, with the first patch release of each version that fixes them.
    "CVE-2024-6923: a name may add headers to a mail": {(3, 11): 10, (3, 12): 5},
    "CVE-2024-7592: a cookie may keep a process busy": {(3, 11): 10, (3, 12): 6},
    "CVE-2023-40217: what was sent before TLS may pass for what was sent within": {(3, 11): 5},
}
"""Known security holes of Python (https://nvd.nist.gov/vuln/detail/ and the number). Distributions fix holes without a
new version, so a finding is only a warning."""
SECRETS = ("quickstart.json", "simulator/AuthKey.p8", "simulator/server.key")
"""Files of the data folder that only their owner may read."""
MEGABYTE = 1024 * 1024
LITTLE, NOTHING = 1024 * MEGABYTE, 100 * MEGABYTE
"""Free space, in bytes, below which there is a warning, and below which PostgreSQL soon stops."""


def python(_: DoctorSettings) -> list[Finding]:
    """Checks the version of Python."""
    running = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < OLDEST:
        return [fail("python", running, "Install Python 3.11 or newer.")]
    if holes := known_holes(sys.version_info[:3]):
        said = f"{running} has known holes, unless your distribution has closed them: {'; '.join(holes)}"
        return [warn("python", said, "Upgrade Python, and run `make up` or install the server again.")]
    return [ok("python", running)]


def known_holes(version: tuple[int, int, int]) -> list[str]:
    """The known security holes of this Python."""
    *line, patch = version
    return [hole for hole, closed in HOLES.items() if patch < closed.get((line[0], line[1]), 0)]


def packages(_: DoctorSettings) -> list[Finding]:
    """Checks that the required packages are installed, in the required versions."""
    wrong = []
    requirements = [Requirement(text) for text in importlib.metadata.requires(DISTRIBUTION) or ()]
    needed = [one for one in requirements if one.marker is None or one.marker.evaluate({"extra": ""})]
    for requirement in needed:
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} is {version}, not {requirement.specifier}")
    if wrong:
        advice = f"Install {DISTRIBUTION} {program_version()} again, with the requirements of its release."
        return [fail("packages", "; ".join(wrong), advice)]
    return [ok("packages", f"{DISTRIBUTION} {program_version()}, with all {len(needed)} packages that it requires")]


def data_folder(settings: DoctorSettings) -> list[Finding]:
    """Checks that the server can use the data folder and that other users cannot read its secrets."""
    folder = absolute(settings.data_dir)
    choose = "Choose another folder with SMITH_DATA_DIR, or correct this one."
    if not folder.exists():
        return [warn("data", f"{folder} does not exist", "Is SMITH_DATA_DIR right? `smith up` makes it.")]
    if not folder.is_dir():
        return [fail("data", f"{folder} is not a folder", choose)]
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return [fail("data", f"{folder} is not writable for this user", choose)]
    readable = [name for name in SECRETS if _others_may_read(folder / name)]
    if readable:
        files = " ".join(str(folder / name) for name in readable)
        return [fail("data", f"others can read {', '.join(readable)} in {folder}", f"Run `chmod 600 {files}`.")]
    return [ok("data", str(folder))]


def disk(settings: DoctorSettings) -> list[Finding]:
    """Checks the free space for data."""
    folder = absolute(settings.data_dir)
    place = next(parent for parent in (folder, *folder.parents) if parent.exists())
    usage = shutil.disk_usage(place)
    room = f"{usage.free // MEGABYTE:,} MB free for {place}"
    advice = "Make room: a database that cannot write stops."
    if usage.free < NOTHING:
        return [fail("disk", room, advice)]
    return [warn("disk", room, advice) if usage.free < LITTLE else ok("disk", room)]


def _others_may_read(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except FileNotFoundError:
        return False
