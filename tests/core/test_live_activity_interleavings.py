"""Whatever happens in whatever order, the phone ends on the last state, and what has ended stays ended."""

import asyncio
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service_kit.database import Pool
from tests.core.live_world import World

EXAMPLES = int(os.environ.get("SMITH_TEST_EXAMPLES", "0"))
"""So many at random, instead of a few that are the same each time."""

Operation = tuple[str, tuple[Any, ...]]
Script = list[tuple[Operation, bool]]


PLAIN = (
    *("update", "update", "end", "rotate", "report", "fetch", "dismiss"),
    *("rotate_update_tokens", "rotate_start_token", "report_start_token"),
)
FAULTS = ["none", "none", "lost", "unheard", "refused", "crash"]
SECONDS = [0.2, 1.0, 11.0, 21.0, 21.0, 61.0]


def operations() -> st.SearchStrategy[Operation]:
    """Something that happens, mostly followed by a look at what is due."""
    plain = st.sampled_from(PLAIN).map(lambda name: (name, ()))
    answers = st.tuples(st.just("answer"), st.tuples(st.integers(0, 2), st.sampled_from(FAULTS)))
    waits = st.tuples(st.just("wait"), st.tuples(st.sampled_from(SECONDS)))
    return st.one_of(plain, answers, waits)


async def play(pool: Pool, script: Script) -> None:
    """Plays what happens, lets everything come to rest, and looks at the phone."""
    world = World(pool)
    await world.begin()
    for (name, arguments), claims in script:
        await getattr(world, name)(*arguments)
        if claims:
            await world.claim()
    await world.come_to_rest()
    assert await world.scheduled() == []
    present = await world.present()
    for activity_id in world.activity_ids[:-1]:
        card = world.phone.cards.get(activity_id)
        assert card is None or not card.alive, "a replaced activity is shown still"
    card = world.phone.cards.get(present.id)
    if present.id in world.phone.dismissed:
        return
    if present.ended_at is not None:
        assert card is None or not card.alive, "it is shown in spite of its end"
    else:
        assert card is not None
        assert card.alive
    if card is not None:
        assert card.number == present.fields["percentage"]


@pytest.mark.thorough
@settings(
    max_examples=EXAMPLES or 150,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(script=st.lists(st.tuples(operations(), st.sampled_from([True, True, True, False])), min_size=5, max_size=25))
@pytest.mark.slow
def test_the_phone_ends_on_the_last_state(runner: asyncio.Runner, runner_pool: Pool, script: Script) -> None:
    runner.run(play(runner_pool, script))


def test_a_dead_start_token_that_is_heard_of_late_leaves_the_next_attempt_its_lease(
    runner: asyncio.Runner, runner_pool: Pool
) -> None:
    again = ("wait", (21.0,))
    first_dies, second_is_lost = ("answer", (0, "none")), ("answer", (0, "crash"))
    script: Script = [(("update", ()), True), (("rotate_start_token", ()), False), (again, True)]
    runner.run(play(runner_pool, [*script, (first_dies, False), (second_is_lost, False)]))


def test_a_start_of_unknown_fate_is_still_ended_if_a_repeat_of_it_is_refused(
    runner: asyncio.Runner, runner_pool: Pool
) -> None:
    again, repeat_is_refused = ("wait", (21.0,)), ("answer", (1, "refused"))
    runner.run(
        play(runner_pool, [(("update", ()), True), (again, True), (("rotate", ()), True), (repeat_is_refused, True)])
    )
