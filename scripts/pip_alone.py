"""Runs pip with only the network settings of this machine's pip configuration.

`python scripts/pip_alone.py ARGUMENTS`. Index, proxy and certificates are taken from pip.conf and `PIP_…`. Settings
such as `user`, `target`, `prefix`, `constraint` or `require-hashes` are meant for other environments: with them pip
would install our packages elsewhere, or refuse them.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping

NETWORK = {
    "index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "cert", "client-cert", "proxy", "timeout",
    "default-timeout", "retries", "resume-retries", "keyring-provider", "cache-dir", "no-cache-dir", "use-feature",
    "use-deprecated",
}  # fmt: skip
SECTIONS = ("global.", "install.", ":env:.")
"""The sources of pip's configuration; the last one counts."""


def network_settings(listed: str) -> dict[str, str]:
    """Variables for the network settings in the output of `pip config list`."""
    found = {}
    for section in SECTIONS:
        for line in listed.splitlines():
            name, equals, value = line.partition("=")
            option = name.removeprefix(section)
            if equals and name.startswith(section) and option in NETWORK:
                found["PIP_" + option.upper().replace("-", "_")] = " ".join(str(ast.literal_eval(value)).split())
    return found


def environment(before: Mapping[str, str], listed: str) -> dict[str, str]:
    """The environment for pip."""
    left = {name: value for name, value in before.items() if not name.upper().startswith("PIP_")}
    return left | network_settings(listed) | {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def main() -> None:
    """Replaces this process by pip."""
    pip = [sys.executable, "-I", "-m", "pip"]
    # Without PIP_CONFIG_FILE pip reads every configuration file.
    listed = subprocess.run([*pip, "config", "list"], check=True, capture_output=True, text=True)  # noqa: S603
    os.execve(pip[0], [*pip, *sys.argv[1:]], environment(os.environ, listed.stdout))  # noqa: S606


if __name__ == "__main__":
    main()
