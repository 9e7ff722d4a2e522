"""`smith doctor`"""

import json
import os
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cli.commands.text import JSON

if TYPE_CHECKING:
    from cli.doctor.finding import Finding
    from cli.doctor.settings import DoctorSettings

COLORS = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "bright_black"}


class Check(StrEnum):
    """The checks."""

    PYTHON = "python"
    PACKAGES = "packages"
    DATA = "data"
    DISK = "disk"
    PROTECTION = "protection"
    PORTS = "ports"
    DATABASE = "database"
    REDIS = "redis"
    CORE = "core"
    DELIVERY = "delivery"
    GATEWAY = "gateway"
    ADMIN = "admin"
    SIMULATOR = "simulator"
    APNS_KEY = "apns-key"
    APNS = "apns"
    WEBPUSH_KEY = "webpush-key"
    WEBPUSH = "webpush"
    SINGLE_SIGN_ON = "single-sign-on"


def doctor(
    only: Annotated[list[Check] | None, typer.Option(help="Check this only; repeat for more.")] = None,
    leave_out: Annotated[
        list[Check] | None,
        typer.Option("--skip", help="Leave this check out; repeat for more."),
    ] = None,
    seconds: Annotated[float, typer.Option("--timeout", min=0.5, max=60, help="Seconds for each check.")] = 10.0,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Check what the server needs, and say what to do.

    Python and its packages, the data folder, the disk, ports, the database with its schema and the clock, Redis, each
    process, the keys for APNs and for browsers, what the OpenID provider says of itself, and APNs' answer. The last
    needs a person who can sign in (SMITH_OWNER_EMAIL and SMITH_OWNER_PASSWORD, or quickstart.json). It changes nothing,
    and it ends even if a check hangs.

    Exit code 1: something failed. Warnings alone are 0.
    """
    from pydantic import ValidationError

    from cli.doctor.finding import Status
    from cli.doctor.settings import DoctorSettings
    from service_kit.settings import mistakes

    names = [check.value for check in Check if check in (only or Check) and check not in (leave_out or ())]
    try:
        settings = DoctorSettings()
    except ValidationError as error:
        from cli.doctor.finding import fail

        findings = [fail("settings", line, "Correct it; nothing else was checked.") for line in mistakes(error)]
    else:
        findings = _examine(settings, names, seconds)
    failed = sum(finding.status is Status.FAIL for finding in findings)
    if as_json:
        typer.echo(json.dumps({"ok": not failed, "findings": [finding.as_dict() for finding in findings]}))
    else:
        _show(findings)
    _end(1 if failed else 0)


def _examine(settings: "DoctorSettings", names: list[str], seconds: float) -> "list[Finding]":
    import asyncio

    from cli.doctor.examination import examine
    from service_kit import logs

    # The findings already have the libraries' errors.
    logs.configure("smith", "error", settings.log_format)
    # Not `asyncio.run`, which waits for threads that hang.
    return asyncio.new_event_loop().run_until_complete(examine(settings, names, seconds))


def _show(findings: "list[Finding]") -> None:
    width = max((len(finding.check) for finding in findings), default=0)
    for finding in findings:
        typer.secho(f"{finding.status.value:<4}", fg=COLORS[finding.status.value], nl=False)
        typer.echo(f"  {finding.check:<{width}}  {finding.message}")
        if finding.advice:
            typer.echo(f"      {'':<{width}}  → {finding.advice}")


def _end(code: int) -> NoReturn:
    """Ends at once: a thread that hangs would keep the process from ending normally."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
