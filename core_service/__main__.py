"""`python -m core_service` serves; `python -m core_service bootstrap` makes the first account."""

import argparse
import asyncio
import os
import sys

from core_service import bootstrap
from core_service.settings import CoreSettings
from core_service.wiring import serve
from service_kit import logs, process, tracing
from service_kit.peers import require_protection
from service_kit.settings import load


def main() -> None:
    """Runs the command given on the command line."""
    parser = argparse.ArgumentParser(prog="python -m core_service")
    commands = parser.add_subparsers(dest="command")
    first = commands.add_parser("bootstrap", help="make the first account and its owner, unless they exist")
    first.add_argument("--email", required=True)
    first.add_argument("--account-name", required=True)
    first.add_argument("--password", help="better given in SMITH_BOOTSTRAP_PASSWORD, where `ps` does not show it")
    arguments = parser.parse_args()
    settings = load(CoreSettings)
    logs.configure("core", settings.log_level, settings.log_format)
    require_protection(settings, "core")
    if arguments.command == "bootstrap":
        password = arguments.password or os.environ.get("SMITH_BOOTSTRAP_PASSWORD", "")
        sys.exit(asyncio.run(bootstrap.run(settings.database_url, arguments.email, password, arguments.account_name)))
    tracing.configure("core")
    try:
        process.run(lambda stop: serve(settings, stop))
    except OSError as error:
        sys.exit(f"core: {error}")
    finally:
        tracing.shutdown()


if __name__ == "__main__":
    main()
