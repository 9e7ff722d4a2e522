"""`activitysmith run`"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from activitysmith_cli.connection import Connection, NoKey, Server
from activitysmith_cli.json_documents import check_text
from activitysmith_cli.option_groups import spread
from activitysmith_cli.output import warn
from activitysmith_cli.request_options import Targeted
from activitysmith_cli.running.card import AlertOn, Card, RunType
from activitysmith_cli.running.reporter import Ending, Reporter
from activitysmith_cli.values import parse_seconds, parse_stream_key

DEFAULT_INTERVAL = 10.0


@dataclass(frozen=True)
class RunOptions:
    """The options of `run`."""

    stream_key: Annotated[
        str,
        typer.Option(metavar="KEY", parser=parse_stream_key, help="Your name for the stream, such as nightly-backup."),
    ]
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="First line; the name of the command if left out.")
    ] = None
    kind: Annotated[
        RunType,
        typer.Option(
            "--type",
            metavar="TYPE",
            help="segmented_progress shows steps in the output, such as [3/7]; progress percentages, such as 42%.",
        ),
    ] = RunType.SEGMENTED_PROGRESS
    interval: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            parser=parse_seconds,
            help=f"Seconds between updates; {DEFAULT_INTERVAL:g} if left out.",
        ),
    ] = None
    hide_output: Annotated[bool, typer.Option("--hide-output", help="Do not read the output; show the time only.")] = (
        False
    )
    alert_on: Annotated[
        AlertOn, typer.Option(help="When phones show an alert with sound at the end.", show_default=True)
    ] = AlertOn.NEVER
    auto_dismiss_minutes: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="How long it stays after the end.")
    ] = None

    def card(self, command: Sequence[str]) -> Card:
        """The card that phones show for the command."""
        name = os.fsencode(os.path.basename(command[0])).decode(errors="replace")  # noqa: PTH119 - quicker to load
        return Card(self.title or name, self.kind, self.auto_dismiss_minutes)

    def alerts(self, exit_code: int) -> bool:
        """Whether phones show an alert with sound for this end."""
        return self.alert_on is AlertOn.END or (self.alert_on is AlertOn.FAILURE and exit_code != 0)


@spread
def run(
    context: typer.Context,
    command: Annotated[
        list[str], typer.Argument(metavar="-- COMMAND [ARGUMENT]...", help="What to run, and its arguments.")
    ],
    options: RunOptions,
    target: Targeted,
    connection: Connection,
) -> None:
    """Run a command, and show it as a Live Activity while it runs.

    Its input, output and exit code are not changed, and signals are passed on to it. It also runs if the server is
    away.
    """
    # Modules for terminals, which other commands do not need.
    from activitysmith_cli.running.command import CannotRun, Command, signal_name

    card, extras = options.card(command), target.members()
    check_text({"title": card.title, **extras})
    server = _server(connection, context)
    try:
        running = Command(command, look=None if options.hide_output else card.written.feed)
    except CannotRun as error:
        _warn(str(error))
        raise typer.Exit(error.exit_code) from None
    reporter = server and Reporter(
        server, options.stream_key, card, extras=extras, interval=options.interval or DEFAULT_INTERVAL, warn=_warn
    )
    if reporter:
        reporter.start()
    returncode = running.wait()
    if running.trouble:
        _warn(running.trouble)
    # The same exit code as in shells.
    exit_code = returncode if returncode >= 0 else 128 - returncode
    if reporter:
        _finish(reporter, Ending(exit_code, signal_name(returncode), options.alerts(exit_code)))
    raise typer.Exit(exit_code)


def _server(connection: Connection, context: typer.Context) -> Server | None:
    try:
        return connection.server(context)
    except NoKey as error:
        # The command matters more than its card: run it without one.
        _warn(f"{error.message.rstrip('.')}; nothing is shown, the command runs all the same")
        return None


def _finish(reporter: Reporter, ending: Ending) -> None:
    try:
        reporter.finish(ending)
    except KeyboardInterrupt:
        _warn("interrupted before the server was told of the end")


def _warn(line: str) -> None:
    warn("activitysmith run", line)
