"""`smith status`"""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.text import JSON

if TYPE_CHECKING:
    from cli.status.gather import Report


def status(
    seconds: Annotated[float, typer.Option("--timeout", min=0.5, max=60, help="Seconds for each process.")] = 5.0,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show on one screen how the server runs.

    Its processes and their versions, what waits to be sent and for how long, stopped routes to Apple and to push
    services, the size of the database, the free disk, the last backup, and what needs attention.

    It asks the processes and the database (SMITH_DATABASE_URL, or the embedded one of SMITH_DATA_DIR while the server
    runs). It needs no sign-in. SMITH_ALERT_QUEUE_MINUTES, SMITH_ALERT_DISK_PERCENT and SMITH_ALERT_BACKUP_DAYS say
    from when on something needs attention.

    Exit code 0: all is well; 1: something needs attention; 2: the database cannot be asked, or a setting is wrong.
    """
    from cli.commands.running import CANNOT_START, FAILED, run_with
    from cli.doctor.settings import DoctorSettings
    from cli.status.gather import gather_report
    from cli.status.screen import lines_of

    report: Report = run_with(DoctorSettings, "status", lambda settings: gather_report(settings, seconds))
    if as_json:
        typer.echo(json.dumps(report.as_dict()))
    else:
        typer.echo("\n".join(lines_of(report)))
    if report.facts is None:
        raise typer.Exit(CANNOT_START)
    if not report.is_well:
        raise typer.Exit(FAILED)
