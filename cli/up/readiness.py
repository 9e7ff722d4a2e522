"""Waits until all processes answer, and asks whether pushes can be sent."""

import asyncio
import logging
import time

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc
from smith.delivery.v1 import delivery_service_pb2_grpc
from smith.delivery.v1.delivery_service_pb2 import GetDestinationsRequest

from cli.up.settings import UpSettings
from service_kit.client import open_channel
from service_kit.peers import Peers

log = logging.getLogger(__name__)

INTERVAL = 0.05
ANSWER_SECONDS = 5.0
REMARK_AFTER = 15.0
"""Seconds until the log names a process that is not ready yet, and between such lines."""


async def wait_until_all_answer(settings: UpSettings) -> None:
    """Returns once every process says that it can serve. Waits without a limit."""
    async with asyncio.TaskGroup() as group:
        peers = Peers.of(settings)
        group.create_task(_until_serving("core", settings.core_address, peers))
        group.create_task(_until_serving("delivery", settings.delivery_address, peers))
        group.create_task(_until_ok("gateway", f"{settings.gateway_url}/readyz"))
        if settings.admin_page:
            group.create_task(_until_ok("admin", f"{settings.admin_page}/readyz"))
        if settings.simulated:
            group.create_task(_until_ok("simulator", f"{settings.simulator_url}/healthz"))


async def push_fault(settings: UpSettings) -> str:
    """Why the delivery service can send no push, in a sentence; empty if it knows of no reason, or is away."""
    async with open_channel(settings.delivery_address, Peers.of(settings)) as channel:
        stub = delivery_service_pb2_grpc.DeliveryServiceStub(channel)
        try:
            told = await stub.GetDestinations(GetDestinationsRequest(), timeout=ANSWER_SECONDS)
        except grpc.aio.AioRpcError as error:
            log.warning("the delivery service does not say whether it can send: %s", error.details())
            return ""
    return str(told.push_fault_explanation)


async def _until_serving(name: str, address: str, peers: Peers) -> None:
    remark = _Remark(name)
    async with open_channel(address, peers) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        while True:
            try:
                answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=2)
                if answer.status == health_pb2.HealthCheckResponse.SERVING:
                    return
                remark.perhaps("not serving")
            except grpc.aio.AioRpcError as error:
                remark.perhaps(error.details() or error.code().name)
            await asyncio.sleep(INTERVAL)


async def _until_ok(name: str, url: str) -> None:
    remark = _Remark(name)
    # No certificates for http, because they take long to load.
    async with httpx.AsyncClient(timeout=2, trust_env=False, verify=url.startswith("https:")) as client:
        while True:
            try:
                answer = await client.get(url)
                if answer.status_code == httpx.codes.OK:
                    return
                remark.perhaps(f"status {answer.status_code}")
            except httpx.HTTPError as error:
                remark.perhaps(str(error))
            await asyncio.sleep(INTERVAL)


class _Remark:
    """Logs at intervals which process is not ready."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._next = time.monotonic() + REMARK_AFTER

    def perhaps(self, state: str) -> None:
        """Logs the state if the next line is due."""
        if time.monotonic() >= self._next:
            log.warning("still waiting for %s: %s", self._name, state)
            self._next = time.monotonic() + REMARK_AFTER
