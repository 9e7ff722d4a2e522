"""`python -m benchmarks`: measures the whole server on this machine, prints a table, and writes it as JSON."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import grpc
import httpx
import psycopg
import uvloop

from benchmarks.admin import measure_admin
from benchmarks.fairness import measure_fairness
from benchmarks.fan_out import measure_fan_out
from benchmarks.kinds import BOTH, LAYOUTS, CannotCompare, kinds_of
from benchmarks.limits import measure_limits
from benchmarks.load import WrongAnswer
from benchmarks.machine import describe_machine
from benchmarks.progress import say
from benchmarks.report import Row, print_table, write_files
from benchmarks.requests import measure_requests, warm_up
from benchmarks.scale import measure_scale
from benchmarks.server import Server, running_server
from benchmarks.settings import FULL, QUICK, Amounts
from benchmarks.soak import measure_soak
from benchmarks.stand_in import running_stand_in
from benchmarks.start import measure_start
from benchmarks.streams import measure_streams

RESULTS = Path(__file__).parent.parent / "var" / "bench"
FAILURES = (CannotCompare, WrongAnswer, AssertionError, OSError, httpx.HTTPError, psycopg.Error, grpc.aio.AioRpcError)
"""What ends a run with one line: a server does not start, answers something else, or does not answer."""
SECTIONS = ("limits", "start", "requests", "fan-out", "scale", "streams", "fairness", "admin", "soak")
ON_REQUEST = frozenset(("soak",))
"""Sections that are measured only if they are named."""

S = TypeVar("S")


def main() -> int:
    """Measures the sections of the command line. Returns 0, 1 if the server failed, or 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the server on this machine.")
    parser.add_argument("--quick", action="store_true", help="smaller amounts: to try it out, not to quote")
    parser.add_argument(
        "--only", action="append", choices=SECTIONS, help="measure only this section and the limits; may be repeated"
    )
    parser.add_argument(
        "--layout",
        choices=LAYOUTS,
        default=BOTH,
        help="gateway, core and delivery as three processes (split), as one (single), or both in turns",
    )
    parser.add_argument(
        "--against", type=Path, metavar="FOLDER", help="another checkout with its own .venv, to be measured in turns"
    )
    arguments = parser.parse_args()
    amounts = QUICK if arguments.quick else FULL
    chosen = arguments.only or [name for name in SECTIONS if name not in ON_REQUEST]
    # Also if a shell has started us in the background, with SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        busy = os.getloadavg()[0]
        kinds = kinds_of(arguments.layout, arguments.against)
        with running_stand_in() as apns, ExitStack() as running:
            rows = measure_start(kinds, apns, amounts) if "start" in chosen else []
            say("starting the servers to measure")
            servers = [running.enter_context(running_server(kind, apns)) for kind in kinds]
            machine = describe_machine(servers[0].stack.database_url) | {"load average before": f"{busy:.2f}"}
            rows += uvloop.run(measure(servers, amounts, chosen))
            log = "".join(server.stack.stderr for server in servers)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except FAILURES as error:
        print(f"failed: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print_table(machine, rows)
    path = write_files(
        RESULTS,
        machine,
        {"sections": chosen, "layout": arguments.layout, "against": str(arguments.against or ""), **asdict(amounts)},
        rows,
        log,
    )
    print(f"Kept in {path}; the .log of the same name has the server's warnings.")
    return 0


async def measure(servers: Sequence[Server], amounts: Amounts, chosen: Sequence[str]) -> list[Row]:
    """The rows of the chosen sections. The limits come first, because the others are compared with them."""
    say("loading the databases")
    audiences = [(server, await asyncio.to_thread(_fill, server, amounts)) for server in servers]
    for server in servers:
        await warm_up(server, amounts)
    say("measuring the limits of this machine")
    limits = await measure_limits(servers[0], amounts)
    rows = limits.rows()
    sections: dict[str, Callable[[], Awaitable[list[Row]]]] = {
        "requests": lambda: measure_requests(servers, amounts, limits),
        "fan-out": lambda: measure_fan_out(audiences, amounts, limits),
        "scale": lambda: _one_by_one(audiences, lambda audience: measure_scale(audience, amounts)),
        "streams": lambda: measure_streams(servers, amounts, limits),
        "fairness": lambda: _one_by_one(servers, lambda server: measure_fairness(server, amounts)),
        "admin": lambda: measure_admin(servers[-1].kind, amounts),
        "soak": lambda: _one_by_one(servers, lambda server: measure_soak(server, amounts)),
    }
    for name, section in sections.items():
        if name in chosen:
            rows += await section()
    return rows


async def _one_by_one(subjects: Sequence[S], measure_one: Callable[[S], Awaitable[list[Row]]]) -> list[Row]:
    return [row for subject in subjects for row in await measure_one(subject)]


def _fill(server: Server, amounts: Amounts) -> str:
    """Returns the API key of the account with many phones."""
    server.population.add_strangers(amounts.few_devices)
    key = server.population.add_audience(amounts.fan_out_devices)
    server.population.tidy()
    return key


if __name__ == "__main__":
    sys.exit(main())
