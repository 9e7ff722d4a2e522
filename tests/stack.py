"""A whole server of the tests' own: `smith up` in a scratch folder, on free ports."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, LiteralString

import httpx
import psycopg

from tests import prepared
from tests.page_faults import faults_in
from tests.waiting import LONG, eventually

SMITH = Path(sys.executable).parent / "smith"
PORT_VARIABLES = (
    "SMITH_GATEWAY_PORT",
    "SMITH_CORE_PORT",
    "SMITH_DELIVERY_PORT",
    "SMITH_SIMULATOR_PORT",
    "SMITH_APNS_SIMULATOR_PORT",
    "SMITH_WEBHOOK_SIMULATOR_PORT",
    "SMITH_SMTP_SIMULATOR_PORT",
    "SMITH_WEBPUSH_SIMULATOR_PORT",
)
ANY_PORT = "any"

PATIENCE = {
    "SMITH_DELIVERY_WAIT": "15",
    "SMITH_GATEWAY_CALL_TIMEOUT": "40",
    "SMITH_ADMIN_CALL_TIMEOUT": "40",
}
"""Settings with which answers tell what became of pushes, even on a busy machine. Clients wait 20 seconds or more."""
START_SECONDS, STOP_SECONDS = 150.0, 120.0
PORT_LOST = ("is taken", "cannot listen", "address already in use", "Address already in use")


def free_ports(count: int) -> list[int]:
    """Ports that are free now, from a range that the system does not hand out to outgoing connections.

    A run of the tests gets each of them once: what takes seconds to listen on one, or is to find that no program
    listens there, is not disturbed by another worker's server.
    """
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            port, probe = random.randint(10_000, 32_000), socket.socket()
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                probe.close()
                continue
            if prepared.is_first(f"port-{port}"):
                held.append(probe)
            else:
                probe.close()
        return [probe.getsockname()[1] for probe in held]
    finally:
        for probe in held:
            probe.close()


@dataclass(frozen=True)
class Quickstart:
    """What `quickstart.json` says."""

    gateway_url: str
    admin_url: str | None
    core_address: str
    simulator_url: str
    webhook_sink_url: str
    owner_email: str
    owner_password: str
    api_key: str
    phone_id: str


class Stack:
    """A running `smith up`. Ends with the test process, however that ends."""

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        within: Sequence[str] = (),
        command: Sequence[str | Path] = (SMITH, "up"),
        **env: str,
    ) -> None:
        """Neither starts anything nor makes anything but the folder. `env` adds to the environment. `within` is the
        beginning of a command that runs the rest of it. `command` may be another checkout's.

        A server without a `data_dir` of the caller's starts on a copy of the folder that a first start has left, unless
        it is told to be `fresh`.

        The web admin takes a second to load: it runs for those who ask for it with `SMITH_ADMIN_PORT=ANY_PORT`.
        """
        wanted = [name for name, value in env.items() if value == ANY_PORT]
        env = {name: value for name, value in env.items() if value != ANY_PORT}
        self._port_variables = (*PORT_VARIABLES, *wanted)
        self._scratch = None if data_dir else Path(tempfile.mkdtemp(prefix="smith-test-"))
        if self._scratch:
            # PostgreSQL does not run as root: its user passes through here.
            self._scratch.chmod(0o711)
        self.data_dir = data_dir or Path(str(self._scratch)) / "var"
        self._output = Path(tempfile.mkdtemp(prefix="smith-output-"))
        self._prepared = data_dir is None
        self._env = env
        self._command = [*within, *command]
        self._ports: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._page_faults: list[str] = []
        """Of runs before this one."""
        self.quickstart: Quickstart

    def fresh(self) -> "Stack":
        """Its first start will be a first start, on no folder at all."""
        self._prepared = False
        return self

    def start(self) -> "Stack":
        """Returns when the server has printed `ready`. Fails with its output if it does not."""
        if self._prepared and not self.data_dir.exists():
            if self._env.get("SMITH_QUICKSTART") == "0":
                put_migrated(self.data_dir)
            else:
                prepared.put("quickstart", self.data_dir, make_quickstart)
        for _ in range(5):
            self.launch()
            if self._wait_ready():
                self.quickstart = Quickstart(**json.loads((self.data_dir / "quickstart.json").read_text()))
                return self
            if not any(words in self.stderr for words in PORT_LOST):
                break
            self._ports = {}
        raise AssertionError(f"`smith up` did not get ready\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}")

    def launch(self) -> subprocess.Popen[bytes]:
        """Starts the process without waiting for anything, on the ports it had before if it had any."""
        # What was logged until now is overwritten.
        self._keep_page_faults()
        if not self._ports:
            numbers = free_ports(len(self._port_variables))
            self._ports = {name: str(port) for name, port in zip(self._port_variables, numbers, strict=True)}
        env = {name: value for name, value in os.environ.items() if not name.startswith("SMITH_")}
        env |= {
            "SMITH_ADMIN_PORT": "",
            "SMITH_DATA_DIR": str(self.data_dir),
            "SMITH_STOP_AT_EOF": "1",
            # Tests that are about something else share a phone.
            "SMITH_MAX_LIVE_ACTIVITIES_PER_DEVICE": "10000",
            # They share an owner as well.
            "SMITH_ADMINISTRATION_PER_MINUTE": "1000000",
            **self._ports,
            **self._env,
        }
        with (self._output / "out").open("wb") as out, (self._output / "err").open("wb") as err:
            self._process = subprocess.Popen(self._command, env=env, stdin=subprocess.PIPE, stdout=out, stderr=err)
        return self._process

    def _wait_ready(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.stdout.endswith("\nready\n"):
                return True
            if self.process.poll() is not None:
                return False
            time.sleep(0.02)
        self.kill_supervisor()
        return False

    @property
    def ports(self) -> dict[str, str]:
        """The ports it was given, by the names of their settings."""
        return dict(self._ports)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The supervisor."""
        assert self._process is not None, "not started"
        return self._process

    @property
    def running(self) -> bool:
        """Whether the supervisor runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def stdout(self) -> str:
        """What the supervisor has printed since it was last started."""
        return (self._output / "out").read_text(errors="replace")

    @property
    def stderr(self) -> str:
        """The logs of the supervisor and its processes since it was last started."""
        return (self._output / "err").read_text(errors="replace")

    @property
    def page_faults(self) -> list[str]:
        """What the web admin has logged of pages that failed, each with its traceback."""
        return [*self._page_faults, *(faults_in(self.stderr) if (self._output / "err").exists() else ())]

    def _keep_page_faults(self) -> None:
        self._page_faults = self.page_faults

    @property
    def base_url(self) -> str:
        """The gateway."""
        return self.quickstart.gateway_url

    @property
    def admin_url(self) -> str:
        """The web admin, if it runs."""
        assert self.quickstart.admin_url, "started without SMITH_ADMIN_PORT"
        return self.quickstart.admin_url

    @property
    def api_key(self) -> str:
        """A key of scope `all`."""
        return self.quickstart.api_key

    @property
    def core_address(self) -> str:
        """Core's gRPC."""
        return self.quickstart.core_address

    @property
    def simulator_url(self) -> str:
        """The simulator's control API."""
        return self.quickstart.simulator_url

    @property
    def phone_id(self) -> str:
        """The phone that the first run has paired."""
        return self.quickstart.phone_id

    @property
    def owner_email(self) -> str:
        """Signs in with `owner_password`."""
        return self.quickstart.owner_email

    @property
    def owner_password(self) -> str:
        """Signs in with `owner_email`."""
        return self.quickstart.owner_password

    @property
    def database_url(self) -> str:
        """The embedded PostgreSQL."""
        lines = (self.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
        return f"postgresql://postgres@/smith?host={lines[4]}"

    def sql(self, query: LiteralString, *arguments: Any) -> list[tuple[Any, ...]]:
        """What the database says: for what no method shows, and for what only time brings about."""
        with psycopg.connect(self.database_url, autocommit=True) as database:
            cursor = database.execute(query, arguments)
            return cursor.fetchall() if cursor.description else []

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name: server (or core, delivery and gateway, if they run apart), simulator, postgres."""
        try:
            found: dict[str, int] = json.loads((self.data_dir / "processes.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    def kill(self, name: str, signum: signal.Signals = signal.SIGKILL) -> int:
        """Ends one process, by default without a warning. Returns the id it had; the supervisor starts another."""

        def signalled() -> int:
            pid = self.pids.get(name, 0) or self._single_process(name)
            if pid:
                try:
                    os.kill(pid, signum)
                except ProcessLookupError:
                    # It has ended, and the supervisor has not said so yet.
                    return 0
            return pid

        return eventually(f"{name} runs", signalled)

    def _single_process(self, part: str) -> int:
        """The process that the part shares with others; 0 if it has one of its own."""
        return self.pids.get("server", 0) if part in ("core", "delivery", "gateway") else 0

    def wait_answering(self, seconds: float = 2 * LONG) -> None:
        """Returns once the gateway says that it (and core behind it) can serve."""
        eventually("the gateway is ready", lambda: answers(f"{self.base_url}/readyz"), seconds)

    def stop(self, signum: signal.Signals = signal.SIGTERM) -> int:
        """Stops the server and returns the supervisor's exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signum)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill_supervisor()
            raise AssertionError(f"`smith up` does not stop\n{self.stderr}") from None

    def kill_supervisor(self) -> None:
        """Ends the supervisor without a warning; its processes stop by themselves, PostgreSQL stays."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Ends everything at once, as a second Ctrl-C does: for what is not started again."""
        while self.running:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue

    def discard(self) -> None:
        """Ends it if it runs and removes its folders. Once is enough, twice does no harm.

        Fails if a page of the web admin has failed meanwhile.
        """
        if self.running:
            self.end() if self._scratch else self.stop()
        self._keep_page_faults()
        for folder in (self._output, self._scratch):
            if folder and folder.exists():
                shutil.rmtree(folder)
        faults, self._page_faults = self._page_faults, []
        assert not faults, "a page failed:\n" + "\n".join(faults)

    def __enter__(self) -> "Stack":
        """Discarded at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Discards it."""
        self.discard()


def put_migrated(data_dir: Path) -> None:
    """Puts a data folder with an empty database of the newest schema there, as `smith migrate` makes it."""

    def make(folder: Path) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("SMITH_")}
        subprocess.run([SMITH, "migrate"], env=env | {"SMITH_DATA_DIR": str(folder)}, check=True, capture_output=True)

    prepared.put("migrated", data_dir, make)


def make_quickstart(data_dir: Path) -> None:
    """Makes a data folder as a first start leaves it."""
    with Stack(data_dir) as stack:
        stack.start()
        assert stack.stop() == 0, stack.stderr


def answers(url: str) -> bool:
    """Whether the URL answers with 200."""
    try:
        # No certificates for http: they take longer to load than this to answer.
        return (
            httpx.get(url, timeout=10, trust_env=False, verify=url.startswith("https:")).status_code == httpx.codes.OK
        )
    except httpx.HTTPError:
        return False
