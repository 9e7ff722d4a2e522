"""Channels as protobuf carries them."""

from smith.core.v1 import channel_pb2, channel_service_pb2

from core_service.channels.details import ChannelDetails
from core_service.channels.service import ChannelView
from core_service.common.reading import to_timestamp


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


def to_details(details: ChannelDetails) -> channel_service_pb2.GetChannelResponse:
    """The channel with the names of those who are assigned to it."""
    channel_id, slug, name, created_at, device_count = details.row
    return channel_service_pb2.GetChannelResponse(
        channel=channel_pb2.Channel(
            id=str(channel_id),
            slug=slug,
            name=name,
            user_ids=[str(person.user_id) for person in details.people],
            device_ids=[str(device.device_id) for device in details.devices],
            device_count=device_count,
            created_at=to_timestamp(created_at),
        ),
        people=[
            channel_service_pb2.ChannelPerson(user_id=str(person.user_id), name=person.name, email=person.email)
            for person in details.people
        ],
        devices=[
            channel_service_pb2.ChannelDevice(
                device_id=str(device.device_id), name=device.name, user_name=device.user_name
            )
            for device in details.devices
        ],
    )
