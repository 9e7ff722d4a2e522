"""GitHub runs what every change has to pass, and nothing of its own."""

import os
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
CI = ROOT / ".ci/run"


def test_the_workflow_runs_the_script_that_runs_everywhere() -> None:
    steps = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]
    assert os.access(CI, os.X_OK)


def test_a_pull_request_gets_no_rights_beyond_reading() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    [job] = WORKFLOW["jobs"].values()
    assert "permissions" not in job


def test_every_check_and_every_test_has_to_pass_once() -> None:
    commands = [line for line in CI.read_text().splitlines() if line.startswith("make ")]
    assert commands == ["make check", "make test-all"]
