"""The server's own processes know each other; others do not get past."""

import os
import subprocess
import sys
from pathlib import Path

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from smith.delivery.v1.delivery_pb2 import Push, Target
from smith.delivery.v1.delivery_service_pb2 import DeliverRequest
from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceStub
from smith.delivery.v1.webhook_pb2 import WebhookCall
from smith.delivery.v1.webhook_service_pb2 import CallWebhookRequest
from smith.delivery.v1.webhook_service_pb2_grpc import WebhookServiceStub

from delivery_service.settings import DeliverySettings
from delivery_service.wiring import Delivery
from service_kit.client import open_channel
from service_kit.peers import Peers
from tests.delivery.harness import SimulatorProcess
from tests.waiting import LONG

SECRET = "s" * 32


async def code(channel: grpc.aio.Channel) -> tuple[str, str]:
    """How a Deliver and a CallWebhook of the channel end."""
    ended = []
    try:
        request = DeliverRequest(pushes=[Push(payload=b"{}", targets=[Target(token="ab" * 32)])])
        async for _ in DeliveryServiceStub(channel).Deliver(request, timeout=20):
            pass
        ended.append("OK")
    except grpc.aio.AioRpcError as error:
        ended.append(error.code().name)
    try:
        call = CallWebhookRequest(call=WebhookCall(url="http://example.com"))
        await WebhookServiceStub(channel).CallWebhook(call, timeout=20)
        ended.append("OK")
    except grpc.aio.AioRpcError as error:
        ended.append(error.code().name)
    return ended[0], ended[1]


async def test_delivery_answers_only_who_knows_the_secret() -> None:
    delivery = Delivery(DeliverySettings(delivery_port=0, drain_seconds=1, internal_secret=SECRET))
    address = f"127.0.0.1:{await delivery.start()}"
    try:
        for peers, expected in (
            (Peers(SECRET), "OK"),
            (Peers(SECRET[:-1] + "x"), "UNAUTHENTICATED"),
            (Peers("t" * 32), "UNAUTHENTICATED"),
            (Peers("s"), "UNAUTHENTICATED"),
            (Peers(SECRET * 100), "UNAUTHENTICATED"),
            (None, "UNAUTHENTICATED"),
        ):
            async with open_channel(address, peers) as channel:
                assert await code(channel) == (expected, expected)
                health = health_pb2_grpc.HealthStub(channel)
                answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=20)
                assert answer.status == health_pb2.HealthCheckResponse.SERVING
    finally:
        await delivery.stop()


async def test_a_replica_that_does_not_answer_gets_no_calls() -> None:
    settings = DeliverySettings(delivery_port=0, drain_seconds=1)
    first, second = Delivery(settings), Delivery(settings)
    ports = [await first.start(), await second.start()]
    try:
        async with open_channel(",".join(f"127.0.0.1:{port}" for port in ports)) as channel:
            assert {await code(channel) for _ in range(6)} == {("OK", "OK")}
            await first.stop()
            assert {await code(channel) for _ in range(6)} == {("OK", "OK")}
    finally:
        await second.stop()


@pytest.mark.parametrize(
    "said",
    [
        [],
        [SECRET, SECRET],
        [SECRET, "x"],
        [SECRET.upper()],
        [""],
        ["\xe9" * 32],
        [b"\xff"],
        ["\udcff".encode("utf-8", "surrogatepass")],
    ],
)
def test_whatever_is_said_instead_of_the_secret_is_refused_and_breaks_nothing(said: list[str | bytes]) -> None:
    assert not Peers(SECRET).know([("x-smith-secret", value) for value in said])


def test_the_simulator_stays_on_loopback_when_the_server_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its control API commands phones and clock; it has no credentials."""
    monkeypatch.setenv("SMITH_BIND_HOST", "0.0.0.0")
    simulator = SimulatorProcess(tmp_path)
    try:
        connections = psutil.Process(simulator.pid).net_connections()
        listening = {one.laddr.ip for one in connections if one.status == psutil.CONN_LISTEN}
        assert listening == {"127.0.0.1"}
    finally:
        simulator.stop()


@pytest.mark.parametrize("process", ["core_service", "delivery_service"])
@pytest.mark.parametrize(
    ("secret", "words"),
    [(None, "SMITH_INTERNAL_SECRET"), ("short", "at least 32"), (Path("/nowhere"), "/nowhere")],
)
def test_a_process_that_strangers_could_reach_does_not_start_without_a_secret(
    process: str, secret: str | Path | None, words: str, tmp_path: Path
) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("SMITH_")}
    env |= {
        "SMITH_BIND_HOST": "0.0.0.0",
        "SMITH_DATABASE_URL": "postgresql://localhost/x",
        "SMITH_DATA_DIR": str(tmp_path),
    }
    if secret is not None:
        env["SMITH_INTERNAL_SECRET_FILE" if isinstance(secret, Path) else "SMITH_INTERNAL_SECRET"] = str(secret)
    ended = subprocess.run(
        [sys.executable, "-m", process], env=env, capture_output=True, text=True, timeout=3 * LONG, check=False
    )
    assert ended.returncode == 2
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "short" not in ended.stderr.replace("should", "")
