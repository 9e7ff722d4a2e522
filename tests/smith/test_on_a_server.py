"""What an operator does with a server that runs: workspaces, keys, phones, health, and what the doctor says of it."""

import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import grpc
import httpx
import psutil
import pyotp
import pytest
from smith.core.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    second_factor_service_pb2,
    second_factor_service_pb2_grpc,
)

from tests.smith_command import answer, environment, refuse, smith, succeed
from tests.stack import SMITH, Stack, free_ports
from tests.waiting import LONG, eventually

PASSWORD = "a password of ten or more"


def push(stack: Stack, secret: str) -> int:
    """The status of a push with this key."""
    headers = {"Authorization": f"Bearer {secret}"}
    url = f"{stack.base_url}/api/push-notification"
    return httpx.post(url, json={"title": "hello"}, headers=headers, timeout=LONG, trust_env=False).status_code


def sessions(stack: Stack) -> list[tuple[Any, ...]]:
    """Who is signed in."""
    return stack.sql("SELECT id FROM sessions ORDER BY id")


@pytest.mark.thorough
def test_a_key_works_from_its_making_to_its_revoking_and_no_session_stays(stack: Stack) -> None:
    before = sessions(stack)
    made = smith(stack.data_dir, "key", "create", "from a shell")
    secret = made.stdout.decode().strip()
    assert secret.startswith("ask_"), made.stderr
    assert secret not in made.stderr.decode(), "the secret alone is on standard output"
    assert push(stack, secret) == 200
    table = succeed(stack.data_dir, "key", "list")
    assert "from a shell" in table
    assert secret not in table
    revoked = answer(stack.data_dir, "key", "revoke", "from a shell")
    assert (revoked["name"], revoked["scope"]) == ("from a shell", "all")
    assert push(stack, secret) == 401
    assert "no key" in refuse(stack.data_dir, "key", "revoke", "from a shell", code=1)
    assert sessions(stack) == before


@pytest.mark.thorough
def test_who_has_lost_their_password_gets_back_in_with_a_link_of_the_operators(stack: Stack) -> None:
    email = "forgetful@team.test"
    answer(stack.data_dir, "account", "create", "Forgetful", "--email", email, "--generate-password")
    made = smith(stack.data_dir, "account", "reset-password", "Forgetful@Team.test")
    link = made.stdout.decode().strip()
    page, _, token = link.rpartition("/")
    assert page.endswith("/reset-password"), made.stderr
    assert token.startswith("pwr_")
    assert email in made.stderr.decode()
    reset = {"token": token, "new_password": PASSWORD}
    for status in (200, 404):
        done = httpx.post(f"{stack.base_url}/api/password-reset/complete", json=reset, timeout=LONG, trust_env=False)
        assert done.status_code == status, done.text
    sign_in = {"email": email, "password": PASSWORD}
    assert httpx.post(f"{stack.base_url}/api/sessions", json=sign_in, timeout=LONG, trust_env=False).status_code == 200
    assert answer(stack.data_dir, "account", "reset-password", email)["email"] == email
    refused = refuse(stack.data_dir, "account", "reset-password", "nobody@team.test", code=1)
    assert "no person signs in with the e-mail address nobody@team.test" in refused


@pytest.mark.thorough
def test_who_signs_in_with_a_second_factor_is_asked_for_a_code_and_let_in_by_the_operator_without(stack: Stack) -> None:
    email = "careful@team.test"
    made = answer(stack.data_dir, "account", "create", "Careful", "--email", email, "--generate-password")
    owner = {"SMITH_OWNER_EMAIL": email, "SMITH_OWNER_PASSWORD": made["password"]}
    app = pyotp.TOTP(turn_app_on(stack, email, made["password"]))
    assert "signs in with a second factor" in refuse(stack.data_dir, "key", "list", code=2, **owner)
    assert any(
        "second factor" in line for line in smith(stack.data_dir, "doctor", **owner).stdout.decode().splitlines()
    )
    terminal, end = pty.openpty()
    # The code of the moment is used up; the next one is within what the clock of a phone may be off.
    os.write(terminal, f"{app.at(time.time() + 30)}\n".encode())
    listed = subprocess.run(
        [SMITH, "key", "list", "--json"], env=environment(stack.data_dir, **owner), stdin=end, stderr=end,
        stdout=subprocess.PIPE, timeout=3 * LONG, check=False,
    )  # fmt: skip
    said = os.read(terminal, 10_000).decode()
    assert (listed.returncode, "Code of the authenticator app" in said) == (0, True), said
    taken = answer(stack.data_dir, "account", "reset-second-factor", email)
    assert (taken["email"], taken["sessions_ended"] >= 1) == (email, True)
    succeed(stack.data_dir, "key", "list", **owner)
    assert "has no second factor" in refuse(stack.data_dir, "account", "reset-second-factor", email, code=1)


def turn_app_on(stack: Stack, email: str, password: str) -> str:
    """The secret of the person's authenticator app. The code of this moment is used up."""
    with grpc.insecure_channel(stack.core_address) as channel:
        asked = account_service_pb2.CreateSessionRequest(email=email, password=password)
        session = account_service_pb2_grpc.AccountServiceStub(channel).CreateSession(asked)
        bearer = (("authorization", f"Bearer {session.session_token}"),)
        factors = second_factor_service_pb2_grpc.SecondFactorServiceStub(channel)
        begin = second_factor_service_pb2.BeginAuthenticatorAppRequest()
        secret = str(factors.BeginAuthenticatorApp(begin, metadata=bearer).secret)
        confirm = second_factor_service_pb2.ConfirmAuthenticatorAppRequest(code=pyotp.TOTP(secret).now())
        factors.ConfirmAuthenticatorApp(confirm, metadata=bearer)
    return secret


@pytest.mark.thorough
def test_a_second_workspace_is_made_while_the_server_runs_and_its_owner_pairs_phones(stack: Stack) -> None:
    made = answer(
        stack.data_dir, "account", "create", "Second team", "--email", "Second@Team.test", "--generate-password"
    )
    assert (made["email"], len(made["password"])) == ("second@team.test", 24)
    owner = {"SMITH_OWNER_EMAIL": made["email"], "SMITH_OWNER_PASSWORD": made["password"]}
    phone = answer(stack.data_dir, "pair", "--simulated", "Shell phone", **owner)
    assert httpx.get(phone["url"], trust_env=False, timeout=LONG).json()["device_id"] == phone["device_id"]
    for kind in ("apple", "chrome", "firefox"):
        browser = answer(stack.data_dir, "pair", "--simulated", f"Shell {kind}", "--browser", kind, **owner)
        shown = httpx.get(browser["url"], trust_env=False, timeout=LONG).json()
        assert (shown["device_id"], shown["kind"], shown["reported"]) == (browser["device_id"], kind, True)
    code = answer(stack.data_dir, "pair", **owner)
    assert code["link"].startswith("activitysmith://pair?server=http%3A%2F%2F127.0.0.1")
    pairing = {"pairing_code": code["pairing_code"], "name": "by hand"}
    paired = httpx.post(f"{stack.base_url}/api/device/pair", json=pairing, timeout=LONG, trust_env=False)
    assert paired.status_code == 200, paired.text
    devices = stack.sql("SELECT count(*)::int FROM devices WHERE account_id::text = %s", made["account_id"])
    assert devices == [(5,)]
    again = ("account", "create", "Third team", "--email", "second@team.test", "--generate-password")
    assert "exists" in refuse(stack.data_dir, *again, code=1)
    assert stack.sql("SELECT id FROM accounts WHERE name = 'Third team'") == []


def test_a_wrong_password_or_none_signs_no_person_in(stack: Stack) -> None:
    wrong = {"SMITH_OWNER_EMAIL": stack.owner_email, "SMITH_OWNER_PASSWORD": "hunter2hunter2"}
    line = refuse(stack.data_dir, "key", "list", code=1, **wrong)
    assert "password is wrong" in line
    assert "hunter2" not in line
    assert "SMITH_OWNER_PASSWORD" in refuse(stack.data_dir, "pair", code=2, SMITH_OWNER_EMAIL="somebody@else.test")


@pytest.mark.thorough
def test_serve_becomes_the_process_which_health_finds_and_sigterm_ends(stack: Stack) -> None:
    [port] = free_ports(1)
    env = {"SMITH_GATEWAY_PORT": str(port), "SMITH_CORE_ADDRESS": stack.core_address}
    assert smith(stack.data_dir, "health", "gateway", **env).returncode == 1, "nothing is there yet"
    everything = environment(stack.data_dir, **env)
    with subprocess.Popen([SMITH, "serve", "gateway"], env=everything, stderr=subprocess.DEVNULL) as gateway:
        try:
            url = f"http://127.0.0.1:{port}/healthz"
            eventually("it answers", lambda: _answers(url))
            assert psutil.Process(gateway.pid).cmdline()[-2:] == ["-m", "gateway"]
            asked = answer(stack.data_dir, "health", "gateway", "--timeout", LONG, **env)
            assert asked == {"process": "gateway", "state": "ready", "message": "ready"}
            # The same port, taken for core's: something answers, but not core.
            assert "core: " in smith(stack.data_dir, "health", "core", SMITH_CORE_PORT=str(port)).stderr.decode()
        finally:
            os.kill(gateway.pid, signal.SIGTERM)
        assert gateway.wait(90) == 0


def test_the_doctor_finds_nothing_wrong_with_a_server_that_is_well(stack: Stack) -> None:
    ports = {name: port for name, port in stack.ports.items() if name != "SMITH_CORE_PORT"}
    done = smith(stack.data_dir, "doctor", "--skip", "admin", "--json", "--timeout", LONG, **ports, SMITH_ADMIN_PORT="")
    report = json.loads(done.stdout)
    by_check = {finding["check"]: finding for finding in report["findings"] if finding["check"] != "alarms"}
    wrong = [finding for finding in by_check.values() if finding["status"] == "fail"]
    assert wrong == []
    needed = {
        "python",
        "packages",
        "disk",
        "data",
        "ports",
        "database",
        "schema",
        "core",
        "delivery",
        "gateway",
        "apns",
    }
    assert needed <= {name for name, finding in by_check.items() if finding["status"] in ("ok", "warn")}
    assert "the simulator stands in for APNs and takes pushes" in by_check["apns"]["message"]
    assert stack.owner_password not in done.stdout.decode()


def status(folder: Path, *, code: int, **env: Any) -> dict[str, Any]:
    """What `smith status` answers with this exit code."""
    done = smith(folder, "status", "--json", "--timeout", LONG, SMITH_ADMIN_PORT="", **env)
    assert done.returncode == code, done.stdout.decode() + done.stderr.decode()
    return dict(json.loads(done.stdout))


@pytest.mark.thorough
def test_the_status_is_one_screen_about_the_whole_server(stack: Stack, tmp_path: Path, fresh_database: str) -> None:
    ports: dict[str, Any] = {name: port for name, port in stack.ports.items() if name != "SMITH_CORE_PORT"}
    eventually("core reports", lambda: stack.sql("SELECT 1 FROM core_reports"))
    file = tmp_path / "whole.backup"
    made = answer(stack.data_dir, "backup", file)
    assert (made["verified"], made["note"]) == (True, None)
    # Other tests leave work behind, which may be late.
    report = status(stack.data_dir, code=0, SMITH_ALERT_QUEUE_MINUTES="0", SMITH_ALERT_DISK_PERCENT="0", **ports)
    assert report["ok"]
    states = {one["name"]: one["state"] for one in report["processes"]}
    assert states == {
        "core": "ok", "delivery": "ok", "gateway": "ok", "admin": "skip", "simulator": "ok", "redis": "skip",
    }  # fmt: skip
    server = report["server"]
    assert [core["release"] for core in server["cores"]] == [report["release"]]
    assert server["last_backup"]["place"] == str(file)
    assert server["last_backup"]["bytes"] == file.stat().st_size
    assert server["restored"] is None
    assert server["stopped_routes"] == []
    assert server["database_bytes"] > 1_000_000

    screen = smith(stack.data_dir, "status", SMITH_ALERT_DISK_PERCENT="90", SMITH_ADMIN_PORT="", **ports)
    said = screen.stdout.decode()
    assert str(file) in said
    assert "Needs attention" in said or screen.returncode == 0

    # What was restored from a backup does not claim that backup, for it was not made of this database.
    succeed(stack.data_dir, "restore", file, SMITH_DATABASE_URL=fresh_database)
    restored = status(stack.data_dir, code=0, SMITH_DATABASE_URL=fresh_database, SMITH_ALERT_DISK_PERCENT="0", **ports)
    # Another test may have made one before.
    known = restored["server"]["last_backup"]
    assert known is None or known["place"] != str(file)
    assert restored["server"]["restored"]["place"] == str(file)
    assert restored["server"]["restored"]["snapshot_at"] == server["last_backup"]["snapshot_at"]


def test_a_server_that_does_not_run_cannot_be_asked_and_its_processes_are_named(tmp_path: Path) -> None:
    names = ("GATEWAY", "CORE", "DELIVERY", "SIMULATOR")
    ports: dict[str, Any] = {f"SMITH_{name}_PORT": str(port) for name, port in zip(names, free_ports(4), strict=True)}
    report = status(tmp_path, code=2, **ports)
    assert not report["ok"]
    assert "no PostgreSQL runs" in report["unasked"]
    assert {one["name"] for one in report["processes"] if one["state"] == "fail"} >= {"core", "delivery", "gateway"}
    assert "no PostgreSQL runs" in smith(tmp_path, "status", SMITH_ADMIN_PORT="", **ports).stdout.decode()


@pytest.mark.thorough
def test_a_workspace_made_before_the_server_runs_is_left_alone_by_its_first_start(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    succeed(folder, "migrate")
    made = answer(folder, "account", "create", "Ours", "--email", "ada@team.test", "--generate-password")
    with Stack(folder) as server:
        server.start()
        assert server.sql("SELECT name FROM accounts") == [("Ours",)]
        assert (server.quickstart.api_key, server.quickstart.owner_password) == (None, None)
        owner = {"SMITH_OWNER_EMAIL": "ada@team.test", "SMITH_OWNER_PASSWORD": made["password"]}
        assert answer(folder, "key", "create", "first", **owner)["secret"].startswith("ask_")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=10, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
