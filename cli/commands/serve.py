"""`smith serve`"""

import os
from enum import StrEnum
from typing import Annotated

import typer


class Process(StrEnum):
    """The processes of the server."""

    CORE = "core"
    DELIVERY = "delivery"
    GATEWAY = "gateway"
    ADMIN = "admin"
    SIMULATOR = "simulator"


PACKAGES = {
    Process.CORE: "core_service",
    Process.DELIVERY: "delivery_service",
    Process.GATEWAY: "gateway",
    Process.ADMIN: "admin_ui",
    Process.SIMULATOR: "simulator",
}


def serve(process: Annotated[Process, typer.Argument(help="Which one.", show_default=False)]) -> None:
    """Run one process of the server in the foreground.

    For systemd, containers and Procfiles, which keep it running; `smith up` runs all of them on one machine. This
    command becomes that process, with its signals, memory and exit code. After SIGTERM it finishes what it has begun,
    for SMITH_DRAIN_SECONDS at most. Exit code 2: its settings are invalid; standard error says how.
    """
    from cli.up.programs import module

    command = module(PACKAGES[process])
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted
