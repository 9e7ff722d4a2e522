"""`python -m admin_ui`: serves the web admin until told to stop."""

import os
import sys

from admin_ui.settings import AdminSettings
from admin_ui.wiring import serve
from service_kit import logs, process, settings, tracing
from service_kit.addresses import join


def main() -> None:
    """Runs the admin app; ends with exit code 2 and one line if its settings or its address cannot be used."""
    config = settings.load(AdminSettings)
    logs.configure("admin", config.log_level, config.log_format)
    tracing.configure("admin")
    try:
        process.run(lambda stop: serve(config, stop))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        print(f"admin: cannot listen on {join(config.bind_host, config.admin_port)}: {reason}", file=sys.stderr)
        raise SystemExit(2) from None
    finally:
        tracing.shutdown()


if __name__ == "__main__":
    main()
