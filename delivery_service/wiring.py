"""Builds the delivery service from its settings: the only place that builds its server."""

import logging
import sys

from delivery_service.apns.wiring import build_apns
from delivery_service.destinations import Configuration, Destinations, mails_are_simulated, pushes_are_simulated
from delivery_service.mail.wiring import build_mails
from delivery_service.metrics import ApnsCollector, WebPushMetrics
from delivery_service.problem_log import ProblemLog
from delivery_service.servicer import DeliveryServicer
from delivery_service.settings import DeliverySettings
from delivery_service.shared import InvalidCertificates, Shared
from delivery_service.web_push.wiring import build_vapid, build_web_push
from delivery_service.webhooks.connecting import Resolve, resolve
from delivery_service.webhooks.wiring import build_webhooks
from service_kit.addresses import join
from service_kit.in_process import InProcessChannel
from service_kit.interceptors import CallObserver, ErrorInterceptor, PeersOnly
from service_kit.metrics import CallMetrics, new_registry, serving
from service_kit.peers import Peers
from service_kit.process import StopRequest
from service_kit.server import GrpcServer

log = logging.getLogger("delivery_service")

HEADROOM = 100
"""Calls in addition to deliveries: health checks and reflection."""


async def serve(settings: DeliverySettings, stop: StopRequest, *, caller: InProcessChannel | None = None) -> None:
    """Serves until asked to stop. `caller` is the channel of another part of this process that calls it.

    Ends the process with exit code 1 and a line in the log if it cannot start.
    """
    try:
        delivery = Delivery(settings, caller=caller)
        port = await delivery.start()
    except (OSError, InvalidCertificates) as error:
        log.error("cannot start: %s", error)
        sys.exit(1)
    async with serving(delivery.registry, settings, "delivery"):
        log.info("serving on %s", join(settings.bind_host, port))
        await stop.wait()
        await delivery.stop()


class Delivery:
    """A delivery service that does not listen yet. Build it inside the event loop that runs it."""

    def __init__(
        self, settings: DeliverySettings, resolver: Resolve = resolve, *, caller: InProcessChannel | None = None
    ) -> None:
        """`resolver` finds the addresses of webhooks' hosts. `caller` is the channel of another part of this process
        that calls the service."""
        self._settings = settings
        self._peers = Peers.of(settings)
        self.registry = new_registry()
        problems = ProblemLog()
        vapid = build_vapid(settings, problems)
        configuration = Configuration(settings, lambda: vapid.public_key if vapid else "")
        shared = Shared(settings, self.registry, problems, configuration, resolver)
        self.apns = build_apns(shared)
        browsers = WebPushMetrics(self.registry)
        self._web_push = build_web_push(shared, vapid, browsers, phones_wait=self.apns.is_busy)
        self._webhooks = build_webhooks(shared)
        destinations = Destinations(
            pushes_simulated=pushes_are_simulated(settings),
            mails_simulated=mails_are_simulated(settings),
            has_mail_server=settings.smtp_host is not None,
            push_fault=self.apns.fault,
            configuration=configuration,
            web_push_fault=self._web_push.fault,
            web_push_key=lambda: self._web_push.public_key,
        )
        pushes = DeliveryServicer(self.apns, self._web_push, destinations, settings)
        self.registry.register(ApnsCollector(self.apns.pools, lambda: pushes.in_progress, settings.apns_max_in_flight))
        browsers.watch(lambda: pushes.browsers_in_progress)
        self._server = GrpcServer(
            interceptors=[
                PeersOnly(self._peers),
                CallObserver(CallMetrics(self.registry, "delivery")),
                ErrorInterceptor(),
            ],
            max_concurrent_rpcs=settings.apns_max_in_flight
            + settings.webpush_max_in_progress
            + settings.webhook_max_in_progress
            + settings.smtp_max_in_progress
            + HEADROOM,
        )
        for one in (pushes, self._webhooks, build_mails(shared)):
            self._server.add(one)
        if caller is not None:
            self._server.connect(caller)

    async def start(self) -> int:
        """Listens and serves; returns the port. Raises OSError if the address cannot be bound."""
        settings = self._settings
        credentials = self._peers.server_credentials()
        port = await self._server.start(settings.bind_host, settings.delivery_port, credentials)
        await self._server.set_serving(True)
        return port

    async def stop(self) -> None:
        """Lets calls in progress finish for as long as the settings allow, then closes everything."""
        await self._server.say_stopping(self._settings.shutdown_delay)
        await self._server.stop(self._settings.drain_seconds)
        self.apns.close()
        self._web_push.close()
        self._webhooks.close()
