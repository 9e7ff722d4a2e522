"""The example workflow for GitHub Actions can be read, and its scripts are scripts."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / "docs/examples/deploy.yml").read_text())
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["name"])
def test_each_script_is_valid_and_gets_what_comes_from_elsewhere_by_its_environment(step: dict[str, Any]) -> None:
    checked = subprocess.run(
        ["/bin/bash", "-n"], input=step["run"], text=True, capture_output=True, timeout=10, check=False
    )
    assert checked.returncode == 0, checked.stderr
    # Pasted into a script, a branch's name would be run: https://docs.github.com/actions/security-guides.
    assert "${{" not in step["run"]


def test_the_document_shows_the_workflow_that_is_tested() -> None:
    assert "examples/deploy.yml" in (ROOT / "docs/ci.md").read_text()
