"""The servers under test: `smith up` in a scratch folder, on free ports."""

import asyncio
import secrets
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.kinds import OURS, Kind
from benchmarks.population import Population
from benchmarks.population_elsewhere import PopulationElsewhere
from benchmarks.stand_in import StandIn
from tests.stack import ANY_PORT, Stack

# The machine's limit is measured, not the account's.
ENVIRONMENT = {"SMITH_ADMIN_PORT": ANY_PORT, "SMITH_RATE_LIMIT_PER_MINUTE": "1000000", "SMITH_LOG_LEVEL": "warning"}

# The simulator need not store requests that are never read.
SIMULATOR = {"settings": {"accept_unknown_tokens": True, "log_requests": False}}


@dataclass(frozen=True)
class Server:
    """A running server that sends to the stand-in as to Apple."""

    kind: Kind
    stack: Stack
    population: Population
    apns: StandIn

    @property
    def name(self) -> str:
        """How the table calls it."""
        return self.kind.name


@contextmanager
def running_server(kind: Kind, apns: StandIn) -> Iterator[Server]:
    """A server, whose account has one phone. Everything is removed afterwards."""
    with discarded(stack_of(kind, apns, [kind.smith, "up"])) as stack:
        stack.start()
        pair_phone(stack, "iPhone")
        if kind.checkout == OURS:
            yield Server(kind, stack, Population(stack.database_url), apns)
            return
        population = PopulationElsewhere(stack.database_url, kind)
        try:
            yield Server(kind, stack, population, apns)
        finally:
            population.close()


@contextmanager
def running_simulated_server(kind: Kind) -> Iterator[Stack]:
    """A server with the simulator, its phone and its screens."""
    with discarded(Stack(None, command=[kind.smith, "up"], **ENVIRONMENT, **kind.settings)) as stack:
        stack.start()
        httpx.post(
            f"{stack.simulator_url}/apns/faults", json=SIMULATOR, timeout=10, trust_env=False
        ).raise_for_status()  # fmt: skip
        yield stack


def stack_of(kind: Kind, apns: StandIn, command: Sequence[str | Path]) -> Stack:
    """A server that is not started yet."""
    return Stack(None, command=command, **ENVIRONMENT, **kind.settings, **apns.environment())


@contextmanager
def discarded(stack: Stack) -> Iterator[Stack]:
    """Ends the server and removes its folders after the block."""
    try:
        yield stack
    finally:
        # An impatient second Ctrl-C must not leave the folder behind.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        stack.discard()
        signal.signal(signal.SIGINT, before)


def pair_phone(stack: Stack, name: str) -> str:
    """Pairs a phone of the quickstart's account, which reports its tokens. Returns its device token."""
    with httpx.Client(base_url=stack.base_url, timeout=30, trust_env=False) as http:

        def call(method: str, path: str, bearer: str = "", **body: object) -> dict[str, str]:
            headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
            answer = http.request(method, path, headers=headers, json=body).raise_for_status()
            return dict(answer.json()) if answer.content else {}

        session = call("POST", "/api/sessions", email=stack.owner_email, password=stack.owner_password)
        code = call("POST", "/api/pairing-codes", session["session_token"])
        phone = call("POST", "/api/device/pair", pairing_code=code["pairing_code"], name=name)
        tokens = {"push_token": secrets.token_hex(32), "push_to_start_token": secrets.token_hex(32)}
        call(
            "PUT", "/api/device/tokens", phone["device_token"], environment="production", os_version="18.2", **tokens
        )  # fmt: skip
        return phone["device_token"]


async def cancelled(*tasks: "asyncio.Task[None]") -> None:
    """Cancels tasks. Raises the exception of a task that has failed before."""
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended
