"""`python -m core_service` serves; its commands make accounts, let people back in and look after the schema."""

from service_kit import loading

loading.begin()

import argparse
import asyncio
import datetime as dt
import json
import os
import sys
from collections.abc import Coroutine
from typing import Any

from core_service.settings import CoreSettings, DatabaseSettings, StatusSettings
from service_kit import logs, process, tracing
from service_kit.peers import require_protection
from service_kit.settings import load

LONGEST_PASSWORD = 8192
"""Bytes to read: more than any that is accepted."""
LONGEST_RECORD = 65536
"""The same for what `smith backup` says of a backup."""


def main() -> None:
    """Runs the command given on the command line."""
    arguments = _parser().parse_args()
    if arguments.command in ("migrate", "revisions"):
        sys.exit(_schema(arguments))
    if arguments.command == "create-account":
        sys.exit(_create_account(arguments))
    if arguments.command == "reset-password":
        sys.exit(_reset_password(arguments))
    if arguments.command == "reset-second-factor":
        sys.exit(_reset_second_factor(arguments))
    if arguments.command == "status":
        sys.exit(_status())
    if arguments.command == "record-backup":
        sys.exit(_record_backup())
    settings = load(CoreSettings)
    logs.configure("core", settings.log_level, settings.log_format)
    require_protection(settings, "core")
    if arguments.command == "bootstrap":
        sys.exit(_bootstrap(settings, arguments))
    _serve(settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core_service")
    commands = parser.add_subparsers(dest="command")
    first = commands.add_parser("bootstrap", help="make the first account and its owner, unless they exist")
    first.add_argument("--email", required=True)
    first.add_argument("--account-name", required=True)
    first.add_argument("--password", help="better given in SMITH_BOOTSTRAP_PASSWORD, where `ps` does not show it")
    another = commands.add_parser("create-account", help="make an account; the password is on standard input")
    another.add_argument("--email", required=True)
    another.add_argument("--account-name", required=True)
    another.add_argument("--name", help="the owner's; the e-mail address if left out")
    reset = commands.add_parser("reset-password", help="make a link that sets a person's password, and say so as JSON")
    reset.add_argument("--email", required=True)
    reset.add_argument("--admin-url", required=True, help="where the person's browser finds the admin app")
    factor = commands.add_parser("reset-second-factor", help="take away a person's second factor, and say so as JSON")
    factor.add_argument("--email", required=True)
    schema = commands.add_parser("migrate", help="bring the database to the newest schema, and say so as JSON")
    schema.add_argument("--check", action="store_true", help="only look; the exit code is 1 if it is behind")
    commands.add_parser("status", help="say as JSON how the server runs, as far as its database knows")
    commands.add_parser("record-backup", help="record a backup or a restore; JSON on standard input describes it")
    commands.add_parser("revisions", help="list the schemas that this release knows, as JSON")
    return parser


def _schema(arguments: argparse.Namespace) -> int:
    from core_service.app import schema_command

    if arguments.command == "revisions":
        return schema_command.list_revisions()
    settings = load(DatabaseSettings)
    logs.configure("core", settings.log_level, settings.log_format)
    return schema_command.migrate(settings.database_url, check=arguments.check)


def _bootstrap(settings: CoreSettings, arguments: argparse.Namespace) -> str | None:
    from core_service.app import bootstrap

    password = arguments.password or os.environ.get("SMITH_BOOTSTRAP_PASSWORD", "")
    return asyncio.run(bootstrap.run(settings.database_url, arguments.email, password, arguments.account_name))


def _create_account(arguments: argparse.Namespace) -> int:
    from core_service.app import bootstrap

    settings = load(DatabaseSettings)
    logs.configure("core", settings.log_level, settings.log_format)
    making = bootstrap.create_account(
        settings.database_url,
        account_name=arguments.account_name,
        name=arguments.name,
        email=arguments.email,
        # Arguments and environment can be read by others. What is no text becomes what no password may contain.
        password=sys.stdin.buffer.read(LONGEST_PASSWORD).decode(errors="surrogateescape").removesuffix("\n"),
    )
    return _answer(making)


def _reset_password(arguments: argparse.Namespace) -> int:
    from core_service.app import bootstrap

    settings = load(DatabaseSettings)
    logs.configure("core", settings.log_level, settings.log_format)
    return _answer(bootstrap.reset_password(settings.database_url, arguments.email, arguments.admin_url))


def _reset_second_factor(arguments: argparse.Namespace) -> int:
    from core_service.app import bootstrap

    settings = load(DatabaseSettings)
    logs.configure("core", settings.log_level, settings.log_format)
    return _answer(bootstrap.reset_second_factor(settings.database_url, arguments.email))


def _status() -> int:
    from core_service.app import status_command

    settings = load(StatusSettings)
    logs.configure("core", settings.log_level, settings.log_format)
    return _answer(status_command.status(settings))


def _record_backup() -> int:
    from core_service.app import status_command

    settings = load(DatabaseSettings)
    logs.configure("core", settings.log_level, settings.log_format)
    return _answer(status_command.record_backup(settings.database_url, sys.stdin.buffer.read(LONGEST_RECORD)))


def _answer(making: Coroutine[Any, Any, dict[str, Any]]) -> int:
    """Prints what was made, or what is wrong."""
    from core_service.app import bootstrap

    try:
        print(json.dumps(asyncio.run(making), default=_as_text))
    except bootstrap.CannotMake as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _as_text(value: Any) -> str:
    """Times as ISO 8601, to the second."""
    return value.astimezone(dt.UTC).isoformat(timespec="seconds") if isinstance(value, dt.datetime) else str(value)


def _serve(settings: CoreSettings) -> None:
    from core_service.app.failures import told
    from core_service.app.wiring import serve

    tracing.configure("core")
    try:
        with told():
            process.run(lambda stop: serve(settings, stop))
    finally:
        tracing.shutdown()


if __name__ == "__main__":
    main()
