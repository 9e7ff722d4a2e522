"""The newest releases of the official SDKs, in a folder that is thrown away."""

import subprocess
import sys
from pathlib import Path

from tests.sdk.packages import NAME, Packages
from tests.sdk.programs import REPOSITORY

INSTALL_SECONDS = 300


class NotInstalledError(Exception):
    """The registry cannot be asked, or what it gives cannot be installed."""


def install(folder: Path) -> Packages:
    """Installs both into the folder, from the registries that pip and npm of this machine are configured with.

    Raises NotInstalledError with a sentence for people.
    """
    packages = Packages(folder / "python", folder / "node" / "node_modules")
    packages.node.parent.mkdir()
    # pip alone, so that no setting that is meant for other environments leads it elsewhere.
    pip = [sys.executable, str(REPOSITORY / "scripts" / "pip_alone.py"), "install", "--quiet"]
    _run("pip", [*pip, "--disable-pip-version-check", "--target", str(packages.python), NAME])
    npm = ["npm", "install", "--prefix", str(packages.node.parent), "--ignore-scripts", "--no-audit", "--no-fund"]
    _run("npm", [*npm, f"{NAME}@latest"])
    return packages


def _run(tool: str, command: list[str]) -> None:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    except FileNotFoundError:
        raise NotInstalledError(f"{tool} is not installed on this machine.") from None
    except subprocess.TimeoutExpired:
        raise NotInstalledError(_sentence(tool, f"no answer within {INSTALL_SECONDS} s")) from None
    if ended.returncode:
        said = [line for line in ended.stderr.splitlines() if line.strip()]
        raise NotInstalledError(_sentence(tool, "\n".join(said[:6]) or f"exit code {ended.returncode}"))


def _sentence(tool: str, why: str) -> str:
    return f"{tool} could not install the newest {NAME} from the registry that it is configured with:\n{why}"
