"""`smith up`: what `make up` promises, with real processes."""

import json
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cli.up.stop_signals import SAME_REQUEST
from tests.conftest import MakeStack
from tests.stack import PATIENCE, Stack, answers, free_ports
from tests.waiting import LONG, eventually


@pytest.fixture
def make_stack(make_stack: MakeStack) -> Iterator[MakeStack]:
    """Makes servers that are gone when the test is."""
    made: list[Stack] = []

    def make(**arguments: Any) -> Stack:
        made.append(make_stack(**arguments))
        return made[-1]

    yield make
    for stack in made:
        stack.discard()


@pytest.fixture(scope="module")
def owned() -> Iterator[Stack]:
    """See `own`."""
    # Tests here read from the answer of a push what became of it, on however busy a machine.
    with Stack(SMITH_RATE_LIMIT_PER_MINUTE="1000000", **PATIENCE) as stack:
        yield stack


@pytest.fixture
def own(owned: Stack) -> Stack:
    """A running server that the tests of this module hurt one after the other, for a first start takes seconds."""
    return owned if owned.running else owned.start()


ALL = {"server", "postgres", "simulator"}


def of_stack(stack: Stack) -> list[psutil.Process]:
    """Every process that works for this stack: it has the data folder in its environment, command or working folder."""
    mark, found = str(stack.data_dir), []
    for process in psutil.process_iter():
        try:
            told = process.environ().get("SMITH_DATA_DIR") == mark or process.cwd().startswith(mark)
            if told or mark in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def worked(stack: Stack) -> float:
    """Seconds that a processor has spent on the stack's processes, those that have ended included."""
    used = []
    for process in of_stack(stack):
        # PostgreSQL's come and go.
        with suppress(psutil.Error):
            used.append(process.cpu_times())
    return sum(one.user + one.system for one in used) + sum(one.children_user + one.children_system for one in used)


def gone(stack: Stack) -> bool:
    """Nothing of the stack runs."""
    return not of_stack(stack)


def send(stack: Stack, title: str) -> httpx.Response:
    """One push with the quickstart's key."""
    return httpx.post(
        f"{stack.base_url}/api/push-notification",
        json={"title": title},
        headers={"Authorization": f"Bearer {stack.api_key}"},
        timeout=LONG,
    )


def accepted(stack: Stack, title: str) -> bool:
    """Whether a push is taken now."""
    try:
        return send(stack, title).is_success
    except httpx.TransportError:
        return False


def titles(stack: Stack) -> list[str]:
    """What the quickstart's phone shows."""
    screen: dict[str, Any] = httpx.get(f"{stack.simulator_url}/phones/{stack.phone_id}", timeout=LONG).json()
    return [notification["title"] for notification in screen["notifications"]]


def killed_and_back(stack: Stack, name: str) -> None:
    """Kills the process and sees another take its place and a push arrive."""
    old = stack.kill(name)
    eventually(f"{name} is restarted", lambda: stack.pids.get(name) not in (None, old))
    eventually(f"a push is taken after {name} was killed", lambda: accepted(stack, name))
    eventually("the simulator answers", lambda: answers(f"{stack.simulator_url}/healthz"))
    eventually("the phone shows it", lambda: name in titles(stack))


def refusal(stack: Stack) -> str:
    """What a server that cannot start says: one line on standard error, nothing on standard output, exit code 2."""
    assert stack.launch().wait(90) == 2, stack.stderr
    assert stack.stdout == ""
    lines = stack.stderr.splitlines()
    assert len(lines) == 1, stack.stderr
    return lines[0]


def test_the_first_start_leaves_all_that_is_needed_to_send_a_push(stack: Stack) -> None:
    path = stack.data_dir / "quickstart.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(json.loads(path.read_text())) == {
        "gateway_url", "admin_url", "core_address", "simulator_url", "webhook_sink_url",
        "owner_email", "owner_password", "api_key", "phone_id",
    }  # fmt: skip
    assert send(stack, "from the quickstart").json()["devices_notified"] >= 1
    eventually("the phone shows it", lambda: "from the quickstart" in titles(stack))


@pytest.mark.thorough
def test_the_first_start_makes_a_key_for_browsers_and_no_other_start_does(own: Stack) -> None:
    path = own.data_dir / "webpush.pem"
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_pem_private_key(before, None).curve.name == "secp256r1"  # type: ignore[union-attr]
    own.stop()
    own.start()
    assert path.read_bytes() == before
    own.stop()
    path.unlink()
    own.start()
    assert path.read_bytes() != before, "a folder of a release that knew no browsers gets one"


@pytest.mark.thorough
@pytest.mark.parametrize("single_process", ["0", "1"])
def test_postgres_logs_no_attempts_to_connect_before_it_is_ready(make_stack: MakeStack, single_process: str) -> None:
    """Neither at a first start, which makes the database, nor at another, though core is started first."""
    stack = make_stack(fresh=True, SMITH_SINGLE_PROCESS=single_process)
    assert stack.stop() == 0
    stack.start()
    log = (stack.data_dir / "logs" / "postgres.log").read_text()
    assert log.count("starting PostgreSQL") == 2
    # The stop may meet the autovacuum at work, which says so in its own words.
    assert [line for line in log.splitlines() if "FATAL" in line and "autovacuum" not in line] == []


def test_no_secret_is_printed_or_shown_by_ps(stack: Stack) -> None:
    secrets = (stack.api_key, stack.owner_password)
    assert not [s for s in secrets if s in stack.stdout + stack.stderr]
    shown: list[str] = []
    for process in of_stack(stack):
        # PostgreSQL's come and go.
        with suppress(psutil.Error):
            shown += process.cmdline()
    assert shown
    assert not [s for s in secrets if s in " ".join(shown)]


def test_a_stop_leaves_no_process_and_a_second_start_keeps_everything_in_ten_seconds_of_work(
    stack: Stack, own: Stack
) -> None:
    before, beside = own.quickstart, stack.pids
    assert send(own, "before the restart").json()["devices_notified"] == 1
    assert len(of_stack(own)) > len(ALL)
    assert own.stop(signal.SIGTERM) == 0
    assert gone(own)
    assert own.pids == {}
    # The gateway gives core a second to say that it is ready, which a busy machine may not let it have.
    stack.wait_answering()
    assert stack.pids == beside, "another server does not notice"
    own.start()
    # Of a processor: how long that takes is a matter of what else the machine does.
    assert worked(own) < 10
    assert own.quickstart == before
    assert "before the restart" in titles(own)
    assert send(own, "after the restart").json()["devices_notified"] == 1
    eventually("the phone shows it", lambda: "after the restart" in titles(own))


@pytest.mark.thorough
def test_every_killed_process_is_restarted_and_the_server_works_again(own: Stack) -> None:
    assert set(own.pids) == ALL
    for name in sorted(ALL):
        killed_and_back(own, name)
    assert own.process.poll() is None


def test_two_servers_with_their_own_folders_and_ports_run_side_by_side(stack: Stack, own: Stack) -> None:
    assert send(own, "only here").json()["devices_notified"] == 1
    eventually("the phone shows it", lambda: "only here" in titles(own))
    assert "only here" not in titles(stack)


@pytest.mark.thorough
def test_an_interrupted_first_run_is_completed_without_a_second_phone_or_key(owned: Stack) -> None:
    if not owned.data_dir.exists():
        owned.start()
    if owned.running:
        assert owned.stop() == 0
    path = owned.data_dir / "quickstart.json"
    # As if it had been killed after each step was done and before it was noted.
    path.write_text(json.dumps(json.loads(path.read_text()) | {"api_key": None, "phone_id": None}))
    owned.start()
    assert send(owned, "completed").json()["devices_notified"] == 1
    phones = httpx.get(f"{owned.simulator_url}/phones", timeout=LONG).json()["phones"]
    assert [phone["id"] for phone in phones] == [owned.phone_id]


@pytest.mark.thorough
def test_a_start_goes_on_if_the_first_owner_has_a_second_factor(make_stack: MakeStack) -> None:
    """Then the first start's password makes no new phone in the place of one that is gone."""
    stack = make_stack()
    try:
        stack.sql("UPDATE users SET second_factor_at = now() RETURNING id")
        assert httpx.delete(f"{stack.simulator_url}/phones/{stack.phone_id}", timeout=LONG).status_code in (200, 204)
        assert stack.stop() == 0
        stack.start()
        assert "signs in with a second factor: no key or phone is added" in stack.stderr
        stack.wait_answering()
    finally:
        stack.discard()


def test_a_second_ctrl_c_kills_at_once(own: Stack) -> None:
    os.kill(own.pids["server"], signal.SIGSTOP)
    own.process.send_signal(signal.SIGINT)
    eventually("it is stopping", lambda: "stopping" in own.stderr)
    told_at = time.monotonic()
    eventually("another signal is another request", lambda: time.monotonic() - told_at > SAME_REQUEST)
    # Once: a third one would meet a process that is ending, which Python lets die of it.
    own.process.send_signal(signal.SIGINT)
    eventually("it kills", lambda: "killing all processes" in own.stderr)
    assert own.process.wait(3 * LONG) == 130
    # Children of what was killed were killed with it. On a busy machine they get to it later.
    eventually("nothing is left", lambda: gone(own))


@pytest.mark.thorough
def test_ctrl_c_during_the_start_stops_everything(make_stack: MakeStack) -> None:
    stack = make_stack(start=False)
    stack.launch()
    eventually("something is started", lambda: stack.pids)
    assert stack.stop(signal.SIGINT) == 0
    assert gone(stack)
    assert stack.start(), "an interrupted first run is completed by the next"
    assert send(stack, "after all").json()["devices_notified"] == 1


def test_a_second_server_on_the_same_folder_is_refused(stack: Stack) -> None:
    second = Stack(stack.data_dir)
    line = refusal(second)
    second.discard()
    assert str(stack.data_dir) in line
    assert str(stack.process.pid) in line


def test_a_taken_port_is_named_with_the_variable_that_changes_it(make_stack: MakeStack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refusal(make_stack(start=False, SMITH_DELIVERY_PORT=str(port)))
    assert f"port {port} " in line
    assert "SMITH_DELIVERY_PORT" in line


def test_one_port_for_two_is_refused(make_stack: MakeStack) -> None:
    port = str(free_ports(1)[0])
    line = refusal(make_stack(start=False, SMITH_GATEWAY_PORT=port, SMITH_SIMULATOR_PORT=port))
    assert "SMITH_GATEWAY_PORT" in line
    assert "SMITH_SIMULATOR_PORT" in line


def test_a_port_that_is_none_is_refused(make_stack: MakeStack) -> None:
    assert "SMITH_CORE_PORT='70000'" in refusal(make_stack(start=False, SMITH_CORE_PORT="70000"))


def test_an_unwritable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    # Permissions would not do: tests may run as root, who may write anywhere.
    stack = Stack(tmp_path / "file" / "var")
    line = refusal(stack)
    stack.discard()
    assert str(tmp_path / "file" / "var") in line
    assert "SMITH_DATA_DIR" in line


@pytest.mark.thorough
def test_a_start_after_the_supervisor_was_killed_clears_up_and_keeps_everything(own: Stack) -> None:
    before = own.quickstart
    assert send(own, "before").json()["devices_notified"] == 1
    left = own.pids
    own.kill_supervisor()
    own.start()
    assert own.quickstart == before
    assert not set(own.pids.values()) & set(left.values())
    assert send(own, "after").json()["devices_notified"] == 1
    eventually("the phone shows both", lambda: {"before", "after"} <= set(titles(own)))
    assert own.stop() == 0
    assert gone(own)


@pytest.mark.thorough
def test_processes_stop_by_themselves_when_the_supervisor_is_killed(own: Stack) -> None:
    left = [psutil.Process(pid) for name, pid in own.pids.items() if name != "postgres"]
    postgres = psutil.Process(own.pids["postgres"])
    own.kill_supervisor()
    _, alive = psutil.wait_procs(left, timeout=3 * LONG)
    assert not alive
    # PostgreSQL knows no such signal. The next start would stop it.
    postgres.send_signal(signal.SIGINT)
    eventually("PostgreSQL stops", lambda: gone(own))


def test_the_printed_curl_works(stack: Stack) -> None:
    lines = stack.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip().startswith("KEY="))
    command = "\n".join(lines[first : lines.index("", first)])
    done = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True, timeout=3 * LONG)  # noqa: S607
    assert json.loads(done.stdout)["success"] is True


@pytest.mark.thorough
def test_the_banner_repeats_that_no_push_can_be_sent_and_why(make_stack: MakeStack) -> None:
    key = {"SMITH_APNS_KEY_FILE": "/nope", "SMITH_APNS_KEY_ID": "ABCDE12345", "SMITH_APNS_TEAM_ID": "ABCDE12345"}
    stack = make_stack(**key, SMITH_APNS_TOPIC="com.example.app", SMITH_QUICKSTART="0")
    banner = stack.stdout
    stack.discard()
    assert "No push can be sent yet:" in banner
    assert "SMITH_APNS_KEY_FILE is missing" in banner
