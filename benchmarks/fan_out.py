"""One request to many devices: the time until APNs has accepted all pushes, and the memory for that."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx
import psycopg

from benchmarks.cost import Measured, measured, rows_of_cost
from benchmarks.limits import Limits
from benchmarks.load import WrongAnswer
from benchmarks.progress import say
from benchmarks.report import Row, compared
from benchmarks.requests import PATH
from benchmarks.server import Server
from benchmarks.settings import Amounts
from benchmarks.turns import in_turns, rows_of_figures
from benchmarks.usage import PeakMemory

Audience = tuple[Server, str]
"""A server and the API key of its account with many phones."""
SECTION = "One request to {devices:,} devices, APNs {latency} ms"
COST_SECTION = "Cost of such a request for each push, APNs {latency} ms"
MEMORY_SECTION = "Memory while that runs, at its peak, {server}"
POLL_SECONDS = 0.02
LONGEST_RUN = 120.0
MEGABYTE = 1_000_000

COUNT_ACCEPTED = """
SELECT count(*), count(*) FILTER (WHERE attempts > 1)
FROM deliveries WHERE notification_id = %s AND state = 'accepted'
"""


@dataclass(frozen=True)
class FanOut:
    """The result of one request."""

    devices: int
    seconds_to_answer: float
    seconds_to_accepted: float
    """Seconds until APNs had accepted the push for every device."""
    seconds_to_settled: float
    """Seconds until the database had recorded that."""
    repeated: int
    """Pushes that needed more than one attempt."""

    @property
    def pushes_per_second(self) -> float:
        """From the request to the last acceptance."""
        return self.devices / self.seconds_to_accepted


async def measure_fan_out(audiences: Sequence[Audience], amounts: Amounts, limits: Limits) -> list[Row]:
    """The rows of this section."""
    rows = []
    for latency_ms in amounts.fan_out_latencies_ms:
        say(f"measuring one request to many devices, APNs {latency_ms} ms")
        rows += await _measure(audiences, amounts, limits, latency_ms)
    for server, api_key in audiences:
        with PeakMemory(server.stack) as memory:
            await fan_out(server, api_key, amounts.fan_out_devices)
        names = sorted(memory.peak, key=lambda name: -memory.peak[name])
        rows += [_memory_row(server, name, memory) for name in names]
    return rows


async def _measure(audiences: Sequence[Audience], amounts: Amounts, limits: Limits, latency_ms: int) -> list[Row]:
    devices, servers = amounts.fan_out_devices, [server for server, _ in audiences]

    async def measure(audience: Audience) -> Measured[FanOut]:
        server, api_key = audience
        return await measured(server, lambda: fan_out(server, api_key, devices, latency_ms))

    runs = await in_turns(measure, audiences, amounts.fan_out_repetitions)

    def rows_of(what: str, unit: str, figure: Callable[[FanOut], float]) -> list[Row]:
        limit = None if latency_ms or unit != "pushes/s" else (limits.bare_sender, "bare loop of the sender")
        figures = [[figure(run.result) for run in of_server] for of_server in runs]
        return rows_of_figures(section, (what, unit), servers, figures, limit=limit)

    section = SECTION.format(devices=devices, latency=latency_ms)
    return [
        *rows_of("until APNs accepted all", "pushes/s", lambda run: run.pushes_per_second),
        *rows_of("until the answer came", "s", lambda run: run.seconds_to_answer),
        *rows_of("until the database knew all", "s", lambda run: run.seconds_to_settled),
        *rows_of("needed another attempt", "pushes", lambda run: run.repeated),
        *rows_of_cost(COST_SECTION.format(latency=latency_ms), "a push", servers, runs, operations=devices),
    ]


def _memory_row(server: Server, name: str, memory: PeakMemory) -> Row:
    row = Row(MEMORY_SECTION.format(server=server.name), name, memory.peak[name] / MEGABYTE, "MB")
    return compared(row, memory.before[name] / MEGABYTE, "before it")


async def fan_out(server: Server, api_key: str, devices: int, latency_ms: int = 0) -> FanOut:
    """Sends one notification and waits until APNs has accepted it for every device and the database has recorded that.

    Raises WrongAnswer if the answer counts other devices, or APNs refuses one or gets one twice.
    """
    stack, apns = server.stack, server.apns
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http, asyncio.timeout(LONGEST_RUN):
        await apns.reset(latency_ms=latency_ms)
        began = time.perf_counter()
        sending = asyncio.create_task(
            http.post(
                stack.base_url + PATH,
                headers={"Authorization": f"Bearer {api_key}"},
                json={"title": "Database is down", "message": "Replica 2 has taken over"},
            )
        )
        answered_at: list[float] = []
        sending.add_done_callback(lambda _: answered_at.append(time.perf_counter()))
        await apns.until_accepted(devices)
        accepted = time.perf_counter() - began
        answer = (await sending).json()
        repeated = await _until_settled(stack.database_url, answer["notification_id"], devices)
        settled = time.perf_counter() - began
        # Only now: a push that was sent twice may come after the others.
        _check(answer, await apns.stats(), devices)
    return FanOut(devices, answered_at[0] - began, accepted, settled, repeated)


def _check(answer: dict[str, object], counts: dict[str, int], devices: int) -> None:
    known = answer.get("devices_notified", 0), answer.get("devices_queued", 0)
    if answer.get("success") is not True or sum(map(int, map(str, known))) != devices:
        raise WrongAnswer(f"of {devices} devices the answer says {answer}")
    if counts["accepted"] != devices or counts["rejected"] or counts["duplicates_by_apns_id"]:
        raise WrongAnswer(f"of {devices} devices the stand-in for APNs says {counts}")


async def _until_settled(database_url: str, notification_id: str, devices: int) -> int:
    """Returns how many pushes needed more than one attempt."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while True:
            cursor = await connection.execute(COUNT_ACCEPTED, (notification_id,))
            row = await cursor.fetchone()
            if row and row[0] == devices:
                return int(row[1])
            await asyncio.sleep(POLL_SECONDS)
