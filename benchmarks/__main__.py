"""`python -m benchmarks`: measures the whole server on this machine, prints a table, and writes it as JSON."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import grpc
import httpx
import psycopg
import uvloop

from benchmarks.admin import measure_admin
from benchmarks.fairness import measure_fairness
from benchmarks.fan_out import measure_fan_out
from benchmarks.limits import measure_limits
from benchmarks.load import WrongAnswer
from benchmarks.machine import describe_machine
from benchmarks.population import Population
from benchmarks.progress import say
from benchmarks.report import Row, print_table, write_files
from benchmarks.requests import measure_requests
from benchmarks.scale import measure_scale
from benchmarks.server import running_server
from benchmarks.settings import FULL, QUICK, Amounts
from benchmarks.soak import measure_soak
from benchmarks.streams import measure_streams
from tests.stack import Stack

RESULTS = Path(__file__).parent.parent / "var" / "bench"
FAILURES = (WrongAnswer, AssertionError, OSError, httpx.HTTPError, psycopg.Error, grpc.aio.AioRpcError)
"""Failures of the server under test: it does not start, answers something else, or does not answer."""
SECTIONS = ("limits", "requests", "fan-out", "scale", "streams", "fairness", "admin", "soak")
ON_REQUEST = frozenset(("soak",))
"""Sections that are measured only if they are named."""


def main() -> int:
    """Measures the sections of the command line. Returns 0, 1 if the server failed, or 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the server on this machine.")
    parser.add_argument("--quick", action="store_true", help="smaller amounts: to try it out, not to quote")
    parser.add_argument(
        "--only", action="append", choices=SECTIONS, help="measure only this section and the limits; may be repeated"
    )
    arguments = parser.parse_args()
    amounts = QUICK if arguments.quick else FULL
    chosen = arguments.only or [name for name in SECTIONS if name not in ON_REQUEST]
    # Also if a shell has started us in the background, with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        say("starting the server")
        with running_server() as stack:
            machine = describe_machine(stack.database_url)
            rows = uvloop.run(measure(stack, amounts, chosen))
            log = stack.stderr
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except FAILURES as error:
        print(f"failed: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print_table(machine, rows)
    path = write_files(RESULTS, machine, {"sections": chosen, **asdict(amounts)}, rows, log)
    print(f"Kept in {path}; the .log of the same name has the server's warnings.")
    return 0


async def measure(stack: Stack, amounts: Amounts, chosen: Sequence[str]) -> list[Row]:
    """The rows of the chosen sections. The limits come first, because the others are compared with them."""
    population = Population(stack.database_url)
    await asyncio.to_thread(population.add_strangers, amounts.few_devices)
    audience = await asyncio.to_thread(population.add_audience, amounts.fan_out_devices)
    await asyncio.to_thread(population.tidy)
    say("measuring the limits of this machine")
    limits = await measure_limits(stack, amounts)
    rows = limits.rows()
    if "requests" in chosen:
        say("measuring requests to one device")
        rows += await measure_requests(stack, amounts, limits)
    if "fan-out" in chosen:
        say("measuring one request to many devices")
        rows += await measure_fan_out(stack, audience, amounts, limits)
    if "scale" in chosen:
        rows += await measure_scale((stack, audience), amounts)
    if "streams" in chosen:
        rows += await measure_streams(stack, population, amounts, limits)
    if "fairness" in chosen:
        rows += await measure_fairness(stack, population, amounts)
    if "admin" in chosen:
        rows += await measure_admin(stack, amounts)
    if "soak" in chosen:
        rows += await measure_soak(stack, population, amounts)
    return rows


if __name__ == "__main__":
    sys.exit(main())
