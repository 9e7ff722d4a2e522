"""Which servers are measured, and in which order."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.kinds import OURS, kinds_of
from benchmarks.turns import in_turns
from tests.waiting import LONG

pytestmark = pytest.mark.thorough


def checkout(folder: Path, *, single: bool) -> Path:
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "smith").touch()
    if single:
        (folder / "single_process").mkdir()
    return folder


def test_one_process_is_compared_with_three() -> None:
    assert [(kind.name, kind.baseline) for kind in kinds_of("both", None)] == [("split", ""), ("single", "split")]
    assert [(kind.name, kind.baseline) for kind in kinds_of("single", None)] == [("single", "")]


def test_ours_is_compared_with_the_other_checkout_in_the_same_layout(tmp_path: Path) -> None:
    other = checkout(tmp_path / "before", single=True)
    kinds = kinds_of("both", other)
    assert [(kind.name, kind.baseline) for kind in kinds] == [
        ("split of before", ""),
        ("split", "split of before"),
        ("single of before", ""),
        ("single", "single of before"),
    ]
    assert [kind.checkout for kind in kinds] == [other, OURS, other, OURS]


def test_a_checkout_that_cannot_run_so_is_refused_with_one_line(tmp_path: Path) -> None:
    checkout(tmp_path / "before", single=False)
    for folder, layout, words in (("nothing", "split", "smith is not there"), ("before", "both", "--layout split")):
        command = [sys.executable, "-m", "benchmarks", "--layout", layout, "--against", str(tmp_path / folder)]
        done = subprocess.run(command, cwd=OURS, capture_output=True, text=True, timeout=3 * LONG, check=False)
        assert done.returncode == 1
        assert words in done.stderr
        assert done.stderr.count("\n") == 1


async def test_every_turn_goes_the_other_way_round() -> None:
    order = []

    async def measure(subject: str) -> int:
        order.append(subject)
        return len(order)

    assert await in_turns(measure, ["a", "b", "c"], 2) == [[1, 6], [2, 5], [3, 4]]
    assert order == ["a", "b", "c", "c", "b", "a"]
