"""Gateway, core and delivery in one process keep every promise that they keep as three."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.breakable.test_nothing_lost import RECOVERY_SECONDS, Load, assert_nothing_lost
from tests.smith_command import smith
from tests.stack import PATIENCE, Stack
from tests.team import Phone, Team, push
from tests.waiting import LONG, eventually

METRICS = re.compile(r" (\w+) INFO service_kit\.metrics: metrics on (http://\S+)")


@pytest.fixture(scope="module")
def single() -> Iterator[Stack]:
    """A server whose three parts are one process, as they are unless told otherwise."""
    settings = {f"SMITH_{part}_METRICS_PORT": "0" for part in ("GATEWAY", "CORE", "DELIVERY")}
    with Stack(SMITH_RATE_LIMIT_PER_MINUTE="1000000", **PATIENCE, **settings) as stack:
        yield stack.start()


@pytest.fixture(scope="module")
def team(single: Stack) -> Team:
    """Its account."""
    return Team.of(single)


@pytest.fixture(scope="module")
def phone(team: Team) -> Phone:
    """A phone of the account."""
    return team.phone()


def test_there_is_one_process_for_three_and_a_push_arrives(single: Stack, team: Team, phone: Phone) -> None:
    assert set(single.pids) == {"server", "postgres", "simulator"}
    assert push(team.key(), title="through one process").json()["devices_notified"] >= 1
    phone.shows("through one process")


def test_core_and_delivery_are_still_called_over_grpc(single: Stack) -> None:
    for part in ("core", "delivery", "gateway"):
        done = smith(single.data_dir, "health", part, "--timeout", LONG, **single.ports)
        assert done.returncode == 0, done.stderr


def test_each_part_has_its_metrics_and_its_name_in_the_log(single: Stack, team: Team) -> None:
    push(team.key(), title="counted")
    ports = dict(METRICS.findall(single.stderr))
    assert set(ports) == {"gateway", "core", "delivery"}
    for part, series in (
        ("gateway", "smith_gateway_requests_total"),
        ("core", "smith_core_calls_total"),
        ("delivery", "smith_delivery_calls_total"),
    ):
        text = httpx.get(ports[part], timeout=LONG, trust_env=False).text
        assert series in text
    serving = re.findall(r" (\w+) INFO \S+: serving on ", single.stderr)
    assert sorted(serving) == ["core", "delivery", "gateway"]


@pytest.mark.thorough
def test_a_kill_under_load_loses_nothing(single: Stack, team: Team, phone: Phone) -> None:
    with Load(team, "kill all three") as load:
        for _ in range(3):
            old = single.kill("server")
            eventually("another takes its place", lambda old=old: single.pids.get("server") not in (None, old))
            load.more(30)
    assert load.refused, "the kills were noticed"
    assert_nothing_lost(phone, load)


@pytest.mark.thorough
def test_a_kill_in_the_middle_of_a_fan_out_loses_nothing(single: Stack, team: Team) -> None:
    slug, channel_id = team.channel()
    phones = [team.phone(channel_id=channel_id) for _ in range(20)]
    key = team.key(slug)
    promised = []
    for number in range(5):
        answer = push(key, title=f"fan-out {number}")
        assert answer.status_code == 200, answer.text
        promised.append(f"fan-out {number}")
    single.kill("server")
    for phone in phones:
        eventually("all are there", lambda phone=phone: set(promised) <= set(phone.titles()), RECOVERY_SECONDS)
        assert sorted(phone.titles()) == promised, "each once"
    single.wait_answering()


def test_without_its_database_it_answers_503_and_comes_back_by_itself(single: Stack, team: Team, phone: Phone) -> None:
    key = team.key()
    single.kill("postgres", signal.SIGQUIT)
    assert httpx.get(f"{single.base_url}/healthz", timeout=LONG).status_code == 200
    eventually("a push is taken", lambda: taken_or_503(key, "back again"), RECOVERY_SECONDS)
    eventually("the phone shows it", lambda: "back again" in phone.titles())


def taken_or_503(key: httpx.Client, title: str) -> bool:
    """Whether a push is taken; if not, it must be refused as it should be."""
    answer = push(key, title=title)
    assert answer.status_code in (200, 503), answer.text
    assert answer.status_code == 200 or "retry-after" in answer.headers
    return answer.status_code == 200


@pytest.mark.thorough
def test_it_stops_the_gateway_first_and_delivery_last_and_answers_what_it_has_begun(single: Stack, team: Team) -> None:
    process = psutil.Process(single.pids["server"])
    waiting = httpx.Client(base_url=single.base_url, timeout=LONG)
    assert waiting.get("/healthz").status_code == 200
    assert single.stop() == 0
    assert not process.is_running()
    told = [line.split(" ")[1] for line in single.stderr.splitlines() if "draining" in line]
    assert told == ["gateway", "core"]
    assert "Traceback" not in single.stderr
    single.start()


def ended(tmp_path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """`python -m single_process` to its end."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SMITH_")}
    defaults = {
        "SMITH_DATA_DIR": str(tmp_path),
        "SMITH_DATABASE_URL": "postgresql://127.0.0.1:1/nothing",
        "SMITH_GATEWAY_PORT": "0",
        "SMITH_CORE_PORT": "0",
        "SMITH_DELIVERY_PORT": "0",
    }
    return subprocess.run(
        [sys.executable, "-m", "single_process"], env=env | defaults | settings,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"SMITH_CORE_PORT": "none"}, 2, "SMITH_CORE_PORT='none'"),
        ({"SMITH_DELIVERY_PORT": "{taken}"}, 1, "delivery ERROR delivery_service: cannot start: cannot listen on"),
        ({"SMITH_APNS_CONNECTIONS": "0"}, 2, "SMITH_APNS_CONNECTIONS='0'"),
        ({"SMITH_GATEWAY_PORT": "{taken}"}, 2, "gateway: cannot listen on 127.0.0.1:{taken}"),
        ({"SMITH_DELIVERY_METRICS_PORT": "{taken}"}, 2, "delivery: cannot listen on 127.0.0.1:{taken} for metrics"),
        ({"SMITH_BIND_HOST": "0.0.0.0"}, 2, "core: SMITH_BIND_HOST=0.0.0.0 can be reached"),
    ],
)
def test_a_part_that_cannot_start_ends_the_process_with_its_message(
    tmp_path: Path, taken_port: int, settings: dict[str, str], code: int, said: str
) -> None:
    done = ended(tmp_path, **{name: value.format(taken=taken_port) for name, value in settings.items()})
    assert said.format(taken=taken_port) in done.stderr
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.thorough
def test_so_does_core_on_a_database_that_works(tmp_path: Path, single: Stack, taken_port: int) -> None:
    done = ended(tmp_path, SMITH_DATABASE_URL=single.database_url, SMITH_CORE_PORT=str(taken_port))
    assert f"core: cannot listen on 127.0.0.1:{taken_port}" in done.stderr
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that something else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]
