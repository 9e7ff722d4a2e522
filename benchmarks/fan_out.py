"""One request to many devices: the time until APNs has accepted all pushes, and the memory for that."""

import asyncio
import time
from dataclasses import dataclass

import httpx
import psycopg

from benchmarks.limits import Limits
from benchmarks.load import WrongAnswer
from benchmarks.report import Row, compared, row_of_runs
from benchmarks.requests import PATH
from benchmarks.server import PeakMemory
from benchmarks.settings import Amounts
from tests.stack import Stack

SECTION = "One request to {devices:,} devices"
MEMORY_SECTION = "Memory while that runs, at its peak"
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


async def measure_fan_out(stack: Stack, api_key: str, amounts: Amounts, limits: Limits) -> list[Row]:
    """The rows of this section. `api_key` belongs to the account with many phones."""
    devices = amounts.fan_out_devices
    with PeakMemory(stack) as memory:
        runs = [await fan_out(stack, api_key, devices) for _ in range(amounts.fan_out_repetitions)]
    section = SECTION.format(devices=devices)
    pushes = row_of_runs(section, "until APNs accepted all", "pushes/s", [run.pushes_per_second for run in runs])
    return [
        compared(pushes, limits.bare_sender, "bare loop of the sender"),
        row_of_runs(section, "until the answer came", "s", [run.seconds_to_answer for run in runs]),
        row_of_runs(section, "until the database knew all", "s", [run.seconds_to_settled for run in runs]),
        row_of_runs(section, "needed another attempt", "pushes", [run.repeated for run in runs]),
        *(_memory_row(name, memory) for name in sorted(memory.peak, key=lambda name: -memory.peak[name])),
    ]


def _memory_row(name: str, memory: PeakMemory) -> Row:
    row = Row(MEMORY_SECTION, name, memory.peak[name] / MEGABYTE, "MB")
    return compared(row, memory.before[name] / MEGABYTE, "before it")


async def fan_out(stack: Stack, api_key: str, devices: int) -> FanOut:
    """Sends one notification and waits until APNs has accepted it for every device and the database has recorded that.

    Raises WrongAnswer if the answer counts other devices, or APNs refuses one or gets one twice.
    """
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http, asyncio.timeout(LONGEST_RUN):
        stats = f"{stack.simulator_url}/apns/stats"
        (await http.delete(stats)).raise_for_status()
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
        while (counts := (await http.get(stats)).json())["accepted"] < devices:  # noqa: ASYNC110 - another process
            await asyncio.sleep(POLL_SECONDS)
        accepted = time.perf_counter() - began
        answer = (await sending).json()
        _check(answer, counts, devices)
        repeated = await _until_settled(stack.database_url, answer["notification_id"], devices)
        settled = time.perf_counter() - began
    return FanOut(devices, answered_at[0] - began, accepted, settled, repeated)


def _check(answer: dict[str, object], counts: dict[str, int], devices: int) -> None:
    known = answer.get("devices_notified", 0), answer.get("devices_queued", 0)
    if answer.get("success") is not True or sum(map(int, map(str, known))) != devices:
        raise WrongAnswer(f"of {devices} devices the answer says {answer}")
    if counts["accepted"] != devices or counts["rejected"] or counts["duplicates_by_apns_id"]:
        raise WrongAnswer(f"of {devices} devices the simulated APNs says {counts}")


async def _until_settled(database_url: str, notification_id: str, devices: int) -> int:
    """Returns how many pushes needed more than one attempt."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while True:
            cursor = await connection.execute(COUNT_ACCEPTED, (notification_id,))
            row = await cursor.fetchone()
            if row and row[0] == devices:
                return int(row[1])
            await asyncio.sleep(POLL_SECONDS)
