"""The example workflow for GitHub Actions shows a deploy on the phones, step by step."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stack import Stack
from tests.team import Team, secret_of
from tests.waiting import LONG, eventually

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


@pytest.mark.thorough
def test_its_steps_show_the_deploy_and_tell_of_its_failure(stack: Stack) -> None:
    team = Team.of(stack)
    slug, channel_id = team.channel()
    phone, key = team.phone(channel_id=channel_id), team.key(slug)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ACTIVITYSMITH_BASE_URL": stack.base_url,
        "ACTIVITYSMITH_API_KEY": secret_of(key),
        "STREAM": slug,
        "RUN_URL": "https://github.com/acme/shop/actions/runs/1",
        "GITHUB_SHA": "0123456789abcdef",
        "GITHUB_ACTOR": 'ada "the countess" O\'Byron $(false)',
        "GITHUB_RUN_ID": slug,
        "GITHUB_RUN_ATTEMPT": "1",
    }

    def run(name: str) -> None:
        [script] = [step["run"] for step in STEPS if step["name"] == name]
        # As GitHub's runners do it.
        subprocess.run(["/bin/bash", "-e", "-c", script], env=environment, timeout=3 * LONG, check=True)

    def card() -> tuple[str, str]:
        [shown] = phone.cards()
        return shown["content_state"]["subtitle"], shown["state"]

    run("Show the card")
    eventually("the card is there", phone.cards)
    assert card() == ("build 0123456", "active")
    run("Move the card on")
    eventually("it moves on", card, until=lambda shown: shown == ("roll out", "active"))
    run("End the card")
    eventually("it ends", card, until=lambda shown: shown == ("roll out", "ended"))
    for _ in range(2):
        run("Tell the team that it failed")
    [told] = phone.read()["notifications"]
    assert told["message"] == f"Started by {environment['GITHUB_ACTOR']}"


def test_the_document_shows_the_workflow_that_is_tested() -> None:
    assert "examples/deploy.yml" in (ROOT / "docs/ci.md").read_text()
