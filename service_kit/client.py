"""gRPC channels as every process of ours opens them."""

import grpc

MAX_MESSAGE_BYTES = 8 * 1024 * 1024
MAX_METADATA_BYTES = 256 * 1024
"""Errors travel in trailing metadata with their facts, of which one may be a list of a thousand channels. gRPC's own
limit of 8 kB would turn such an error into another one."""

SIZES: list[tuple[str, int]] = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_metadata_size", MAX_METADATA_BYTES),
    ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
]
"""Limits that both ends of a connection agree on."""

OPTIONS: list[tuple[str, int]] = [
    *SIZES,
    # A restarted peer is found again within a second instead of gRPC's two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # A peer that vanished without closing the connection is noticed within 15 seconds.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Channels to the same address would otherwise share one connection and its flow-control window.
    ("grpc.use_local_subchannel_pool", 1),
]


def open_channel(address: str) -> grpc.aio.Channel:
    """A channel to `host:port`. It connects when first used and again whenever the connection is lost."""
    return grpc.aio.insecure_channel(address, options=OPTIONS)
