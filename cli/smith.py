"""`smith`: runs and operates the server."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from service_kit.settings import load


def main(arguments: Sequence[str] | None = None) -> int:
    """Carries out one command and returns the exit code: 0 done, 1 failed, 2 cannot even start."""
    parser = argparse.ArgumentParser(prog="smith", description="Runs and operates the ActivitySmith server.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser(
        "up",
        help="run everything on this machine until Ctrl-C",
        description=(
            "Runs PostgreSQL, core, delivery, the gateway and the APNs simulator in the foreground, restarts one that "
            "dies, and stops them all on Ctrl-C. Settings are environment variables: SMITH_DATA_DIR, "
            "SMITH_GATEWAY_PORT and so on."
        ),
    )
    parser.parse_args(arguments)
    return _up()


def _up() -> int:
    from cli.up.settings import UpSettings
    from cli.up.supervisor import up

    return asyncio.run(up(load(UpSettings)))


if __name__ == "__main__":
    sys.exit(main())
