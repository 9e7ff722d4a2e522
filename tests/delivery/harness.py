"""A real simulator process, and delivery services of a test's own in front of it, entered through gRPC."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import uuid
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from google.protobuf.timestamp_pb2 import Timestamp
from smith.delivery.v1.delivery_pb2 import Environment, Outcome, Push, PushType, Target
from smith.delivery.v1.delivery_service_pb2 import DeliverRequest
from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceStub
from smith.delivery.v1.mail_service_pb2_grpc import MailServiceStub
from smith.delivery.v1.reason_pb2 import OutcomeKind
from smith.delivery.v1.webhook_service_pb2_grpc import WebhookServiceStub

from delivery_service.settings import DeliverySettings
from delivery_service.webhooks.connecting import Resolve, resolve
from delivery_service.wiring import Delivery
from service_kit.client import open_channel
from tests.waiting import LONG, eventually_async

TOPIC = "com.activitysmith.simulator"
PRODUCTION, SANDBOX = Environment.ENVIRONMENT_PRODUCTION, Environment.ENVIRONMENT_SANDBOX
ALERT, LIVE_ACTIVITY = PushType.PUSH_TYPE_ALERT, PushType.PUSH_TYPE_LIVE_ACTIVITY
ACCEPTED = OutcomeKind.OUTCOME_KIND_ACCEPTED
RETRY = OutcomeKind.OUTCOME_KIND_RETRY
TOKEN_DEAD = OutcomeKind.OUTCOME_KIND_TOKEN_DEAD
REJECTED = OutcomeKind.OUTCOME_KIND_REJECTED
MISCONFIGURED = OutcomeKind.OUTCOME_KIND_MISCONFIGURED

PORTS = re.compile(
    r"control API on http://127\.0\.0\.1:(\d+), APNs on 127\.0\.0\.1:(\d+), webhooks on https://127\.0\.0\.1:(\d+), "
    r"mails on 127\.0\.0\.1:(\d+)"
)
START_SECONDS = LONG


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port of this machine that refuses connections. It is held: one that is free is soon another test's."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


class SimulatorProcess:
    """`python -m simulator` on free ports. Ends when the test process does, however that ends."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.lines: deque[str] = deque(maxlen=200)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "simulator"],
            env={
                **os.environ,
                "SMITH_DATA_DIR": str(data_dir),
                "SMITH_SIMULATOR_PORT": "0",
                "SMITH_APNS_SIMULATOR_PORT": "0",
                "SMITH_WEBHOOK_SIMULATOR_PORT": "0",
                "SMITH_SMTP_SIMULATOR_PORT": "0",
                "SMITH_WEBPUSH_SIMULATOR_PORT": "0",
                "SMITH_STOP_AT_EOF": "1",
            },
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._read = threading.Thread(target=self._keep_reading, daemon=True)
        self._started = threading.Event()
        self._read.start()
        if not self._started.wait(START_SECONDS) or not self.control_url:
            self.stop()
            raise AssertionError("the simulator did not start:\n" + "".join(self.lines))

    control_url = ""
    apns_port = 0
    webhook_port = 0
    mail_port = 0

    def _keep_reading(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(line)
            if match := PORTS.search(line):
                self.control_url, self.apns_port = f"http://127.0.0.1:{match[1]}", int(match[2])
                self.webhook_port, self.mail_port = int(match[3]), int(match[4])
                self._started.set()
        self._started.set()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def folder(self) -> Path:
        """Where its credentials lie."""
        return self.data_dir / "simulator"

    def environment(self, **more: str) -> dict[str, str]:
        """The settings of a delivery service in front of it, as environment variables."""
        return {
            "SMITH_DELIVERY_PORT": "0",
            "SMITH_DRAIN_SECONDS": "2",
            "SMITH_APNS_KEY_FILE": str(self.folder / "AuthKey.p8"),
            "SMITH_APNS_KEY_ID": "SIMULATOR1",
            "SMITH_APNS_TEAM_ID": "SIMULATED1",
            "SMITH_APNS_CA_FILE": str(self.folder / "ca.pem"),
            "SMITH_APNS_PRODUCTION_ADDRESS": f"localhost:{self.apns_port}",
            "SMITH_APNS_SANDBOX_ADDRESS": f"localhost:{self.apns_port}",
            "SMITH_APNS_CONNECT_TIMEOUT": f"{LONG:g}",
            "SMITH_APNS_ANSWER_TIMEOUT": f"{LONG:g}",
            **more,
        }

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        try:
            self._process.wait(LONG)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Apns:
    """The simulator's control API, as one test uses it."""

    def __init__(self, process: SimulatorProcess, http: httpx.AsyncClient) -> None:
        self.process = process
        self._http = http

    async def _call(self, method: str, path: str, **arguments: Any) -> Any:
        answer = await self._http.request(method, path, **arguments)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def reset(self) -> None:
        """Back to a faithful APNs that takes any token and has seen nothing."""
        await self._call("DELETE", "/apns/faults")
        await self._call("DELETE", "/apns/requests")
        await self.settings(accept_unknown_tokens=True)

        async def all_gone() -> bool:
            return (await self.stats())["connections_open"] == 0

        await eventually_async("the connections of the test before are closed", all_gone)
        await self._call("DELETE", "/apns/stats")

    async def settings(self, **settings: Any) -> None:
        """Changes sticky faults."""
        await self._call("POST", "/apns/faults", json={"settings": settings})

    async def script(self, token: str, *steps: dict[str, Any]) -> None:
        """What happens to the next requests for this token (`*`: any)."""
        await self._call("POST", "/apns/faults", json={"tokens": {token: list(steps)}})

    async def connections(self, action: str, **more: Any) -> None:
        """Does something to all open connections."""
        await self._call("POST", "/apns/faults", json={"connections": {"action": action, **more}})

    async def hold(self) -> None:
        """No request gets its verdict until `release`."""
        await self.settings(latency_seconds=600)

    async def release(self) -> None:
        """Those that are held get their verdicts now, later ones at once."""
        await self.settings(latency_seconds=0)
        await self.connections("answer")

    async def stats(self) -> dict[str, int]:
        """The counters."""
        return dict(await self._call("GET", "/apns/stats"))

    async def requests(self, token: str = "") -> list[dict[str, Any]]:
        """What was sent, newest first."""
        query = {"limit": 10_000, **({"token": token} if token else {})}
        return list((await self._call("GET", "/apns/requests", params=query))["requests"])

    async def until_streams_open(self, count: int) -> None:
        """Returns once that many requests wait for their answers."""

        async def open_now() -> bool:
            return (await self.stats())["streams_open"] == count

        await eventually_async(f"{count} open streams", open_now)


class Service:
    """A delivery service in this process, called over gRPC."""

    def __init__(self, delivery: Delivery, address: str, stub: Any, webhooks: Any, mails: Any) -> None:
        self.delivery = delivery
        self.address = address
        self.stub = stub
        self.webhooks = webhooks
        self.mails = mails

    async def deliver(self, *pushes: Push, deadline: float = LONG) -> list[Outcome]:
        """All outcomes, in the order of the targets; fails unless each target has exactly one."""
        outcomes: list[Outcome] = []
        async for group in self.stub.Deliver(DeliverRequest(pushes=pushes), timeout=deadline):
            outcomes.extend(group.outcomes)
        assert sorted(outcome.index for outcome in outcomes) == list(range(sum(len(push.targets) for push in pushes)))
        return sorted(outcomes, key=lambda outcome: outcome.index)

    @property
    def connections(self) -> list[Any]:
        """The open connections to production."""
        return list(self.delivery.apns.pools[PRODUCTION].connections)


def random_token() -> str:
    """A device token that no other test uses."""
    return secrets.token_hex(32)


def target(token: str = "", **fields: Any) -> Target:
    """A good target, save for what the test sets."""
    good = {"apns_id": str(uuid.uuid4()), "bundle_id": TOPIC, "environment": PRODUCTION}
    return Target(token=token or random_token(), **{**good, **fields})


def push(*targets: Target, count: int = 0, size: int = 0, expires_at: int = 0, **fields: Any) -> Push:
    """A good push for these targets and `count` more, its payload at least `size` bytes long."""
    payload = json.dumps({"aps": {"alert": {"title": "Deployed", "body": "x" * size}}}).encode()
    good: dict[str, Any] = {"push_type": ALERT, "payload": payload, "priority": 10}
    if expires_at:
        good["expires_at"] = Timestamp(seconds=expires_at)
    return Push(targets=[*targets, *(target() for _ in range(count))], **{**good, **fields})


def tally(outcomes: list[Outcome]) -> dict[tuple[int, str], int]:
    """How many outcomes of each kind and reason."""
    return dict(Counter((outcome.kind, outcome.reason) for outcome in outcomes))


@asynccontextmanager
async def delivery_service(settings: DeliverySettings, resolver: Resolve = resolve) -> AsyncIterator[Service]:
    """Runs a delivery service for the length of the context."""
    delivery = Delivery(settings, resolver)
    port = await delivery.start()
    address = f"127.0.0.1:{port}"
    async with open_channel(address) as channel:
        try:
            stubs = DeliveryServiceStub(channel), WebhookServiceStub(channel), MailServiceStub(channel)
            yield Service(delivery, address, *stubs)
        finally:
            await delivery.stop()


def settings_from(environment: dict[str, str], monkeypatch: Any) -> DeliverySettings:
    """The settings that a process with this environment would have."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return DeliverySettings()
