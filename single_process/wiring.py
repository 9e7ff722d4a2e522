"""Connects gateway, core and delivery, and runs them side by side on one event loop."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext

from core_service.app import failures
from core_service.app import wiring as core
from delivery_service import wiring as delivery
from gateway import wiring as gateway
from service_kit import http_server, part
from service_kit.in_process import InProcessChannel
from service_kit.peers import Peers
from service_kit.process import StopRequest
from single_process.settings import PartSettings

Serve = Callable[[StopRequest], Awaitable[None]]
"""Serves until it is told to stop."""


async def serve(settings: PartSettings, stop: StopRequest) -> None:
    """Serves until told to stop, or until a part cannot go on. Then the parts stop one after the other, each while
    those that it needs still serve: the gateway, core, delivery.

    Raises what the part that could not go on has raised, SystemExit with its message included.
    """
    to_core = InProcessChannel(Peers.of(settings.core).metadata())
    to_delivery = InProcessChannel(Peers.of(settings.delivery).metadata())
    last = Part("delivery", lambda stop: delivery.serve(settings.delivery, stop, caller=to_delivery))
    middle = Part(
        "core",
        lambda stop: core.serve(settings.core, stop, delivery=to_delivery, caller=to_core),
        failures.told(),
    )
    first = Part(
        "gateway",
        lambda stop: gateway.serve(settings.gateway, stop, core=to_core),
        http_server.told("gateway", settings.gateway, settings.gateway.gateway_port),
    )
    # Core needs no gateway, but delivery: its first claims go out at once.
    running = [one.start() for one in (last, middle, first)]
    asked = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({asked, *running}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()
        ended = [await one.end() for one in (first, middle, last)]
    for failure in ended:
        if failure is not None:
            raise failure


class Part:
    """One of the three, with a request to stop of its own."""

    def __init__(self, name: str, serve: Serve, told: AbstractContextManager[None] | None = None) -> None:
        """`told` makes a message and an exit code of what keeps it from starting."""
        self._name = name
        self._serve = serve
        self._told = told or nullcontext()
        self._stop = StopRequest()
        self._task: asyncio.Task[BaseException | None] | None = None

    def start(self) -> "asyncio.Task[BaseException | None]":
        """Runs it in a task. What it logs and traces bears its name."""
        self._task = asyncio.create_task(self._run())
        return self._task

    async def end(self) -> BaseException | None:
        """Asks it to stop, and returns once it has: what it failed with, or None."""
        if self._task is None:
            return None
        self._stop.set()
        return await self._task

    async def _run(self) -> BaseException | None:
        part.current.set(self._name)
        try:
            with self._told:
                await self._serve(self._stop)
        # SystemExit must not leave a task: it would end the event loop before the other parts have stopped.
        except (Exception, SystemExit) as failure:
            return failure
        return None
