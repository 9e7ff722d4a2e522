"""`smith`: runs and operates the server."""

import importlib.metadata
import io
import os
import sys
from typing import Annotated

import typer

from cli.commands import account, backup, doctor, health, key, migrate, pair, restore, serve, status, up
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
    # Plain help and errors, as those of `activitysmith`: quick to load, the same in a terminal and in a log.
    rich_markup_mode=None,
    # A traceback with variables would show secrets.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    up.up, serve.serve, pair.pair, status.status, doctor.doctor, health.health, migrate.migrate, backup.backup,
    restore.restore,
):  # fmt: skip
    app.command()(command)
app.add_typer(account.app, name="account")
app.add_typer(key.app, name="key")


@app.callback()
def smith(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Say which version this is.")
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
