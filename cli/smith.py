"""`smith`: runs and operates the server."""

import typer

from cli.commands import backup, migrate, restore, up

app = typer.Typer(
    name="smith",
    help="Runs and operates the ActivitySmith server. Settings are environment variables: SMITH_DATA_DIR and so on.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or cannot even start, 130 interrupted.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    # A traceback that shows variables would show secrets.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (up.up, migrate.migrate, backup.backup, restore.restore):
    app.command()(command)


def main() -> None:
    """Carries out one command and ends the process."""
    app(prog_name="smith")


if __name__ == "__main__":
    main()
