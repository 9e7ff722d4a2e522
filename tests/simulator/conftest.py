"""A simulator that the tests here share, with a phone for each test."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.app_server import AppServer
from tests.simulator.browser import PairedBrowser
from tests.simulator.gateway import StandInGateway
from tests.simulator.live import LivePhone
from tests.simulator.process import SimulatorProcess, phone_record, write_phones
from tests.simulator.sender import Sender

PHONES = 60
LIVE_PHONES = 150


@dataclass
class Handset:
    """A phone on the shared simulator."""

    id: str
    push_token: str
    push_to_start_token: str


@pytest.fixture(scope="session")
def shared_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SimulatorProcess, list[Handset]]]:
    """Started once."""
    folder = tmp_path_factory.mktemp("simulator")
    records = [phone_record(os.urandom(32).hex()) for _ in range(PHONES)]
    write_phones(folder, records)
    handsets = [Handset(one["id"], one["push_token"], one["push_to_start_token"]) for one in records]
    process = SimulatorProcess(folder).start()
    yield process, handsets
    assert process.stop() == 0, "".join(process.lines)
    assert "Traceback" not in "".join(process.lines)


@pytest.fixture
def simulator(shared_simulator: tuple[SimulatorProcess, list[Handset]]) -> Iterator[SimulatorProcess]:
    """The shared simulator, without faults and with counters at zero."""
    process, _ = shared_simulator
    process.http.delete("/apns/faults")
    process.http.delete("/apns/stats")
    yield process
    process.http.delete("/apns/faults")


@pytest.fixture
def handset(shared_simulator: tuple[SimulatorProcess, list[Handset]]) -> Handset:
    """A phone that no other test uses."""
    return shared_simulator[1].pop()


@pytest.fixture
def sender(simulator: SimulatorProcess) -> Sender:
    """A connection that is yet to be opened with `async with`."""
    return Sender(simulator.apns_port, simulator.folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder for a simulator of the test's own."""
    return tmp_path


@pytest.fixture(scope="module")
def handset_of_many(shared_simulator: tuple[SimulatorProcess, list[Handset]]) -> Handset:
    """A phone for tests that do not look at its screen."""
    return shared_simulator[1].pop()


@pytest.fixture(scope="session")
def gateway() -> Iterator[StandInGateway]:
    """A stand-in that the phones of `live_simulator` talk to."""
    gateway = StandInGateway()
    yield gateway
    gateway.close()


@pytest.fixture(scope="session")
def live_simulator(
    tmp_path_factory: pytest.TempPathFactory, gateway: StandInGateway
) -> Iterator[tuple[SimulatorProcess, list[dict[str, Any]]]]:
    """Started once, with a gateway. Its clock goes forward from test to test."""
    folder = tmp_path_factory.mktemp("live")
    records = [phone_record(os.urandom(32).hex()) for _ in range(LIVE_PHONES)]
    write_phones(folder, records)
    process = SimulatorProcess(folder, SMITH_GATEWAY_URL=gateway.url).start()
    yield process, records.copy()
    assert process.stop() == 0, "".join(process.lines)
    assert "Traceback" not in "".join(process.lines)


@pytest.fixture
async def live(
    live_simulator: tuple[SimulatorProcess, list[dict[str, Any]]], gateway: StandInGateway
) -> AsyncIterator[LivePhone]:
    """A phone that no other test uses, with an open connection to APNs."""
    process, records = live_simulator
    record = records.pop()
    process.http.delete("/apns/stats")
    async with Sender(process.apns_port, process.folder) as sender:
        yield LivePhone(process, sender, record, gateway.account(record["device_token"]))


@pytest.fixture(scope="session")
def app_server(gateway: StandInGateway) -> AppServer:
    """What the stand-in of the gateway sends with."""
    server = AppServer()
    gateway.web_push_key = server.public_key
    return server


MakeBrowser = Callable[..., PairedBrowser]


@pytest.fixture
def make_browser(
    live_simulator: tuple[SimulatorProcess, list[dict[str, Any]]], gateway: StandInGateway, app_server: AppServer
) -> Iterator[MakeBrowser]:
    """Pairs browsers of a kind."""
    process, _ = live_simulator
    process.http.delete("/web-push/faults")

    def make(kind: str) -> PairedBrowser:
        return PairedBrowser.pair(process, gateway, app_server, kind)

    yield make
    process.http.delete("/web-push/faults")
