"""`smith up`"""

import asyncio

import typer


def up() -> None:
    """Run everything on this machine until Ctrl-C.

    Runs PostgreSQL, the server (gateway, core and delivery), the web admin and the APNs simulator in the foreground,
    restarts a process that dies, and stops them all on Ctrl-C. With SMITH_SINGLE_PROCESS=0 the server is three
    processes.
    """
    from cli.up.settings import UpSettings
    from cli.up.supervisor import up
    from service_kit.settings import load

    raise typer.Exit(asyncio.run(up(load(UpSettings))))
