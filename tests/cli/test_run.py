"""`activitysmith run`: the command is what it would be without it, and the phone shows it."""

import hashlib
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bad_server import BadServer
from tests.cli.client import ACTIVITYSMITH, Audience, Client
from tests.stack import free_ports
from tests.waiting import LONG, eventually

EVERY_BYTE = bytes(range(256)) * 400


@pytest.fixture
def unseen(tmp_path: Path) -> Client:
    """A user without a key: commands run, and no server is told."""
    return Client("http://127.0.0.1:1", "", tmp_path)


def run_of(stream_key: str, *options: str) -> tuple[str, ...]:
    """The words before the command."""
    return ("run", "--stream-key", stream_key, *options, "--")


def last_card(audience: Audience, **parts: Any) -> dict[str, Any]:
    """The content state of the phone's newest card, once it has these parts. `state="ended"` waits for its end."""
    newest = eventually("a card is there", audience.phone.cards)[-1]
    return dict(audience.phone.shows_activity(newest["activity_id"], **parts)["content_state"])


def test_input_output_and_success_are_the_commands_own_and_the_card_ends_green(audience: Audience) -> None:
    words = run_of(audience.slug, "--title", "Nightly backup", "--auto-dismiss-minutes", "9")
    done = audience.client.do(*words, "sh", "-c", "cat; echo to stderr >&2", stdin=EVERY_BYTE)
    assert (done.returncode, done.stdout, done.stderr) == (0, EVERY_BYTE, b"to stderr\n")
    card = last_card(audience, state="ended", title="Nightly backup", color="green")
    assert card["subtitle"].startswith("Finished after ")
    assert (card["type"], card["current_step"], card["number_of_steps"]) == ("segmented_progress", 2, 2)


def test_a_failure_is_the_commands_own_and_the_card_ends_red(audience: Audience) -> None:
    words = run_of(audience.slug, "--alert-on", "failure")
    done = audience.client.do(*words, "sh", "-c", "echo fine; echo 'disk full' >&2; sleep 0.1; exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"fine\n", b"disk full\n")
    card = last_card(audience, state="ended", title="sh", color="red")
    assert re.fullmatch(r"Failed with exit code 3 after \d+ s · disk full", card["subtitle"])
    assert card["current_step"] == 1
    said = audience.phone.cards()[-1]["alerts"][-1]
    assert (said["title"], said["body"]) == ("sh", card["subtitle"])


@pytest.mark.parametrize(
    ("kind", "line", "running", "ended"),
    [
        (
            "segmented_progress",
            r"\033[32m[2/4]\033[0m upload\tarchive\n",
            {"number_of_steps": 4, "current_step": 2, "color": "blue"},
            {"number_of_steps": 4, "current_step": 4, "color": "green"},
        ),
        (
            "progress",
            r"10%%\r42.5%% of it",
            {"percentage": 42.5, "color": "blue"},
            {"percentage": 100, "color": "green"},
        ),
    ],
    ids=["steps", "percentage"],
)
def test_the_card_shows_time_and_last_line_while_the_command_runs(
    audience: Audience, kind: str, line: str, running: dict[str, Any], ended: dict[str, Any]
) -> None:
    words = run_of(audience.slug, "--type", kind, "--interval", "0.2")
    script = f"printf '{line}'; until [ -e go ]; do sleep 0.05; done"
    command = subprocess.Popen(
        [ACTIVITYSMITH, *words, "sh", "-c", script],
        cwd=audience.client.folder,
        env=audience.client.environment,
        stdout=subprocess.DEVNULL,
    )
    card = last_card(audience, type=kind, **running)
    assert card["subtitle"].partition(" s · ")[2] in {"[2/4] upload archive", "42.5% of it"}
    (audience.client.folder / "go").touch()
    assert command.wait(90) == 0
    last_card(audience, state="ended", type=kind, **ended)


def test_output_that_is_hidden_is_not_shown(audience: Audience) -> None:
    done = audience.client.do(*run_of(audience.slug, "--hide-output"), "echo", "secret")
    assert done.stdout == b"secret\n"
    assert "secret" not in str(last_card(audience, state="ended", color="green"))


def test_a_command_that_cannot_be_started_has_a_shells_exit_code_and_no_card(audience: Audience) -> None:
    said = audience.client.refused(*run_of(audience.slug), "./nix", code=127)
    assert said == "activitysmith run: ./nix: No such file or directory\n"
    (audience.client.folder / "plain").write_text("text")
    assert "Permission denied" in audience.client.refused(*run_of(audience.slug), "./plain", code=126)
    assert audience.phone.cards() == []


def signalled(client: Client, script: str, signum: signal.Signals, *words: str) -> tuple[int, bytes]:
    """Exit code and output of a script that was sent the signal through us as soon as it had printed a line."""
    command = subprocess.Popen(
        [ACTIVITYSMITH, *(words or run_of("k")), "sh", "-c", script],
        env=client.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert command.stdout
    first = command.stdout.readline()
    command.send_signal(signum)
    return command.wait(90), first + command.stdout.read()


@pytest.mark.parametrize("name", ["TERM", "HUP", "INT"])
def test_signals_are_passed_on(unseen: Client, name: str) -> None:
    script = f"trap 'echo caught; exit 7' {name}; echo ready; while :; do sleep 0.05; done"
    assert signalled(unseen, script, signal.Signals[f"SIG{name}"]) == (7, b"ready\ncaught\n")


def test_a_command_that_a_signal_ends_has_a_shells_exit_code(audience: Audience) -> None:
    code, _ = signalled(audience.client, "echo ready; exec sleep 30", signal.SIGTERM, *run_of(audience.slug))
    assert code == 128 + signal.SIGTERM
    card = last_card(audience, state="ended", color="red")
    assert card["subtitle"].startswith("Ended by SIGTERM after ")


def test_without_a_key_or_with_a_wrong_one_the_command_runs_all_the_same(unseen: Client, audience: Audience) -> None:
    done = unseen.do(*run_of("k"), "echo", "done")
    assert (done.returncode, done.stdout) == (0, b"done\n")
    assert done.stderr.startswith(b"activitysmith run: no API key: set ACTIVITYSMITH_API_KEY")
    done = audience.client.do("--api-key", "ask_wrong", *run_of("k"), "echo", "done")
    assert (done.returncode, done.stdout) == (0, b"done\n")
    assert done.stderr.startswith(b"activitysmith run: 401 Unauthorized")
    assert done.stderr.count(b"\n") == 1


def test_with_the_server_away_the_command_runs_all_the_same(tmp_path: Path) -> None:
    [port] = free_ports(1)
    client = Client(f"http://127.0.0.1:{port}", "ask_secret", tmp_path)
    done = client.do(*run_of("k"), "sh", "-c", "echo done; exit 5")
    assert (done.returncode, done.stdout) == (5, b"done\n")
    assert done.stderr.startswith(b"activitysmith run: cannot reach http://127.0.0.1")
    assert done.stderr.count(b"\n") == 1


def test_a_server_that_hangs_is_waited_for_no_longer_than_was_said(tmp_path: Path) -> None:
    with BadServer(None) as server:
        client = Client(f"http://127.0.0.1:{server.port}", "ask_secret", tmp_path)
        began = time.monotonic()
        done = client.do(*run_of("k", "--timeout", "0.5"), "echo", "done")
    assert (done.returncode, done.stdout) == (0, b"done\n")
    assert b"did not answer within 0.5 s" in done.stderr
    # The server never answers. The rest is for a busy machine to start Python.
    assert time.monotonic() - began < LONG


def test_a_lot_of_output_comes_through_whole_and_the_server_is_called_no_more_often(tmp_path: Path) -> None:
    size = 30_000_000
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"success":true}'
    with BadServer(answer) as server:
        client = Client(f"http://127.0.0.1:{server.port}", "ask_secret", tmp_path)
        # A busy machine may need longer for so much than the ten seconds after which the card is due again.
        words = run_of("k", "--interval", "600")
        done = client.do(*words, "sh", "-c", f"yes 'a line' | head -c {size}")
        assert (done.returncode, done.stderr) == (0, b"")
    expected = (b"a line\n" * (size // 7 + 1))[:size]
    assert hashlib.sha256(done.stdout).digest() == hashlib.sha256(expected).digest()
    assert [request.split()[0] for request in server.requests] == [b"PUT", b"DELETE"]


def test_a_reader_that_leaves_ends_the_command_as_it_would_without_us(unseen: Client) -> None:
    done = unseen.shell("activitysmith run --stream-key k -- yes | head -n 1")
    assert done.stdout == b"y\n"


def test_standard_output_and_error_that_are_one_stay_in_order(unseen: Client) -> None:
    script = "for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo err $i >&2; done"
    done = unseen.shell(f"activitysmith run --stream-key k -- sh -c '{script}' 2>&1")
    assert done.stdout.decode().splitlines()[1:] == [f"{which} {i}" for i in range(1, 10) for which in ("out", "err")]


def test_what_the_command_leaves_behind_is_not_waited_for(unseen: Client) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [ACTIVITYSMITH, *run_of("k"), "sh", "-c", "sleep 200 & echo $!"],
        env=unseen.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=90,
    )  # fmt: skip
    subprocess.run(["/bin/kill", done.stdout.strip()], check=True)
    assert time.monotonic() - began < 90


IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"


def test_in_a_terminal_the_command_has_one_and_hears_ctrl_c_once(unseen: Client) -> None:
    script = "trap 'echo caught' INT; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo terminal; read x; echo read; exit 4"
    terminal = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, ACTIVITYSMITH, *run_of("k"), "sh", "-c", script],
        env=unseen.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
    )  # fmt: skip
    assert terminal.stdin
    assert terminal.stdout
    shown = b""
    while b"terminal" not in shown:
        shown += terminal.stdout.read(1)
    terminal.stdin.write(b"\x03")
    while b"caught" not in shown:
        shown += terminal.stdout.read(1)
    terminal.stdin.write(b"x\n")
    shown += terminal.stdout.read()
    assert terminal.wait(90) == 4
    assert shown.count(b"caught") == 1
    assert b"\r\r\n" not in shown
