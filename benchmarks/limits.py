"""The limits of this machine: no request can be faster."""

import asyncio
import secrets
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil
from grpc_health.v1 import health_pb2, health_pb2_grpc
from smith.delivery.v1 import delivery_pb2, reason_pb2
from smith.delivery.v1.delivery_pb2 import Outcome

from benchmarks.bare_client import send_bare
from benchmarks.kinds import SPLIT
from benchmarks.load import Load, WrongAnswer, load_calls, load_http
from benchmarks.report import Row, row_of_loads
from benchmarks.server import Server
from benchmarks.settings import Amounts
from benchmarks.stand_in import HOST, StandIn
from delivery_service.apns.request import Job, jobs_of
from delivery_service.settings import DeliverySettings
from delivery_service.wiring import Delivery
from service_kit.client import open_channel
from tests.stack import Stack

SECTION = "Limits of this machine"
STEPS = "its steps in a row"
STEPS_TO_CORE = "the way to core and back"
BARE_PUSHES_IN_FLIGHT = 200
GRPC_HOPS = 2


def callers_text(callers: int) -> str:
    """The name of a row with this number of callers."""
    return "1 caller" if callers == 1 else f"{callers} callers"


@dataclass(frozen=True)
class Limits:
    """The limits with which other figures are compared, by the number of callers if there are several."""

    gateway: dict[int, Load]
    grpc_hop: dict[int, Load]
    sender: dict[int, Load]
    stand_in: tuple[float, float]
    """Pushes a second that the stand-in for APNs takes, and its seconds of a processor for one of them."""
    grpc_hops: int
    """gRPC calls of a request: from the gateway to core and from core to delivery, if they are processes."""

    @property
    def bare_sender(self) -> float:
        """Pushes a second, at the sender's best concurrency."""
        return self.sender[BARE_PUSHES_IN_FLIGHT].per_second

    def steps_in_a_row(self, callers: int) -> float:
        """Requests a second if a request consisted of these steps only: no rules, no database."""
        seconds = 1 / self.gateway[callers].per_second
        seconds += self.grpc_hops / self.grpc_hop[callers].per_second
        return 1 / (seconds + 1 / self.sender[callers].per_second)

    def steps_to_core(self, callers: int) -> float:
        """Requests a second if a request only went through the gateway to core and back, without any work there."""
        hops = min(self.grpc_hops, 1)
        return 1 / (1 / self.gateway[callers].per_second + hops / self.grpc_hop[callers].per_second)

    def rows(self) -> list[Row]:
        """The limits as rows of the table."""
        steps = [
            Row(SECTION, f"{STEPS}, {callers_text(callers)}", self.steps_in_a_row(callers), "requests/s")
            for callers in self.gateway
        ]
        pushes, seconds = self.stand_in
        return [
            Row(SECTION, "stand-in for APNs, pushes of a bare client", pushes, "pushes/s"),
            Row(SECTION, "processor time of the stand-in for one", 1e6 * seconds, "µs"),
            *_rows("empty gateway request", "requests/s", self.gateway),
            *_rows("empty gRPC hop", "calls/s", self.grpc_hop),
            *_rows("bare loop of the sender", "pushes/s", self.sender),
            *steps,
        ]


def _rows(what: str, unit: str, loads: dict[int, Load]) -> list[Row]:
    return [row_of_loads(SECTION, f"{what}, {callers_text(callers)}", unit, [load]) for callers, load in loads.items()]


async def measure_limits(server: Server, amounts: Amounts) -> Limits:
    """Measures them one after the other, each after a short warm-up."""
    stack, apns = server.stack, server.apns
    await apns.reset(latency_ms=0)
    stand_in = await _stand_in(apns, amounts.bare_client_pushes)
    gateway = {callers: await _empty_requests(stack, count, callers) for callers, count in amounts.empty_calls.items()}
    hops = {callers: await _grpc_hop(stack, count, callers) for callers, count in amounts.empty_calls.items()}
    sender = await _bare_sender(apns, amounts.bare_pushes)
    return Limits(gateway, hops, sender, stand_in, GRPC_HOPS if server.kind.layout == SPLIT else 0)


async def _stand_in(apns: StandIn, count: int) -> tuple[float, float]:
    process = psutil.Process(apns.pid)
    await send_bare(HOST, apns.port, apns.tls(), count=count // 10, in_flight=BARE_PUSHES_IN_FLIGHT)
    before = sum(process.cpu_times()[:2])
    per_second = await send_bare(HOST, apns.port, apns.tls(), count=count, in_flight=BARE_PUSHES_IN_FLIGHT)
    return per_second, (sum(process.cpu_times()[:2]) - before) / count


async def _empty_requests(stack: Stack, count: int, callers: int) -> Load:
    request = f"GET /healthz HTTP/1.1\r\nHost: {urlsplit(stack.base_url).netloc}\r\n\r\n".encode()
    await load_http(stack.base_url, [request] * (count // 10), callers=callers, check=lambda _: True)
    return await load_http(stack.base_url, [request] * count, callers=callers, check=lambda _: True)


async def _grpc_hop(stack: Stack, count: int, callers: int) -> Load:
    empty = health_pb2.HealthCheckRequest()
    async with open_channel(stack.core_address) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        await load_calls(lambda: check(empty, timeout=10), count // 10, callers=callers)
        return await load_calls(lambda: check(empty, timeout=10), count, callers=callers)


async def _bare_sender(apns: StandIn, counts: dict[int, int]) -> dict[int, Load]:
    """Runs the delivery service's sender in this process, with the server's settings and the same stand-in."""
    environment = apns.environment()
    settings = DeliverySettings.model_validate(
        {
            name: environment[f"SMITH_{name.upper()}"]
            for name in DeliverySettings.model_fields
            if f"SMITH_{name.upper()}" in environment
        }
    )
    sender = Delivery(settings).apns.sender

    async def send(jobs: list[Job], callers: int) -> Load:
        remaining = iter(jobs)

        async def send_next() -> None:
            answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            sender.submit(next(remaining), answered.set_result)
            outcome = await answered
            if outcome.kind != reason_pb2.OUTCOME_KIND_ACCEPTED:
                raise WrongAnswer(f"the stand-in refused a push: {outcome.reason}")

        return await load_calls(send_next, len(jobs), callers=callers)

    try:
        await send(_jobs(max(counts.values()) // 10, settings.apns_topic), max(counts))
        return {callers: await send(_jobs(count, settings.apns_topic), callers) for callers, count in counts.items()}
    finally:
        sender.close()


def _jobs(count: int, topic: str) -> list[Job]:
    push = delivery_pb2.Push(
        push_type=delivery_pb2.PUSH_TYPE_ALERT,
        payload=b'{"aps":{"alert":{"title":"Build finished","body":"All tests passed"},"sound":"default"}}',
        collapse_id=str(uuid.uuid4()),
        priority=10,
        targets=[
            delivery_pb2.Target(
                token=secrets.token_hex(32),
                apns_id=str(uuid.uuid4()),
                environment=delivery_pb2.ENVIRONMENT_PRODUCTION,
            )
            for _ in range(count)
        ],
    )
    return list(jobs_of([push], topic))
