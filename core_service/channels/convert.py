"""Channels as protobuf carries them."""

from smith.core.v1 import channel_pb2

from core_service.channels.service import ChannelView
from core_service.timestamps import to_timestamp


def to_channel(channel: ChannelView) -> channel_pb2.Channel:
    """The channel with who belongs to it."""
    return channel_pb2.Channel(
        id=str(channel.id),
        slug=channel.slug,
        name=channel.name,
        user_ids=[str(user_id) for user_id in channel.user_ids],
        device_ids=[str(device_id) for device_id in channel.device_ids],
        device_count=channel.device_count,
        created_at=to_timestamp(channel.created_at),
    )
