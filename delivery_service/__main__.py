"""Runs the delivery service: `python -m delivery_service`."""

from service_kit import loading

loading.begin()

# What httpx has for its command line.
with loading.without("pygments", "rich"):
    from delivery_service.settings import DeliverySettings
    from delivery_service.wiring import serve
from service_kit import logs, tracing
from service_kit.peers import require_protection
from service_kit.process import run
from service_kit.settings import load


def main() -> None:
    """Serves until asked to stop. Ends with exit code 2 if its settings cannot be used, 1 if it cannot start."""
    settings = load(DeliverySettings)
    logs.configure("delivery", settings.log_level, settings.log_format)
    require_protection(settings, "delivery")
    tracing.configure("delivery")
    try:
        run(lambda stop: serve(settings, stop))
    finally:
        tracing.shutdown()


if __name__ == "__main__":
    main()
