"""`python -m delivery_service` as operators run it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from smith.delivery.v1.delivery_service_pb2 import DeliverRequest
from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceStub

from service_kit.client import open_channel
from tests.delivery.harness import ACCEPTED, Apns, push, tally
from tests.waiting import LONG, eventually_async

pytestmark = pytest.mark.slow

SERVING = re.compile(r"serving on (127\.0\.0\.1:\d+)")


class DeliveryProcess:
    """A delivery service process; its lines go to a file."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.log = folder / "delivery.log"
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "delivery_service"],
                env={**os.environ, "SMITH_DATA_DIR": str(folder), "SMITH_STOP_AT_EOF": "1", **environment},
                stdin=subprocess.PIPE,
                stderr=sink,
            )

    def until_serving(self) -> str:
        """Its address."""
        deadline = time.monotonic() + LONG
        while not (match := SERVING.search(self.log.read_text())):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return match[1]

    def end(self) -> None:
        """Ends it, however it is."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


@pytest.fixture
def made() -> Iterator[list[DeliveryProcess]]:
    """Processes of the test, ended with it."""
    processes: list[DeliveryProcess] = []
    yield processes
    for process in processes:
        process.end()


async def test_the_process_delivers_and_stops_cleanly_when_told(
    apns: Apns, tmp_path: Path, made: list[DeliveryProcess]
) -> None:
    process = DeliveryProcess(tmp_path, apns.process.environment())
    made.append(process)
    async with open_channel(process.until_serving()) as channel:
        call = DeliveryServiceStub(channel).Deliver(DeliverRequest(pushes=[push(count=300)]), timeout=LONG)
        outcomes = [outcome async for group in call for outcome in group.outcomes]
    assert tally(outcomes) == {(ACCEPTED, ""): 300}
    process.process.send_signal(signal.SIGTERM)
    assert process.process.wait(LONG) == 0
    assert "Traceback" not in process.log.read_text()


async def test_a_push_in_flight_is_answered_before_the_process_stops(
    apns: Apns, tmp_path: Path, made: list[DeliveryProcess]
) -> None:
    await apns.hold()
    process = DeliveryProcess(tmp_path, apns.process.environment(SMITH_DRAIN_SECONDS=f"{LONG:g}"))
    made.append(process)
    address = process.until_serving()

    async def takes_no_more() -> bool:
        try:
            _, writer = await asyncio.open_connection(*address.rsplit(":", 1))
        except ConnectionRefusedError:
            return True
        writer.close()
        return False

    async with open_channel(address) as channel:
        call = DeliveryServiceStub(channel).Deliver(DeliverRequest(pushes=[push(count=1)]), timeout=LONG)
        await apns.until_streams_open(1)
        process.process.send_signal(signal.SIGTERM)
        await eventually_async("it stops", takes_no_more)
        await apns.release()
        outcomes = [outcome async for group in call for outcome in group.outcomes]
    assert tally(outcomes) == {(ACCEPTED, ""): 1}
    assert process.process.wait(LONG) == 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SMITH_APNS_PRODUCTION_ADDRESS", "no-port"),
        ("SMITH_APNS_CONNECTIONS", "0"),
        ("SMITH_APNS_CA_FILE", "/nowhere/ca.pem"),
    ],
)
def test_a_wrong_setting_ends_the_process_with_one_line_that_names_it(
    tmp_path: Path, made: list[DeliveryProcess], variable: str, value: str
) -> None:
    credentials = {"SMITH_APNS_KEY_ID": "K", "SMITH_APNS_TEAM_ID": "T", "SMITH_APNS_KEY_FILE": str(_key(tmp_path))}
    process = DeliveryProcess(tmp_path, {"SMITH_DELIVERY_PORT": "0", **credentials, variable: value})
    made.append(process)
    assert process.process.wait(LONG) != 0
    (line,) = process.log.read_text().splitlines()
    assert variable in line


def _key(folder: Path) -> Path:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    file = folder / "AuthKey.p8"
    key = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file
