"""Builds the delivery service from its settings: the only place that builds clients and servers."""

import logging
import ssl
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

from smith.delivery.v1.delivery_pb2 import Environment

from delivery_service.apns.channels import BroadcastChannels
from delivery_service.apns.credentials_check import CredentialsCheck
from delivery_service.apns.dialer import Dialer
from delivery_service.apns.pool import ApnsConnectionPool
from delivery_service.apns.provider_token import ProviderToken
from delivery_service.apns.sender import ApnsSender
from delivery_service.destinations import Destinations, configuration_of, mails_are_simulated, pushes_are_simulated
from delivery_service.mail.sender import MailSender
from delivery_service.mail.servicer import MailServicer
from delivery_service.metrics import (
    ApnsCollector,
    ApnsMetrics,
    ChannelMetrics,
    MailMetrics,
    WebhookMetrics,
    WebPushMetrics,
)
from delivery_service.problem_log import ProblemLog
from delivery_service.servicer import DeliveryServicer
from delivery_service.settings import (
    DeliverySettings,
    channels_address,
    permits_of,
    permits_of_push_services,
    proxy_of,
    split_address,
)
from delivery_service.signing_key import KeyFile
from delivery_service.web_push.lines import Lines
from delivery_service.web_push.sender import WebPushSender
from delivery_service.web_push.vapid import Vapid
from delivery_service.webhooks.addresses import AddressRules
from delivery_service.webhooks.caller import WebhookCaller
from delivery_service.webhooks.connecting import CheckedAddresses, CheckedBackend, Resolve, resolve
from delivery_service.webhooks.servicer import WebhookServicer
from service_kit.addresses import join
from service_kit.in_process import InProcessChannel
from service_kit.interceptors import CallObserver, ErrorInterceptor, PeersOnly
from service_kit.metrics import CallMetrics, new_registry, serving
from service_kit.peers import Peers
from service_kit.process import StopRequest
from service_kit.server import GrpcServer
from service_kit.web_push import PushServices, parse_allowed

log = logging.getLogger("delivery_service")

HEADROOM = 100
"""Calls in addition to deliveries: health checks and reflection."""


class InvalidCertificates(Exception):
    """A file of certificates cannot be used. The message says which and why."""


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
        self._apns_metrics = ApnsMetrics(self.registry)
        self._pools: dict[Environment.ValueType, ApnsConnectionPool] = {}
        self._problems = ProblemLog()
        self._configurations: dict[str, str] = {}
        """The fingerprint by the key for browsers, which changes while this process runs."""
        self._web_push_metrics = WebPushMetrics(self.registry)
        self._web_push = self._build_web_push_sender(resolver)
        self.sender, check, fault, self._channels = self._build_sender()
        destinations = Destinations(
            pushes_simulated=pushes_are_simulated(settings),
            mails_simulated=mails_are_simulated(settings),
            has_mail_server=settings.smtp_host is not None,
            push_fault=fault,
            configuration=self._configuration,
            web_push_fault=self._web_push.fault,
            web_push_key=lambda: self._web_push.public_key,
        )
        servicer = DeliveryServicer(
            self.sender,
            self._web_push,
            metrics=self._apns_metrics,
            check=check,
            channels=self._channels,
            destinations=destinations,
            default_topic=settings.apns_topic,
            connections=settings.apns_connections,
            max_in_progress=settings.apns_max_in_flight,
            max_browsers=settings.webpush_max_in_progress,
            max_per_service=settings.webpush_connections,
        )
        self.registry.register(ApnsCollector(self._pools, lambda: servicer.in_progress, settings.apns_max_in_flight))
        self._web_push_metrics.watch(lambda: servicer.browsers_in_progress)
        self._webhooks = _build_webhook_caller(settings, resolver)
        most_calls, most_mails = settings.webhook_max_in_progress, settings.smtp_max_in_progress
        webhooks = WebhookServicer(self._webhooks, WebhookMetrics(self.registry), max_in_progress=most_calls)
        smtp_context = _ssl_context("SMITH_SMTP_CA_FILE", settings.smtp_ca_file)
        mail_sender = MailSender(settings, smtp_context, is_simulated=destinations.mails_simulated)
        mails = MailServicer(mail_sender, MailMetrics(self.registry), max_in_progress=most_mails)
        self._server = GrpcServer(
            interceptors=[
                PeersOnly(self._peers),
                CallObserver(CallMetrics(self.registry, "delivery")),
                ErrorInterceptor(),
            ],
            max_concurrent_rpcs=settings.apns_max_in_flight
            + settings.webpush_max_in_progress
            + most_calls
            + most_mails
            + HEADROOM,
        )
        for one in (servicer, webhooks, mails):
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
        self.sender.close()
        self._channels.close()
        self._web_push.close()
        self._webhooks.close()

    def _configuration(self) -> str:
        if (key := self._web_push.public_key) not in self._configurations:
            self._configurations = {key: configuration_of(self._settings, key)}
        return self._configurations[key]

    def _build_web_push_sender(self, resolver: Resolve) -> WebPushSender:
        settings, vapid = self._settings, None
        if settings.webpush_key_file:
            key = KeyFile(
                settings.webpush_key_file,
                self._problems,
                variable="SMITH_WEBPUSH_KEY_FILE",
                without="nothing can be sent to browsers",
            )
            vapid = Vapid(key.key, settings.webpush_contact)
        addresses = CheckedAddresses(AddressRules(permits_of_push_services(settings.webpush_allow)), resolver)
        context = _ssl_context("SMITH_WEBPUSH_CA_FILE", settings.webpush_ca_file)
        return WebPushSender(
            Lines(
                addresses,
                context,
                connections=settings.webpush_connections,
                phones_wait=lambda: any(pool.is_busy for pool in self._pools.values()),
            ),
            vapid,
            services=PushServices(parse_allowed(settings.webpush_allow)),
            problems=self._problems,
            metrics=self._web_push_metrics,
            timeout=settings.webpush_timeout,
            configuration=self._configuration,
        )

    def _build_sender(self) -> tuple[ApnsSender, CredentialsCheck, Callable[[], str], BroadcastChannels]:
        """The sender, the check, what returns why they cannot be used now, and the broadcast channels."""
        settings = self._settings
        fault, single, channel_pools = _no_key, {}, {}
        if settings.apns_key_file and settings.apns_key_id and settings.apns_team_id:
            key = KeyFile(
                settings.apns_key_file, self._problems, variable="SMITH_APNS_KEY_FILE", without="no pushes can be sent"
            )
            token = ProviderToken(key.key, key_id=settings.apns_key_id, team_id=settings.apns_team_id)
            fault = token.fault
            context = _ssl_context("SMITH_APNS_CA_FILE", settings.apns_ca_file)
            context.set_alpn_protocols(["h2"])
            proxy = proxy_of(settings.apns_proxy)

            def pool_to(address: str) -> Callable[..., ApnsConnectionPool]:
                return partial(
                    ApnsConnectionPool,
                    Dialer(*split_address(address), context, settings.apns_connect_timeout, proxy),
                    provider_token=token,
                    answer_timeout=settings.apns_answer_timeout,
                    problems=self._problems,
                )

            for environment, address, channels in (
                (
                    Environment.ENVIRONMENT_PRODUCTION,
                    settings.apns_production_address,
                    settings.apns_production_channels_address,
                ),
                (
                    Environment.ENVIRONMENT_SANDBOX,
                    settings.apns_sandbox_address,
                    settings.apns_sandbox_channels_address,
                ),
            ):
                build = pool_to(address)
                self._pools[environment] = build(max_connections=settings.apns_connections)
                single[environment] = partial(build, max_connections=1)
                channel_pools[environment] = pool_to(channels_address(address, channels))(max_connections=1)
        else:
            self._problems.report(
                "key", "no pushes can be sent: set SMITH_APNS_KEY_FILE, SMITH_APNS_KEY_ID and SMITH_APNS_TEAM_ID"
            )
        sender = ApnsSender(
            self._pools,
            problems=self._problems,
            fault=fault,
            metrics=self._apns_metrics,
            configuration=self._configuration,
        )
        made = BroadcastChannels(
            channel_pools,
            sender=sender,
            fault=fault,
            default_topic=settings.apns_topic,
            metrics=ChannelMetrics(self.registry),
        )
        return sender, CredentialsCheck(single, fault=fault, default_topic=settings.apns_topic), fault, made


def _no_key() -> str:
    return "ProviderKeyMissing"


def _build_webhook_caller(settings: DeliverySettings, resolver: Resolve) -> WebhookCaller:
    return WebhookCaller(
        CheckedBackend(AddressRules(permits_of(settings.webhook_allow)), resolver),
        ssl_context=_ssl_context("SMITH_WEBHOOK_CA_FILE", settings.webhook_ca_file),
        timeout=settings.webhook_timeout,
        user_agent=f"ActivitySmith-Server/{version('activitysmith-server')}",
    )


def _ssl_context(variable: str, extra: Path | None) -> ssl.SSLContext:
    """Trusts the system's certificates and those of the file, which the variable names.

    Raises InvalidCertificates.
    """
    context = ssl.create_default_context()
    if extra is not None:
        try:
            context.load_verify_locations(extra)
        except OSError as error:  # ssl.SSLError is one
            raise InvalidCertificates(f"{variable}={extra}: {error}") from error
    return context
