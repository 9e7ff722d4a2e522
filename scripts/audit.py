"""Asks the OSV database (https://osv.dev) for known vulnerabilities of all packages in constraints.txt.

Fails if there is one. If the database cannot be reached, it says that nothing was audited, and does not fail.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ACCEPTED: dict[str, str] = {}
"""Vulnerabilities that do not concern us, by their ids, each with the reason."""
TIMEOUT_SECONDS = "10"


def main(arguments: list[str]) -> int:
    """The exit code: 1 if a vulnerability is known. `arguments` go to pip-audit."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / "constraints.txt"), "--no-deps"]
    command += ["--disable-pip", "--vulnerability-service", "osv", "--timeout", TIMEOUT_SECONDS, "--format", "json"]
    command += ["--progress-spinner", "off", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a tool of ours
    try:
        dependencies: list[dict[str, Any]] = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError):
        why = (ended.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"DEPENDENCIES NOT AUDITED: the vulnerability database cannot be asked ({why})", file=sys.stderr)
        return 0
    return report(dependencies)


def report(dependencies: list[dict[str, Any]]) -> int:
    """Prints the findings. Returns the exit code."""
    found = [
        (one["name"], one["version"], flaw)
        for one in dependencies
        for flaw in one.get("vulns", ())
        if not ACCEPTED.keys() & {flaw["id"], *flaw.get("aliases", ())}
    ]
    for name, version, flaw in found:
        fixed = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
        print(f"{name} {version}: {flaw['id']}, fixed in {fixed}", file=sys.stderr)
    skipped = [one["name"] for one in dependencies if "skip_reason" in one]
    if skipped:
        print(f"NOT AUDITED: {', '.join(skipped)}", file=sys.stderr)
    print(f"{len(dependencies) - len(skipped)} dependencies audited, {len(found)} known vulnerabilities")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
