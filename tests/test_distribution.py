"""Which tests go to the same worker, and in which order."""

from pathlib import Path

import pytest

from tests.distribution import (
    APART,
    KEPT,
    SECONDS,
    SECONDS_FOR_EACH,
    SHARE_A_SERVER,
    choose,
    kept_by,
    longest_first,
    unit_of,
)

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        ("tests/test_logs.py::test_a", "tests/test_logs.py"),
        ("tests/core/test_line.py::test_a[b::c]", "tests/core/test_line.py"),
        ("tests/browser/test_truth.py::test_a", "tests/browser"),
        ("tests/browser/test_fit.py::test_a", "tests/browser/test_every_page.py"),
        ("tests/browser/phone/test_phone.py::test_a", "tests/browser/phone"),
        ("tests/e2e/test_push.py::test_a", "tests/e2e/test_push.py"),
        ("tests/e2e/breakable/test_nothing_lost.py::test_a", "tests/e2e/breakable"),
    ],
)
def test_the_tests_of_a_file_go_together_and_so_do_those_that_share_a_server(nodeid: str, unit: str) -> None:
    assert unit_of(nodeid) == unit


@pytest.mark.parametrize("unit", [*SHARE_A_SERVER, *SECONDS, *APART.values()])
def test_every_unit_that_is_named_is_there(unit: str) -> None:
    assert (ROOT / unit).exists()
    assert unit_of(f"{unit}/test_x.py::test_a" if (ROOT / unit).is_dir() else f"{unit}::test_a") == unit


def test_the_longest_units_come_first_and_keep_the_order_of_their_tests() -> None:
    short = ["tests/test_logs.py::test_a"]
    many = [f"tests/test_redaction.py::test_{number}" for number in range(3)]
    shared = ["tests/browser/test_truth.py::test_a", "tests/browser/test_pairing.py::test_a"]
    collected = [*short, many[0], shared[0], *many[1:], shared[1]]
    assert [collected[place] for place in longest_first(collected)] == [*shared, *many, *short]


STACK, RIG, FREE = "tests/cli/test_run.py", "tests/core/test_revival.py", "tests/test_logs.py"
LONG = "tests/e2e/test_streams.py"


def test_a_worker_with_a_server_does_first_what_needs_it() -> None:
    assert choose({FREE: 9, STACK: 1}, own=[LONG], others=[]) == STACK
    assert choose({FREE: 9, RIG: 1}, own=[LONG], others=[]) == FREE


def test_a_server_that_no_worker_has_is_started_in_the_order_of_the_queue() -> None:
    assert choose({STACK: 9, FREE: 1}, own=[], others=[]) == STACK
    assert choose({FREE: 9, STACK: 1}, own=[], others=[[RIG]]) == FREE
    assert choose({STACK: 1, RIG: 1}, own=[FREE], others=[[LONG]]) == RIG


def test_what_needs_a_server_is_left_to_the_workers_that_have_it_unless_it_is_much() -> None:
    enough = SECONDS_FOR_EACH
    assert choose({LONG: enough - 2, STACK: 1, FREE: 1}, own=[], others=[[LONG]]) == FREE
    assert choose({LONG: enough - 1, STACK: 1, FREE: 1}, own=[], others=[[LONG]]) == LONG
    assert choose({LONG: enough, FREE: 1}, own=[], others=[[LONG], [FREE, STACK]]) == FREE
    assert choose({LONG: enough * 2, FREE: 1}, own=[], others=[[LONG], [FREE, STACK]]) == LONG


def test_a_worker_ends_if_all_that_waits_is_for_others() -> None:
    assert choose({STACK: 1, RIG: 1}, own=[FREE], others=[[LONG], ["tests/test_in_process.py"]]) is None
    assert choose({}, own=[FREE], others=[]) is None


def test_every_unit_that_uses_a_kept_server_is_named(request: pytest.FixtureRequest) -> None:
    used = {
        (unit_of(item.nodeid), name)
        for item in request.session.items
        if isinstance(item, pytest.Function)
        for name in KEPT
        if name in item.fixturenames
    }
    assert [(unit, name) for unit, name in sorted(used) if kept_by(unit) != name and unit not in SHARE_A_SERVER] == []


@pytest.mark.parametrize("file", APART)
def test_every_file_that_is_apart_is_there(file: str) -> None:
    assert (ROOT / file).exists()


@pytest.mark.parametrize("beginning", [beginning for beginnings in KEPT.values() for beginning in beginnings])
def test_every_beginning_is_that_of_a_file(beginning: str) -> None:
    folder, _, name = beginning.rpartition("/")
    assert list((ROOT / folder).glob(f"{name}*"))
