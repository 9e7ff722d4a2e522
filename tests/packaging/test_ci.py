"""GitHub runs what every change has to pass, and once a week the newest SDKs; nothing of its own."""

import os
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
CI = ROOT / ".ci/run"
EVENT = re.compile(r"event_name == '(\w+)'")


def commands_of(job: str) -> list[str]:
    """What the job runs that is not an action of GitHub's."""
    return [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]


def test_the_workflow_runs_the_script_that_runs_everywhere() -> None:
    assert commands_of("ci") == [".ci/run"]
    assert os.access(CI, os.X_OK)


def test_the_newest_sdks_are_tried_beside_what_a_change_has_to_pass() -> None:
    assert WORKFLOW["jobs"].keys() == {"ci", "newest"}
    assert commands_of("newest") == ["make newest"]
    conditions = {name: set(EVENT.findall(job["if"])) for name, job in WORKFLOW["jobs"].items()}
    assert conditions == {"ci": {"push", "pull_request"}, "newest": {"schedule", "workflow_dispatch"}}
    # YAML takes the key `on` for true.
    assert WORKFLOW[True].keys() == set().union(*conditions.values())


def test_a_pull_request_gets_no_rights_beyond_reading() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in WORKFLOW["jobs"].values())


def test_every_check_and_every_test_has_to_pass_once() -> None:
    commands = [line for line in CI.read_text().splitlines() if "make " in line]
    assert commands == [
        "make check",
        'make test-all ARGS="--numprocesses 3"',
        "SWIFT=required make test-swift",
    ]
