"""Which tests go to the same worker, and in which order."""

from pathlib import Path

import pytest

from tests.distribution import SECONDS, SHARE_A_SERVER, longest_first, unit_of

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        ("tests/test_logs.py::test_a", "tests/test_logs.py"),
        ("tests/core/test_line.py::test_a[b::c]", "tests/core/test_line.py"),
        ("tests/browser/test_fit.py::test_a", "tests/browser"),
        ("tests/browser/phone/test_phone.py::test_a", "tests/browser/phone"),
        ("tests/e2e/test_push.py::test_a", "tests/e2e/test_push.py"),
        ("tests/e2e/breakable/test_nothing_lost.py::test_a", "tests/e2e/breakable"),
    ],
)
def test_the_tests_of_a_file_go_together_and_so_do_those_that_share_a_server(nodeid: str, unit: str) -> None:
    assert unit_of(nodeid) == unit


@pytest.mark.parametrize("unit", [*SHARE_A_SERVER, *SECONDS])
def test_every_unit_that_is_named_is_there(unit: str) -> None:
    assert (ROOT / unit).exists()
    assert unit_of(f"{unit}/test_x.py::test_a" if (ROOT / unit).is_dir() else f"{unit}::test_a") == unit


def test_the_longest_units_come_first_and_keep_the_order_of_their_tests() -> None:
    short = ["tests/test_logs.py::test_a"]
    many = [f"tests/test_redaction.py::test_{number}" for number in range(3)]
    shared = ["tests/browser/test_fit.py::test_a", "tests/browser/test_doors.py::test_a"]
    collected = [*short, many[0], shared[0], *many[1:], shared[1]]
    assert [collected[place] for place in longest_first(collected)] == [*shared, *many, *short]
