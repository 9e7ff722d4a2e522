"""`python -m benchmarks.web_push`: what a push to many browsers costs a push to a phone that goes out beside it.

The delivery service, the simulated APNs and a push service of browsers are processes of their own, all over TLS.
"""

import argparse
import asyncio
import os
import signal
import ssl
import statistics
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TYPE_CHECKING

import httpx
import uvloop
from smith.delivery.v1.delivery_pb2 import Push
from smith.delivery.v1.delivery_service_pb2 import DeliverRequest
from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceStub

from service_kit.client import open_channel
from tests.delivery.harness import ACCEPTED, SimulatorProcess, push
from tests.delivery.push_services import Browser, new_key, web_push, write_key
from tests.delivery.test_process import DeliveryProcess

if TYPE_CHECKING:
    from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceAsyncStub

CALL = 250
"""Browsers in one call, as core claims them."""
CALLS_AT_ONCE = 4
"""Core has up to 1,000 deliveries of notifications claimed."""
PAYLOAD = b'{"web_push":8030,"notification":{"title":"Build finished","navigate":"https://x/","body":"%s"}}' % (
    b"x" * 900
)


def main() -> int:
    """Measures, prints, and returns whether every push was accepted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web_push")
    parser.add_argument("--browsers", type=int, default=10_000)
    parser.add_argument("--latency-ms", type=float, default=50.0, help="how long the push service takes to answer")
    parser.add_argument("--per-second", type=float, default=50.0, help="pushes to phones")
    parser.add_argument("--rest-seconds", type=float, default=15.0, help="how long pushes to phones are measured alone")
    parser.add_argument("--serve", type=Path, help="be the push service; the folder with its certificate")
    parser.add_argument("--fan-out", nargs=2, help="be what pushes to browsers; the delivery service, the push service")
    arguments = parser.parse_args()
    if arguments.serve:
        uvloop.run(serve(arguments.serve, arguments.latency_ms / 1000))
        return 0
    if arguments.fan_out:
        address, origin = arguments.fan_out
        uvloop.run(fan_out(address, origin, arguments.browsers))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder), arguments)


def measure(folder: Path, arguments: argparse.Namespace) -> int:
    """Runs the processes and both measurements."""
    apns = SimulatorProcess(folder)
    command = [sys.executable, "-m", "benchmarks.web_push", "--serve", str(apns.folder)]
    service = Popen([*command, "--latency-ms", str(arguments.latency_ms)], stdout=PIPE, text=True)
    delivery = None
    try:
        assert service.stdout is not None
        origin = f"https://localhost:{int(service.stdout.readline())}"
        write_key(folder / "webpush.pem", new_key())
        environment = apns.environment(
            SMITH_WEBPUSH_KEY_FILE=str(folder / "webpush.pem"),
            SMITH_WEBPUSH_ALLOW=origin,
            SMITH_WEBPUSH_CA_FILE=str(apns.folder / "ca.pem"),
        )
        httpx.post(
            f"{apns.control_url}/apns/faults", json={"settings": {"accept_unknown_tokens": True}}
        ).raise_for_status()
        delivery = DeliveryProcess(folder, environment)
        found = uvloop.run(_measure(delivery.until_serving(), delivery.process.pid, origin, arguments))
    finally:
        service.kill()
        service.wait()
        if delivery is not None:
            delivery.end()
        apns.stop()
    return found


async def _measure(address: str, pid: int, origin: str, arguments: argparse.Namespace) -> int:
    async with open_channel(address) as channel:
        stub: DeliveryServiceAsyncStub = DeliveryServiceStub(channel)
        await _phones(stub, arguments.per_second, seconds=3.0)
        alone = await _phones(stub, arguments.per_second, seconds=arguments.rest_seconds)
        # A process of its own: what it does must not delay the pushes whose time is measured here.
        command = [sys.executable, "-m", "benchmarks.web_push", "--browsers", str(arguments.browsers)]
        sender = await asyncio.create_subprocess_exec(*command, "--fan-out", address, origin, stdin=PIPE, stdout=PIPE)
        assert sender.stdout is not None
        assert sender.stdin is not None
        await sender.stdout.readline()
        cpu = _cpu_seconds(pid)
        began = time.monotonic()
        sender.stdin.write(b"go\n")
        sending = asyncio.create_task(sender.stdout.readline())
        beside = await _phones(stub, arguments.per_second, until=sending)
        accepted, took = int(await sending), time.monotonic() - began
        cpu = _cpu_seconds(pid) - cpu
        await sender.wait()
        after = await _phones(stub, arguments.per_second, seconds=arguments.rest_seconds)
    print(f"{accepted} of {arguments.browsers} browsers in {took:.1f} s: {accepted / took:.0f} a second")
    print(f"processor time of the delivery service: {cpu:.1f} s, {cpu / arguments.browsers * 1000:.2f} ms for each")
    for name, times in (("before", alone), ("beside", beside), ("after", after)):
        print(f"push to a phone {name}: n={len(times)} p50 {_at(times, 50):.1f} ms, p99 {_at(times, 99):.1f} ms")
    rest = alone + after
    print(f"beside / at rest: p99 {_at(beside, 99) / _at(rest, 99):.2f}, p50 {_at(beside, 50) / _at(rest, 50):.2f}")
    return 0 if accepted == arguments.browsers else 1


async def _phones(
    stub: "DeliveryServiceAsyncStub",
    per_second: float,
    *,
    seconds: float = 0.0,
    until: "asyncio.Task[bytes] | None" = None,
) -> list[float]:
    """Pushes to phones at an even rate, each a call of its own; how long each took, in milliseconds."""
    times: list[float] = []

    async def one() -> None:
        began = time.perf_counter()
        await _deliver(stub, push(count=1))
        times.append((time.perf_counter() - began) * 1000)

    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        number = 0
        while not until.done() if until else time.monotonic() - begun < seconds:
            number += 1
            group.create_task(one())
            await asyncio.sleep(max(0.0, begun + number / per_second - time.monotonic()))
    return times


async def fan_out(address: str, origin: str, count: int) -> None:
    """Waits for a line, pushes to so many browsers of the push service, and prints how many were accepted."""
    browsers = [Browser(f"{origin}/push/{number}") for number in range(count)]
    async with open_channel(address) as channel:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        print(await _browsers(DeliveryServiceStub(channel), browsers), flush=True)


async def _browsers(stub: "DeliveryServiceAsyncStub", browsers: list[Browser]) -> int:
    """Sends one push to all; what is to be tried again is, as core does. How many were accepted."""
    waiting = [browsers[start : start + CALL] for start in range(0, len(browsers), CALL)]
    accepted = 0

    async def work() -> None:
        nonlocal accepted
        while waiting:
            part = waiting.pop()
            outcomes = await _deliver(stub, web_push(*part, payload=PAYLOAD))
            accepted += sum(kind == ACCEPTED for kind in outcomes)
            again = [browser for browser, kind in zip(part, outcomes, strict=True) if kind != ACCEPTED]
            if again:
                waiting.append(again)
                await asyncio.sleep(1)

    await asyncio.gather(*(work() for _ in range(CALLS_AT_ONCE)))
    return accepted


async def _deliver(stub: "DeliveryServiceAsyncStub", one: Push) -> list[int]:
    kinds: dict[int, int] = {}
    async for group in stub.Deliver(DeliverRequest(pushes=[one]), timeout=17):
        kinds |= {outcome.index: outcome.kind for outcome in group.outcomes}
    return [kinds[index] for index in range(len(one.targets))]


def _at(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100)[percent - 1]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def serve(folder: Path, latency: float) -> None:
    """A push service that takes everything, after this time; its port is printed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
                if latency:
                    await asyncio.sleep(latency)
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
