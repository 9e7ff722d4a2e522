"""Runs pip with the network settings of this machine and with none of its habits.

`python scripts/pip_alone.py ARGUMENTS`. Which index to ask, through which proxy, with which certificates, is for
pip.conf and `PIP_…` to say. That they also say `user`, `target`, `prefix`, `constraint` or `require-hashes` is meant
for other environments: pip would put our packages elsewhere, or refuse them.
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
"""Of pip's configuration, the last one counts."""


def network_settings(listed: str) -> dict[str, str]:
    """Variables that say again what `pip config list` says of the network."""
    found = {}
    for section in SECTIONS:
        for line in listed.splitlines():
            name, equals, value = line.partition("=")
            option = name.removeprefix(section)
            if equals and name.startswith(section) and option in NETWORK:
                found["PIP_" + option.upper().replace("-", "_")] = " ".join(str(ast.literal_eval(value)).split())
    return found


def environment(before: Mapping[str, str], listed: str) -> dict[str, str]:
    """What pip is run with."""
    left = {name: value for name, value in before.items() if not name.upper().startswith("PIP_")}
    return left | network_settings(listed) | {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def main() -> None:
    """Becomes pip."""
    pip = [sys.executable, "-I", "-m", "pip"]
    # Without the one that names itself, pip looks into every place that a configuration may lie in.
    listed = subprocess.run([*pip, "config", "list"], check=True, capture_output=True, text=True)  # noqa: S603
    os.execve(pip[0], [*pip, *sys.argv[1:]], environment(os.environ, listed.stdout))  # noqa: S606


if __name__ == "__main__":
    main()
