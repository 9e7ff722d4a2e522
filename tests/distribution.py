"""Which tests go to the same worker, and which of them first.

The tests of a file share their fixtures, and those of some folders share a server: each is one unit of work. What takes
longest is begun first, so that no worker is busy for a minute after the others have ended.
"""

from collections.abc import Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARE_A_SERVER = (
    "tests/browser/phone",
    "tests/browser",
    "tests/e2e/breakable",
    "tests/observability",
    "tests/web_push",
)
"""Folders whose tests are one unit. A folder comes before the one that it is in."""
SECONDS = {
    "tests/browser": 180,
    "tests/browser/phone": 120,
    "tests/e2e/breakable": 90,
    "tests/contract/test_live.py": 40,
    "tests/docs/test_documents.py": 40,
    "tests/e2e/test_live_activities.py": 40,
    "tests/e2e/test_live_activity_machine.py": 60,
    "tests/e2e/test_secrets.py": 40,
    "tests/e2e/test_streams.py": 40,
    "tests/observability": 30,
    "tests/backup/test_servers.py": 60,
    "tests/replicas/test_as_one.py": 60,
    "tests/replicas/test_restarts.py": 90,
    "tests/smith/test_on_a_server.py": 20,
    "tests/test_up.py": 70,
    "tests/web_push": 240,
    "tests/test_up_elsewhere.py": 40,
}
"""Roughly what units take that start servers of their own or wait for long. A wrong figure costs time, nothing else."""
SECONDS_OF_ANOTHER_TEST = 0.1
AHEAD = 1
"""Tests that a worker has left when it is given more: it begins none before it knows which is next."""


class Units(LoadScopeScheduling):
    """xdist's scheduling by scopes, whose scopes are our units, given out in the order of the collection."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _reschedule(self, node: Any) -> None:
        """As xdist's own, which gives a worker more as soon as it has but two tests left: they may be the longest."""
        if not self.workqueue or self._pending_of(self.assigned_work[node]) <= AHEAD:
            super()._reschedule(node)


def unit_of(nodeid: str) -> str:
    """The folder or file that the test goes with."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in SHARE_A_SERVER if file.startswith(f"{folder}/")), file)


def longest_first(nodeids: Sequence[str]) -> list[int]:
    """Places in `nodeids`: units by what they take, the tests of each in the order that they had."""
    units: dict[str, list[int]] = {}
    for place, nodeid in enumerate(nodeids):
        units.setdefault(unit_of(nodeid), []).append(place)

    def seconds(unit: str) -> float:
        return SECONDS.get(unit, SECONDS_OF_ANOTHER_TEST * len(units[unit]))

    return [place for unit in sorted(units, key=seconds, reverse=True) for place in units[unit]]
