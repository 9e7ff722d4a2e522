"""How the simulator starts and stops."""

import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography import x509

from tests.simulator.process import SimulatorProcess, write_phones
from tests.simulator.sender import Sender
from tests.waiting import LONG

pytestmark = pytest.mark.slow


def run(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs the simulator's command line to its end."""
    settings = {
        "SMITH_DATA_DIR": str(folder),
        "SMITH_SIMULATOR_PORT": "0",
        "SMITH_APNS_SIMULATOR_PORT": "0",
        "SMITH_WEBHOOK_SIMULATOR_PORT": "0",
        "SMITH_SMTP_SIMULATOR_PORT": "0",
        "SMITH_WEBPUSH_SIMULATOR_PORT": "0",
        **env,
    }
    return subprocess.run(
        [sys.executable, "-m", "simulator", *arguments],
        env={**os.environ, **settings}, capture_output=True, text=True, timeout=3 * LONG, check=False,
    )  # fmt: skip


def test_credentials_are_made_once_and_kept_from_others(folder: Path) -> None:
    assert run(folder, "credentials").returncode == 0
    files = {path.name: path.read_bytes() for path in (folder / "simulator").iterdir()}
    assert {"ca.pem", "server.pem", "server.key", "AuthKey.p8"} <= set(files)
    assert run(folder, "credentials").returncode == 0
    assert files == {path.name: path.read_bytes() for path in (folder / "simulator").iterdir()}
    for name in ("server.key", "AuthKey.p8"):
        assert stat.S_IMODE((folder / "simulator" / name).stat().st_mode) == 0o600
    assert files["AuthKey.p8"].startswith(b"-----BEGIN PRIVATE KEY-----")


def test_a_new_certificate_is_made_for_another_name_and_the_key_stays(folder: Path) -> None:
    """In containers the simulator is not called `localhost`."""
    assert run(folder, "credentials").returncode == 0
    key = (folder / "simulator" / "AuthKey.p8").read_bytes()
    assert run(folder, "credentials", SMITH_SIMULATOR_NAME="simulator").returncode == 0
    certificate = x509.load_pem_x509_certificate((folder / "simulator" / "server.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "simulator"]
    assert (folder / "simulator" / "AuthKey.p8").read_bytes() == key


async def test_it_serves_stops_and_serves_again_with_the_same_credentials(folder: Path) -> None:
    process = SimulatorProcess(folder).start()
    async with Sender(process.apns_port, folder) as sender:
        assert (await sender.push("ab" * 32)).document["reason"] == "BadDeviceToken"
        process.process.terminate()
        await sender.until(lambda: sender.closed)
        assert sender.goaway is not None
    assert process.stop() == 0
    assert len(process.lines) == 1
    again = SimulatorProcess(folder).start()
    async with Sender(again.apns_port, folder) as sender:
        assert (await sender.push("ab" * 32)).status == 400
    assert again.stop() == 0


async def test_a_sender_that_ignores_the_end_of_tls_does_not_hold_up_the_stop(folder: Path) -> None:
    process = SimulatorProcess(folder, SMITH_DRAIN_SECONDS="50").start()
    async with Sender(process.apns_port, folder) as sender:
        await sender.until(lambda: sender.settings)
        start = time.monotonic()
        # Blocks this loop, so that the sender cannot react.
        assert process.stop() == 0
        assert time.monotonic() - start < 40


PORTS = [
    "SMITH_SIMULATOR_PORT",
    *(pytest.param(f"SMITH_{one}_SIMULATOR_PORT", marks=pytest.mark.thorough) for one in ("APNS", "WEBHOOK", "SMTP")),
]


@pytest.mark.parametrize("variable", PORTS)
def test_a_taken_port_is_one_clear_line(folder: Path, variable: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run(folder, **{variable: str(port)})
    assert ended.returncode == 2
    assert ended.stderr == f"simulator: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_an_unusable_folder_or_file_is_one_clear_line(folder: Path) -> None:
    (folder / "file").write_text("")
    ended = run(folder / "file")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    write_phones(folder, [])
    (folder / "simulator" / "phones.json").write_text('{"phones": [{"id": 1}]}')
    ended = run(folder)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "phones.json" in ended.stderr


def test_a_wrong_setting_is_named(folder: Path) -> None:
    ended = run(folder, SMITH_SIMULATOR_PORT="70000")
    assert ended.returncode == 2
    assert "SMITH_SIMULATOR_PORT" in ended.stderr
