"""Builds what sends to APNs."""

from collections.abc import Callable, Iterator
from functools import partial

from smith.delivery.v1.delivery_pb2 import Environment

from delivery_service.apns.area import ApnsArea, Pools
from delivery_service.apns.channels import BroadcastChannels
from delivery_service.apns.credentials_check import CredentialsCheck
from delivery_service.apns.dialer import Dialer
from delivery_service.apns.pool import ApnsConnectionPool
from delivery_service.apns.provider_token import ProviderToken
from delivery_service.apns.sender import ApnsSender
from delivery_service.metrics import ApnsMetrics, ChannelMetrics
from delivery_service.settings import DeliverySettings, channels_address, proxy_of, split_address
from delivery_service.shared import Shared, trusting
from delivery_service.signing_key import KeyFile

OpenPool = Callable[..., ApnsConnectionPool]
"""Makes a pool; `max_connections` says how many connections it may have."""


def build_apns(shared: Shared) -> ApnsArea:
    """Builds the parts. Nothing is connected yet. Raises InvalidCertificates."""
    settings, token = shared.settings, _provider_token(shared)
    pools: Pools = {}
    pools_for_channels: Pools = {}
    single: dict[Environment.ValueType, Callable[[], ApnsConnectionPool]] = {}
    if token is not None:
        pool_to = _pools_with(token, shared)
        for environment, address, address_for_channels in _addresses(settings):
            open_pool = pool_to(address)
            pools[environment] = open_pool(max_connections=settings.apns_connections)
            single[environment] = partial(open_pool, max_connections=1)
            pools_for_channels[environment] = pool_to(address_for_channels)(max_connections=1)
    fault = token.fault if token else _no_key
    metrics = ApnsMetrics(shared.registry)
    sender = ApnsSender(
        pools, problems=shared.problems, fault=fault, metrics=metrics, configuration=shared.configuration
    )
    channels = BroadcastChannels(
        pools_for_channels,
        sender=sender,
        fault=fault,
        default_topic=settings.apns_topic,
        metrics=ChannelMetrics(shared.registry),
    )
    check = CredentialsCheck(single, fault=fault, default_topic=settings.apns_topic)
    return ApnsArea(pools, sender, check, channels, fault, metrics)


def _provider_token(shared: Shared) -> ProviderToken | None:
    settings = shared.settings
    if not (settings.apns_key_file and settings.apns_key_id and settings.apns_team_id):
        shared.problems.report(
            "key", "no pushes can be sent: set SMITH_APNS_KEY_FILE, SMITH_APNS_KEY_ID and SMITH_APNS_TEAM_ID"
        )
        return None
    key = KeyFile(
        settings.apns_key_file, shared.problems, variable="SMITH_APNS_KEY_FILE", without="no pushes can be sent"
    )
    return ProviderToken(key.key, key_id=settings.apns_key_id, team_id=settings.apns_team_id)


def _pools_with(token: ProviderToken, shared: Shared) -> Callable[[str], OpenPool]:
    """What makes, for an address, what opens pools of connections to it."""
    settings = shared.settings
    context = trusting("SMITH_APNS_CA_FILE", settings.apns_ca_file)
    context.set_alpn_protocols(["h2"])
    proxy = proxy_of(settings.apns_proxy)

    def pool_to(address: str) -> OpenPool:
        return partial(
            ApnsConnectionPool,
            Dialer(*split_address(address), context, settings.apns_connect_timeout, proxy),
            provider_token=token,
            answer_timeout=settings.apns_answer_timeout,
            problems=shared.problems,
        )

    return pool_to


def _addresses(settings: DeliverySettings) -> Iterator[tuple["Environment.ValueType", str, str]]:
    """Each environment, with where pushes go and where broadcast channels are managed."""
    for environment, address, channels in (
        (
            Environment.ENVIRONMENT_PRODUCTION,
            settings.apns_production_address,
            settings.apns_production_channels_address,
        ),
        (Environment.ENVIRONMENT_SANDBOX, settings.apns_sandbox_address, settings.apns_sandbox_channels_address),
    ):
        yield environment, address, channels_address(address, channels)


def _no_key() -> str:
    return "ProviderKeyMissing"
