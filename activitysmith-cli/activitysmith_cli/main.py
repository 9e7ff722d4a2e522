"""The command `activitysmith`."""

from typing import Annotated

import typer

from activitysmith_cli import __version__
from activitysmith_cli.commands import activity, badge, metrics, push, run
from activitysmith_cli.connection import Connection
from activitysmith_cli.option_groups import spread

app = typer.Typer(
    name="activitysmith",
    help="Sends push notifications and shows Live Activities, by way of an ActivitySmith server.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted; `run`: those of its command.",
    no_args_is_help=True,
    # Plain help and errors: they load fast, use one line for each error, and look the same in terminals and logs.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"activitysmith {__version__}")
        raise typer.Exit


@app.callback()
@spread
def common(
    context: typer.Context,
    connection: Connection,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Options before the subcommand."""
    connection.remember(context)


app.command(help=push.push.__doc__)(push.push)
app.command(context_settings=badge.SETTINGS)(badge.badge)
app.add_typer(activity.app)
app.add_typer(metrics.app)
app.add_typer(metrics.app, name="metric", hidden=True)
app.command(context_settings={"allow_interspersed_args": False})(run.run)


def main() -> None:
    """Runs one command and ends the process."""
    app(prog_name="activitysmith")
