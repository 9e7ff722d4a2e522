"""Somebody taps a button, and the server calls its webhook though a process dies."""

import concurrent.futures

import pytest

from tests.e2e.hook import Hook
from tests.stack import Stack
from tests.team import Phone, Team, push
from tests.waiting import eventually


@pytest.mark.parametrize("victim", ["core", pytest.param("delivery", marks=pytest.mark.thorough)])
def test_a_tap_that_was_recorded_is_called_though_a_process_dies(
    breakable: Stack, team: Team, phone: Phone, victim: str
) -> None:
    breakable.wait_answering()
    hook = Hook(breakable, team)
    assert push(team.key(), title=victim, actions=[hook.action()]).status_code == 200
    action_id = phone.shows(victim)["actions"][0]["id"]
    hook.answers({"status": 200, "delay_seconds": 5})
    with concurrent.futures.ThreadPoolExecutor(1) as finger:
        finger.submit(phone._http.post, f"/phones/{phone.id}/tap", json={"action_id": action_id})
        eventually("the webhook is being called", hook.calls)
        breakable.sql("UPDATE action_runs SET due_at = now() + interval '1 second' WHERE state = 'running'")
        breakable.kill(victim)

    def settled() -> bool:
        return breakable.sql("SELECT state FROM action_runs WHERE action_id = %s", action_id) == [("succeeded",)]

    eventually("the run has succeeded", settled)
    assert len({call["headers"]["idempotency-key"] for call in hook.calls()}) == 1
