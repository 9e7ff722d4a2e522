"""Runs the delivery service: `python -m delivery_service`."""

from service_kit import loading

loading.begin()

import logging
import sys

# What httpx has for its command line.
with loading.without("pygments", "rich"):
    from delivery_service.settings import DeliverySettings
    from delivery_service.wiring import Delivery, InvalidCertificates
from service_kit import logs, tracing
from service_kit.addresses import join
from service_kit.metrics import serving
from service_kit.peers import require_protection
from service_kit.process import StopRequest, run
from service_kit.settings import load

log = logging.getLogger("delivery_service")


async def serve(stop: StopRequest) -> None:
    """Serves until asked to stop."""
    settings = load(DeliverySettings)
    logs.configure("delivery", settings.log_level, settings.log_format)
    require_protection(settings, "delivery")
    tracing.configure("delivery")
    try:
        delivery = Delivery(settings)
        port = await delivery.start()
    except (OSError, InvalidCertificates) as error:
        log.error("cannot start: %s", error)
        sys.exit(1)
    async with serving(delivery.registry, settings, "delivery"):
        log.info("serving on %s", join(settings.bind_host, port))
        await stop.wait()
        await delivery.stop()


if __name__ == "__main__":
    try:
        run(serve)
    finally:
        tracing.shutdown()
