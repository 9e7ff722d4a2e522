"""Which tests go to the same worker, and which of them first.

The tests of a file share their fixtures, and those of some folders share a server: each is one unit of work. What takes
longest is begun first, so that no worker is busy for a minute after the others have ended.

A worker keeps what it has started for the fixtures of `KEPT` until it ends. So units that use one go to workers
that have it, and others start one only if enough of such units wait.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARE_A_SERVER = (
    "tests/browser/phone",
    "tests/browser",
    "tests/e2e/breakable",
    "tests/observability",
    "tests/single_sign_on",
    "tests/web_push",
)
"""Folders whose tests are one unit. A folder comes before the one that it is in."""
APART = {
    f"tests/browser/{name}.py": f"tests/browser/{unit}.py"
    for unit, names in (
        # It has a server of its own, in another language.
        ("test_translated", ("test_translated",)),
        ("test_every_page", ("test_doors", "test_every_page", "test_fit", "test_two_workspaces")),
        (
            "test_journeys",
            ("test_journeys", "test_phone_looks", "test_phone_page", "test_second_factor", "test_simulated_browsers"),
        ),
    )
    for name in names
}
"""Files whose folder takes longer than all else, and the unit that they are: three workers share what one did."""
SECONDS = {
    "tests/admin/test_forgotten_password.py": 15,
    "tests/admin/test_lock_screen.py": 15,
    "tests/admin/test_members.py": 15,
    "tests/admin/test_server.py": 15,
    "tests/backup/test_files.py": 100,
    "tests/backup/test_kills.py": 50,
    "tests/backup/test_servers.py": 325,
    "tests/browser": 330,
    "tests/browser/phone": 100,
    "tests/browser/test_every_page.py": 220,
    "tests/browser/test_journeys.py": 270,
    "tests/browser/test_translated.py": 125,
    "tests/cli/test_documented_commands.py": 20,
    "tests/cli/test_requests.py": 55,
    "tests/cli/test_run.py": 25,
    "tests/contract/test_live.py": 95,
    "tests/core/test_access.py": 35,
    "tests/core/test_account_deletion.py": 35,
    "tests/core/test_broadcast_answers.py": 15,
    "tests/core/test_broadcast_cost.py": 20,
    "tests/core/test_broadcast_faults.py": 35,
    "tests/core/test_broadcasts.py": 55,
    "tests/core/test_field_rules.py": 20,
    "tests/core/test_idempotency.py": 15,
    "tests/core/test_invites.py": 15,
    "tests/core/test_isolation.py": 25,
    "tests/core/test_live_activity_time.py": 20,
    "tests/core/test_migrations.py": 90,
    "tests/core/test_password_resets.py": 20,
    "tests/core/test_reauthentication.py": 20,
    "tests/core/test_replacement_order.py": 35,
    "tests/core/test_retention.py": 20,
    "tests/core/test_second_factor.py": 15,
    "tests/core/test_secrets.py": 20,
    "tests/core/test_single_sign_on.py": 75,
    "tests/core/test_single_sign_on_recheck.py": 45,
    "tests/delivery/test_connection_faults.py": 15,
    "tests/delivery/test_web_push.py": 15,
    "tests/delivery/test_web_push_process.py": 25,
    "tests/docs/test_documents.py": 35,
    "tests/e2e/breakable": 85,
    "tests/e2e/test_documented_live_activities.py": 15,
    "tests/e2e/test_leaving.py": 15,
    "tests/e2e/test_live_activities.py": 60,
    "tests/e2e/test_live_activity_limits.py": 15,
    "tests/e2e/test_live_activity_machine.py": 25,
    "tests/e2e/test_live_activity_room.py": 15,
    "tests/e2e/test_live_activity_tokens.py": 55,
    "tests/e2e/test_replace.py": 30,
    "tests/e2e/test_secrets.py": 60,
    "tests/e2e/test_streams.py": 45,
    "tests/e2e/test_webhooks.py": 15,
    "tests/gateway/test_process.py": 40,
    "tests/observability": 60,
    "tests/other_languages/test_grpc_clients.py": 55,
    "tests/packaging/test_make_venv.py": 115,
    "tests/replicas/test_as_one.py": 70,
    "tests/replicas/test_restarts.py": 135,
    "tests/sdk/test_answers.py": 15,
    "tests/sdk/test_examples.py": 50,
    "tests/sdk/test_hosts.py": 25,
    "tests/sdk/test_readme.py": 12,
    "tests/simulator/test_live_activity_app.py": 25,
    "tests/simulator/test_process.py": 30,
    "tests/single_sign_on": 110,
    "tests/smith/test_on_a_server.py": 95,
    "tests/test_audit_script.py": 12,
    "tests/test_loading.py": 15,
    "tests/test_settings.py": 50,
    "tests/test_single_process.py": 80,
    "tests/test_up.py": 100,
    "tests/test_up_elsewhere.py": 60,
    "tests/web_push": 715,
}
"""Roughly what units take that start servers of their own or wait for long. A wrong figure costs time, nothing else."""
SECONDS_OF_ANOTHER_TEST = 0.1
KEPT = {
    "stack": (
        "tests/backup/test_servers.py",
        "tests/cli/test_documented_commands.py",
        "tests/cli/test_requests.py",
        "tests/cli/test_run.py",
        "tests/e2e/test_",
        "tests/other_languages/",
        "tests/packaging/test_ci_example.py",
        "tests/packaging/test_protos.py",
        "tests/sdk/test_answers.py",
        "tests/sdk/test_examples.py",
        "tests/sdk/test_hosts.py",
        "tests/sdk/test_readme.py",
        "tests/sdk/test_wire_bodies.py",
        "tests/smith/test_on_a_server.py",
        "tests/test_environment.py",
        "tests/test_up.py",
    ),
    "rig": (
        "tests/core/test_account_deletion.py",
        "tests/core/test_activity_history.py",
        "tests/core/test_apns_check.py",
        "tests/core/test_fairness.py",
        "tests/core/test_live_activity_budgets.py",
        "tests/core/test_live_activity_time.py",
        "tests/core/test_paired_again.py",
        "tests/core/test_revival.py",
        "tests/test_in_process.py",
    ),
    "broadcasting": (
        "tests/core/test_broadcast_answers.py",
        "tests/core/test_broadcast_cost.py",
        "tests/core/test_broadcast_faults.py",
        "tests/core/test_broadcasts.py",
    ),
}
"""Fixtures whose servers run until their worker ends, and how the units that use them begin. A server takes five
seconds of a processor to start, and a twenty-fifth of one to keep."""
SECONDS_FOR_EACH = 60.0
"""How long units must take that wait for a server, for each worker that has it, for one more worker to start it."""
AHEAD = 1
"""Tests that a worker has left when it is given more: it begins none before it knows which is next."""


class Units(LoadScopeScheduling):
    """xdist's scheduling by scopes, whose scopes are our units, given out in the order of the collection."""

    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: Any) -> None:
        """As xdist's own, which gives a worker the first unit. A worker for which there is none ends."""
        others = [units for other, units in self.assigned_work.items() if other is not node and not other.shutting_down]
        lengths = {unit: seconds(unit, len(tests)) for unit, tests in self.workqueue.items()}
        unit = choose(lengths, self.assigned_work[node], others)
        if unit is None:
            node.shutdown()
            return
        self.workqueue.move_to_end(unit, last=False)
        super()._assign_work_unit(node)

    def _reschedule(self, node: Any) -> None:
        """As xdist's own, which gives a worker more as soon as it has but two tests left: they may be the longest."""
        if not self.workqueue or self._pending_of(self.assigned_work[node]) <= AHEAD:
            super()._reschedule(node)


def unit_of(nodeid: str) -> str:
    """The folder or file that the test goes with, by its path."""
    file = nodeid.partition("::")[0]
    if file in APART:
        return APART[file]
    return next((folder for folder in SHARE_A_SERVER if file.startswith(f"{folder}/")), file)


def kept_by(unit: str) -> str | None:
    """The fixture of KEPT that the unit uses; None if it uses none."""
    return next((name for name, beginnings in KEPT.items() if unit.startswith(beginnings)), None)


def seconds(unit: str, tests: int) -> float:
    """Roughly how long a unit of so many tests takes."""
    return SECONDS.get(unit, SECONDS_OF_ANOTHER_TEST * tests)


def choose(waiting: Mapping[str, float], own: Iterable[str], others: Sequence[Iterable[str]]) -> str | None:
    """The unit for a worker that was given the units `own`; `others` are those of each other worker that goes on.

    `waiting` are the units in the order of the queue, and the seconds that each takes. None if the worker is of no more
    use: all that waits is for others, which have the servers for it.
    """
    has = {kept_by(unit) for unit in own} - {None}
    ready = next((unit for unit in waiting if kept_by(unit) in has), None)

    def is_for_any(unit: str) -> bool:
        server = kept_by(unit)
        length = sum(taken for one, taken in waiting.items() if kept_by(one) == server)
        having = sum(server in map(kept_by, units) for units in others)
        return server is None or not having or length >= having * SECONDS_FOR_EACH

    return ready or next(filter(is_for_any, waiting), None)


def longest_first(nodeids: Sequence[str]) -> list[int]:
    """Places in `nodeids`: units by what they take, the tests of each in the order that they had."""
    units: dict[str, list[int]] = {}
    for place, nodeid in enumerate(nodeids):
        units.setdefault(unit_of(nodeid), []).append(place)

    def length(unit: str) -> float:
        return seconds(unit, len(units[unit]))

    return [place for unit in sorted(units, key=length, reverse=True) for place in units[unit]]
