"""`python -m simulator` runs the simulator; `python -m simulator credentials` makes its certificates and keys only."""

from service_kit import loading

loading.begin()

import argparse
import logging
import sys

from service_kit import logs
from service_kit.settings import load
from simulator import credentials
from simulator.settings import SimulatorSettings


def main() -> None:
    """Reads the command line and the environment; ends with exit code 2 and one line if something cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["credentials"], help="make certificates and keys, then end")
    command = parser.parse_args().command
    settings = load(SimulatorSettings)
    logs.configure("simulator", settings.log_level, settings.log_format)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        if command == "credentials":
            credentials.ensure(settings.data_dir / "simulator", settings.simulator_name)
        else:
            # Every start of the whole server waits for the credentials, which need none of this.
            from service_kit import process
            from simulator import wiring

            process.run(lambda stop: wiring.serve(settings, stop))
    except (OSError, ValueError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
