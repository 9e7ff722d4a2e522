"""Fixtures for delivery: one simulator for all tests, a delivery service for each."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager

import httpx
import pytest

from delivery_service.apns import credentials_check
from delivery_service.web_push import connection as web_push_connection
from tests.delivery.harness import Apns, Service, SimulatorProcess, delivery_service, settings_from
from tests.waiting import LONG

Start = Callable[..., AbstractAsyncContextManager[Service]]


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """The simulator."""
    process = SimulatorProcess(tmp_path_factory.mktemp("delivery"))
    yield process
    process.stop()


@pytest.fixture
async def apns(simulator_process: SimulatorProcess) -> AsyncIterator[Apns]:
    """A faithful APNs that has seen nothing yet."""
    async with httpx.AsyncClient(base_url=simulator_process.control_url, timeout=LONG) as http:
        apns = Apns(simulator_process, http)
        await apns.reset()
        yield apns
        await http.delete("/apns/faults")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no setting gives more time has that of a busy machine: a peer that is held up is not away."""
    monkeypatch.setattr(web_push_connection, "CONNECT_SECONDS", LONG)
    monkeypatch.setattr(credentials_check, "SECONDS", LONG)


@pytest.fixture
def start(apns: Apns, monkeypatch: pytest.MonkeyPatch) -> Start:
    """`async with start(SMITH_X="y") as service`: a delivery service with settings of the test's own."""

    def start(**environment: str) -> AbstractAsyncContextManager[Service]:
        return delivery_service(settings_from(apns.process.environment(**environment), monkeypatch))

    return start


@pytest.fixture
async def service(start: Start) -> AsyncIterator[Service]:
    """A delivery service that has sent nothing yet."""
    async with start() as service:
        yield service
