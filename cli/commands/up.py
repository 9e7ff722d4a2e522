"""`smith up`"""

import asyncio

import typer


def up() -> None:
    """Run everything on this machine until Ctrl-C.

    Runs PostgreSQL, core, delivery, the gateway and the APNs simulator in the foreground, restarts a process that dies,
    and stops them all on Ctrl-C. With SMITH_SINGLE_PROCESS=1 the gateway, core and delivery are one process.
    """
    from cli.up.settings import UpSettings
    from cli.up.supervisor import up
    from service_kit.settings import load

    raise typer.Exit(asyncio.run(up(load(UpSettings))))
