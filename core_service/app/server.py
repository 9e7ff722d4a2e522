"""Builds the gRPC server of the core: every service, and the interceptors before it."""

from argon2 import PasswordHasher
from prometheus_client import CollectorRegistry

from core_service.app.interceptor import CallInterceptor
from core_service.app.metrics import error_counter
from core_service.app.parts import Parts
from core_service.app.servicers.insight import servicers_for_insight
from core_service.app.servicers.messages import servicers_about_messages
from core_service.app.servicers.people import servicers_about_people
from core_service.app.services import SERVICES
from core_service.app.shared import Shared
from core_service.audit import act
from core_service.auth.credentials import Credentials
from service_kit import metrics
from service_kit.database import DATABASE_AWAY
from service_kit.in_process import InProcessChannel
from service_kit.interceptors import CallObserver, ErrorInterceptor
from service_kit.peers import Peers
from service_kit.server import GrpcServer

MAX_REQUEST_BYTES = 1024 * 1024
"""Four times what the gateway lets through. Answers may be larger."""


def build_server(
    shared: Shared,
    parts: Parts,
    *,
    registry: CollectorRegistry,
    hasher: PasswordHasher | None,
    caller: InProcessChannel | None,
) -> GrpcServer:
    """Builds the gRPC server with every service, which `caller` calls without a network. It is not started. `hasher`:
    see `servicers_about_people`."""
    settings = shared.settings
    credentials = Credentials(
        shared.requests,
        parts.upkeep.last_used,
        settings.rate_limit_per_minute,
        ceiling=settings.max_rate_limit_per_minute,
        crowd=shared.crowd,
    )
    act.install()
    server = GrpcServer(
        interceptors=[
            CallObserver(metrics.CallMetrics(registry, "core"), serves_clients=True),
            ErrorInterceptor(error_counter(registry), database_away=DATABASE_AWAY),
            CallInterceptor(
                SERVICES,
                credentials,
                shared.rate_limiter,
                parts.upkeep.idempotent,
                Peers.of(settings),
                administration_per_minute=settings.administration_per_minute,
            ),
        ],
        max_concurrent_rpcs=settings.max_concurrent_requests,
        max_request_bytes=MAX_REQUEST_BYTES,
    )
    for servicer in (
        *servicers_about_people(shared, parts, hasher),
        *servicers_about_messages(shared, parts),
        *servicers_for_insight(shared, parts),
    ):
        server.add(servicer)
    if caller is not None:
        server.connect(caller)
    return server
