"""`smith health`"""

import json
from typing import Annotated

import typer

from cli.commands.serve import Process
from cli.commands.text import JSON


def health(
    process: Annotated[Process, typer.Argument(help="Which one.", show_default=False)],
    alive: Annotated[bool, typer.Option("--alive", help="Only check that it answers at all.")] = False,
    seconds: Annotated[float, typer.Option("--timeout", min=0.1, max=60, help="Seconds to wait for the answer.")] = 3.0,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Ask one process whether it can serve.

    The command asks its port (SMITH_GATEWAY_PORT and so on) of SMITH_BIND_HOST. Exit code 0: it can serve; 1: it
    cannot, or does not answer. With TLS between processes its certificate must have that address.
    """
    from cli.commands.running import FAILED, run_with
    from cli.health.ask import ask
    from cli.health.settings import HealthSettings
    from cli.probing.answer import Answer, State

    answer: Answer = run_with(
        HealthSettings, "health", lambda settings: ask(settings, process.value, seconds=seconds, alive=alive)
    )
    if as_json:
        typer.echo(json.dumps({"process": process.value, "state": answer.state.value, "message": answer.words}))
    else:
        typer.echo(f"{process.value}: {answer.words}", err=answer.state is not State.READY)
    if answer.state is not State.READY:
        raise typer.Exit(FAILED)
