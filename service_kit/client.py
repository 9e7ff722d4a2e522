"""Opens gRPC channels, with the options that all processes use."""

import grpc

from service_kit.peers import Peers

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
MAX_METADATA_BYTES = 256 * 1024
"""Bytes of metadata. Errors are sent in trailing metadata with their facts, which may be a list of a thousand channels.
gRPC's own limit of 8 kB would replace such an error by another one."""

SIZES: list[tuple[str, int | str]] = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_metadata_size", MAX_METADATA_BYTES),
    ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
]
"""Limits that both ends of a connection agree on."""

SERVICE_CONFIG = '{"loadBalancingConfig": [{"round_robin": {}}], "healthCheckConfig": {"serviceName": ""}}'
"""Replicas share the calls. A replica that is not serving, because it drains or lost its database, gets none:
https://github.com/grpc/grpc/blob/master/doc/health-checking.md."""

OPTIONS: list[tuple[str, int | str]] = [
    *SIZES,
    # A restarted peer is found again at once, before its replica can be restarted, too; gRPC would take two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 250),
    # Despite its name this is the time for an attempt to connect: a busy or distant peer may need it.
    ("grpc.min_reconnect_backoff_ms", 5_000),
    # These find a peer that has vanished without closing the connection within 15 seconds.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.service_config", SERVICE_CONFIG),
    # Otherwise gRPC would reach our own processes through `http_proxy`, and send it secrets and credentials.
    ("grpc.enable_http_proxy", 0),
    # Channels to the same address would otherwise share one connection and its flow-control window.
    ("grpc.use_local_subchannel_pool", 1),
]


def open_channel(address: str, peers: Peers | None = None) -> grpc.aio.Channel:
    """A channel to `host:port`, or to several of them separated by commas, or to any gRPC target.

    It connects when first used and again whenever a connection is lost. Several servers share the calls; one that is
    not healthy gets none. With `peers` it sends their secret with each call, and uses TLS if they do.
    """
    if peers and peers.tls:
        credentials = peers.tls.channel_credentials()
        channel = grpc.aio.secure_channel(_target(address), credentials, options=OPTIONS)
    else:
        channel = grpc.aio.insecure_channel(_target(address), options=OPTIONS)
    return peers.known_to(channel) if peers else channel


def _target(address: str) -> str:
    """gRPC resolves one name; several addresses it takes as they are
    (https://grpc.github.io/grpc/core/md_doc_naming.html)."""
    if "," not in address or ":///" in address or address.startswith("ip"):
        return address
    return f"ipv6:{address}" if address.startswith("[") else f"ipv4:{address}"
