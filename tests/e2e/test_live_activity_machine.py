"""Whatever backends, people, phones, APNs and dying processes do: in the end every phone shows what was promised last.

A random walk. `SMITH_TEST_EXAMPLES=200` walks longer, with troubles that take their time; `SMITH_TEST_SEED=7` walks
elsewhere. Below it: the short ways to what longer walks have found.
"""

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as with_seed
from hypothesis.stateful import run_state_machine_as_test

from tests.e2e.machine_walk import LIMIT, Machine
from tests.e2e.machine_world import World
from tests.stack import Stack
from tests.waiting import eventually

EXAMPLES = int(os.environ.get("SMITH_TEST_EXAMPLES", "0"))
SEED = int(os.environ.get("SMITH_TEST_SEED", "0"))
STEPS = 25


@pytest.fixture(scope="module")
def world(make_stack: Callable[..., Stack]) -> Iterator[World]:
    stack = make_stack(SMITH_DELIVERY_WAIT="1", SMITH_MAX_LIVE_ACTIVITIES=str(LIMIT))
    yield World(stack)
    stack.discard()


@pytest.mark.timeout(120 * max(5, EXAMPLES))
@pytest.mark.thorough
def test_phones_end_on_what_was_promised_last(world: World) -> None:
    class Walk(Machine):
        pass

    Walk.world = world
    try:
        run_state_machine_as_test(
            with_seed(SEED)(Walk) if SEED else Walk,
            settings=settings(
                max_examples=EXAMPLES or 3,
                stateful_step_count=STEPS,
                derandomize=not SEED,
                database=None,
                deadline=None,
                # A failure is told with all that had happened; to find a shorter one would take hours.
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    except BaseException:
        # hypothesis walks the same way again before it tells; that may end otherwise, and it would tell that only.
        if world.failures:
            raise world.failures[0] from None
        raise


def progress(number: int) -> dict[str, Any]:
    """A body."""
    return {"content_state": {"title": f"state {number}", "type": "progress", "percentage": number}}


METRICS: dict[str, Any] = {
    "content_state": {"title": "numbers", "type": "metrics", "metrics": [{"label": "CPU", "value": 1}]}
}


@pytest.mark.parametrize("how", ["update", "end"])
def test_what_follows_a_catch_up_within_its_second_is_shown(world: World, how: str) -> None:
    world.renew()
    world.phone("anna", "settings", update_token_delay_seconds=None)
    target = {"target": {"channels": [world.slugs["left"]]}}
    activity_id = world.call("POST", "/api/live-activity/start", {**progress(1), **target}).body["activity_id"]
    shows(world, activity_id, "state 1", "active")
    active = {"activity_id": activity_id, "phase": "active"}
    eventually("the server knows", lambda: [one for one in world.state("anna") if active.items() <= one.items()])
    world.phone("anna", "settings", offline=True)
    # The phone's own second must not be the one of the start, nor must the second end in between.
    time.sleep(2.0 - time.time() % 1)
    world.call("POST", "/api/live-activity/update", {"activity_id": activity_id, **progress(2)})
    world.phone("anna", "settings", offline=False)
    shows(world, activity_id, "state 2", "active")
    world.call("POST", f"/api/live-activity/{how}", {"activity_id": activity_id, **progress(3)})
    world.phone("anna", "settings", update_token_delay_seconds=0.0)
    shows(world, activity_id, "state 3", "ended" if how == "end" else "active")


@pytest.mark.parametrize("how", ["delete", "pause", "end"])
def test_nothing_stays_when_a_replacement_ends_before_it_could_start(world: World, how: str) -> None:
    world.renew()
    path, target = f"/api/live-activity/stream/{world.walk}", {"channels": [world.slugs["left"]]}
    first = world.call("PUT", path, {**progress(1), **target}).body["activity_id"]
    eventually("its token is reported", lambda: [card for card in world.screen("anna") if card["token_reported"]])
    world.phone("anna", "settings", token_delay_seconds=None)
    world.phone("anna", "rotate-start-token")
    second = world.call("PUT", path, {**METRICS, **target}).body["activity_id"]
    eventually("its start is given up", lambda: not world.rows(f"a.id = '{second}' AND p.next_at IS NOT NULL"))
    if how == "delete":
        world.call("DELETE", path)
    elif how == "pause":
        world.call("POST", f"{path}/pause", {}, owner=True)
    else:
        world.call("POST", "/api/live-activity/end", {"activity_id": second, **METRICS})
    leaves(world, first)


def test_a_replaced_card_leaves_though_the_answer_to_the_new_start_was_lost(world: World) -> None:
    world.renew()
    path, target = f"/api/live-activity/stream/{world.walk}", {"channels": [world.slugs["left"]]}
    first = world.call("PUT", path, {**progress(1), **target}).body["activity_id"]
    eventually("its token is reported", lambda: [card for card in world.screen("anna") if card["token_reported"]])
    world.faults(tokens={world.phones["anna"].read()["push_to_start_token"]: [{"delay_seconds": 9.0}, {}]})
    second = world.call("PUT", path, {**METRICS, **target}).body["activity_id"]
    shows(world, second, "numbers", "active")
    world.faults(connections={"action": "reset"})
    leaves(world, first)


def leaves(world: World, activity_id: str) -> None:
    """Returns once anna's phone does not show the activity any more."""
    eventually(
        f"{activity_id} leaves the screen",
        lambda: [card["activity_id"] for card in world.screen("anna")],
        until=lambda shown: activity_id not in shown,
    )


def shows(world: World, activity_id: str, title: str, state: str) -> None:
    """Returns once anna's phone shows the activity so."""

    def seen() -> list[tuple[str, str]]:
        cards = [card for card in world.screen("anna") if card["activity_id"] == activity_id]
        return [(card["content_state"]["title"], card["state"]) for card in cards]

    eventually(f"anna sees {title}, {state}", seen, until=lambda one: one == [(title, state)])
