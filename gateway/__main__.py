"""`python -m gateway`: serves the REST API until told to stop."""

import os
import sys

from gateway.settings import GatewaySettings
from gateway.wiring import serve
from service_kit import logs, process, settings, tracing
from service_kit.addresses import join


def main() -> None:
    """Runs the gateway; ends with exit code 2 and one line if its settings or its address cannot be used."""
    config = settings.load(GatewaySettings)
    logs.configure("gateway", config.log_level, config.log_format)
    tracing.configure("gateway")
    try:
        process.run(lambda stop: serve(config, stop))
    except OSError as error:
        # asyncio and getaddrinfo add the address to the system's message: it would be there twice.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        print(f"gateway: cannot listen on {join(config.bind_host, config.gateway_port)}: {reason}", file=sys.stderr)
        raise SystemExit(2) from None
    finally:
        tracing.shutdown()


if __name__ == "__main__":
    main()
