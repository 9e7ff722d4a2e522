"""`smith`: runs and operates the server."""

import importlib.metadata
import io
import os
import sys
from typing import Annotated

import typer

from cli.commands import account, backup, doctor, health, key, migrate, pair, restore, serve, up
from service_kit.environment import forget_foreign

DISTRIBUTION = "activitysmith-server"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"smith {importlib.metadata.version(DISTRIBUTION)}")
        raise typer.Exit


app = typer.Typer(
    name="smith",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or cannot even start, 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    # A traceback with variables would show secrets.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
RUNNING, USING, KEEPING = "Run it", "Use it", "Maintain it"
for panel, commands in {
    RUNNING: (up.up, serve.serve),
    USING: (pair.pair,),
    KEEPING: (doctor.doctor, health.health, migrate.migrate, backup.backup, restore.restore),
}.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
app.add_typer(account.app, name="account", rich_help_panel=USING)
app.add_typer(key.app, name="key", rich_help_panel=USING)


@app.callback()
def smith(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Runs and operates the ActivitySmith server. Settings are environment variables: SMITH_DATA_DIR and so on."""


def main() -> None:
    """Runs one command and ends the process."""
    # Before libraries that read them are imported, and for all processes that are started from here.
    forget_foreign(os.environ)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character of a name shows its number.
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="smith")


if __name__ == "__main__":
    main()
