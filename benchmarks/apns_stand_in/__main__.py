"""`python -m benchmarks.apns_stand_in FOLDER`: runs the stand-in until it is told to stop, by default on free ports.

The folder gets a certificate authority, and a key for senders.
"""

import argparse
import asyncio
import socket
from pathlib import Path

from benchmarks.apns_stand_in.connection import Connection
from benchmarks.apns_stand_in.control import Control
from benchmarks.apns_stand_in.counts import Counts
from service_kit import process
from service_kit.addresses import LOOPBACK
from simulator import credentials
from simulator.control.server import ControlServer

BACKLOG = 512
DRAIN_SECONDS = 1.0


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.apns_stand_in", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the certificates and the key are, or are made")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0, help="for GET and DELETE /stats, and GET /states")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="from a push to its answer")
    arguments = parser.parse_args()
    process.run(lambda stop: serve(arguments, stop))


async def serve(arguments: argparse.Namespace, stop: asyncio.Event) -> None:
    """Takes pushes until the event. Prints both ports once it does."""
    counts = Counts()
    control = Control(counts, arguments.latency_ms)
    tls = credentials.ensure(arguments.folder).tls_context("h2")
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(counts, control.latency),
        LOOPBACK,
        arguments.port,
        ssl=tls,
        backlog=BACKLOG,
        family=socket.AF_INET,
    )
    controlled = ControlServer(control.app())
    control_port = await controlled.start(LOOPBACK, arguments.control_port, DRAIN_SECONDS)
    print(server.sockets[0].getsockname()[1], control_port, flush=True)
    await stop.wait()
    await controlled.stop()
    server.close()


if __name__ == "__main__":
    main()
