"""Builds the delivery service from its settings: the only place that builds clients and servers."""

import ssl

from aioapns import APNs
from aioapns.common import NotificationResult
from smith.delivery.v1 import delivery_service_pb2, delivery_service_pb2_grpc
from smith.delivery.v1.delivery_pb2 import Environment

from delivery_service.apns.pool import ApnsConnectionPool
from delivery_service.apns.problem_log import ProblemLog
from delivery_service.apns.provider_token import InvalidProviderKey, ProviderToken, load_provider_key
from delivery_service.apns.sender import ApnsSender
from delivery_service.servicer import DeliveryServicer
from delivery_service.settings import DeliverySettings, split_address
from service_kit.interceptors import ErrorInterceptor
from service_kit.server import GrpcServer

SERVICE = delivery_service_pb2.DESCRIPTOR.services_by_name["DeliveryService"].full_name
HEADROOM = 100
"""Calls beside deliveries: health checks and reflection."""


class InvalidCertificates(Exception):
    """The file of SMITH_APNS_CA_FILE cannot be used. The message says why."""


class Delivery:
    """A delivery service, not yet listening. Build it inside the event loop that runs it."""

    def __init__(self, settings: DeliverySettings) -> None:
        self._settings = settings
        self._problems = ProblemLog()
        self.sender = self._build_sender()
        servicer = DeliveryServicer(
            self.sender,
            default_topic=settings.apns_topic,
            connections=settings.apns_connections,
            max_in_progress=settings.apns_max_in_flight,
        )
        self._server = GrpcServer(
            interceptors=[ErrorInterceptor()], max_concurrent_rpcs=settings.apns_max_in_flight + HEADROOM
        )
        self._server.add(delivery_service_pb2_grpc.add_DeliveryServiceServicer_to_server, servicer, SERVICE)

    async def start(self) -> int:
        """Listens and serves; returns the port. Raises OSError if the address cannot be bound."""
        port = await self._server.start(self._settings.bind_host, self._settings.delivery_port)
        await self._server.set_serving(True)
        return port

    async def stop(self) -> None:
        """Lets calls in progress finish for as long as the settings allow, then closes everything."""
        await self._server.stop(self._settings.drain_seconds)
        self.sender.close()

    def _build_sender(self) -> ApnsSender:
        token, unusable = self._provider_token()
        if token is None:
            return ApnsSender({}, problems=self._problems, unusable=unusable)
        context = _ssl_context(self._settings)
        addresses = {
            Environment.ENVIRONMENT_PRODUCTION: self._settings.apns_production_address,
            Environment.ENVIRONMENT_SANDBOX: self._settings.apns_sandbox_address,
        }
        clients = {name: self._build_client(address, token, context) for name, address in addresses.items()}
        return ApnsSender(clients, problems=self._problems)

    def _provider_token(self) -> tuple[ProviderToken | None, str]:
        """The provider token, or None and the reason that every target is to be answered with."""
        settings = self._settings
        if not (settings.apns_key_file and settings.apns_key_id and settings.apns_team_id):
            self._problems.report(
                "key", "no pushes can be sent: set SMITH_APNS_KEY_FILE, SMITH_APNS_KEY_ID and SMITH_APNS_TEAM_ID"
            )
            return None, "ProviderKeyMissing"
        try:
            key = load_provider_key(settings.apns_key_file.read_text())
        except (OSError, ValueError, InvalidProviderKey) as error:
            self._problems.report(
                "key", f"no pushes can be sent: SMITH_APNS_KEY_FILE={settings.apns_key_file}: {error}"
            )
            return None, "ProviderKeyUnreadable"
        return ProviderToken(key, key_id=settings.apns_key_id, team_id=settings.apns_team_id), ""

    def _build_client(self, address: str, token: ProviderToken, context: ssl.SSLContext) -> APNs:
        host, port = split_address(address)
        # aioapns demands key and topic of its own; only its pool would use them, and that is replaced.
        unused = "unused"
        client = APNs(
            key=unused, key_id=unused, team_id=unused, topic=unused, ssl_context=context, err_func=_judged_elsewhere
        )
        client.pool = ApnsConnectionPool(
            host=host,
            port=port,
            provider_token=token,
            ssl_context=context,
            max_connections=self._settings.apns_connections,
            connect_timeout=self._settings.apns_connect_timeout,
            answer_timeout=self._settings.apns_answer_timeout,
            problems=self._problems,
        )
        return client


async def _judged_elsewhere(request: object, result: NotificationResult) -> None:
    """aioapns would log every refusal; outcomes.py judges them and ProblemLog counts them."""


def _ssl_context(settings: DeliverySettings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.apns_ca_file is not None:
        try:
            context.load_verify_locations(settings.apns_ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise InvalidCertificates(f"SMITH_APNS_CA_FILE={settings.apns_ca_file}: {error}") from error
    context.set_alpn_protocols(["h2"])
    return context
