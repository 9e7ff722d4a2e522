"""smith.core.v1.ChannelService over gRPC."""

from typing import Any

from smith.core.v1 import channel_service_pb2 as messages
from smith.core.v1 import channel_service_pb2_grpc

from core_service.channels.convert import to_channel, to_details
from core_service.channels.details import ChannelLookups
from core_service.channels.service import THING, Channels
from core_service.common.reading import asked_page, given
from core_service.common.validation import find_uuid
from core_service.identity import principal


class ChannelServicer(channel_service_pb2_grpc.ChannelServiceServicer):
    """Manages the channels of the caller's account."""

    def __init__(self, channels: Channels, lookups: ChannelLookups) -> None:
        self._channels = channels
        self._lookups = lookups

    async def CreateChannel(
        self, request: messages.CreateChannelRequest, context: Any
    ) -> messages.CreateChannelResponse:
        channel = await self._channels.create(
            principal.session().account_id,
            slug=request.slug,
            name=given(request, "name"),
        )
        return messages.CreateChannelResponse(channel=to_channel(channel))

    async def ListChannels(self, request: messages.ListChannelsRequest, context: Any) -> messages.ListChannelsResponse:
        page = await self._channels.list(
            principal.session().account_id,
            *asked_page(request),
            request.query,
        )
        return messages.ListChannelsResponse(
            channels=[to_channel(channel) for channel in page.items], next_page_token=page.next_token
        )

    async def GetChannel(self, request: messages.GetChannelRequest, context: Any) -> messages.GetChannelResponse:
        channel_id = find_uuid(request.channel_id, THING)
        return to_details(await self._lookups.get(principal.session().account_id, channel_id))

    async def GetChannelUsage(
        self, request: messages.GetChannelUsageRequest, context: Any
    ) -> messages.GetChannelUsageResponse:
        channel_id = find_uuid(request.channel_id, THING)
        usage = await self._lookups.usage(principal.session().account_id, channel_id)
        return messages.GetChannelUsageResponse(api_key_names=usage.api_key_names, stream_keys=usage.stream_keys)

    async def UpdateChannel(
        self, request: messages.UpdateChannelRequest, context: Any
    ) -> messages.UpdateChannelResponse:
        channel = await self._channels.update(
            principal.session().account_id,
            find_uuid(request.channel_id, THING),
            slug=given(request, "slug"),
            name=given(request, "name"),
        )
        return messages.UpdateChannelResponse(channel=to_channel(channel))

    async def DeleteChannel(
        self, request: messages.DeleteChannelRequest, context: Any
    ) -> messages.DeleteChannelResponse:
        await self._channels.delete(principal.session().account_id, find_uuid(request.channel_id, THING))
        return messages.DeleteChannelResponse()

    async def AssignUser(self, request: messages.AssignUserRequest, context: Any) -> messages.AssignUserResponse:
        await self._channels.assign_user(
            principal.session().account_id,
            find_uuid(request.channel_id, THING),
            find_uuid(request.user_id, "member"),
        )
        return messages.AssignUserResponse()

    async def UnassignUser(self, request: messages.UnassignUserRequest, context: Any) -> messages.UnassignUserResponse:
        await self._channels.unassign_user(
            principal.session().account_id,
            find_uuid(request.channel_id, THING),
            find_uuid(request.user_id, "member"),
        )
        return messages.UnassignUserResponse()

    async def AssignDevice(self, request: messages.AssignDeviceRequest, context: Any) -> messages.AssignDeviceResponse:
        await self._channels.assign_device(
            principal.session().account_id,
            find_uuid(request.channel_id, THING),
            find_uuid(request.device_id, "device"),
        )
        return messages.AssignDeviceResponse()

    async def UnassignDevice(
        self, request: messages.UnassignDeviceRequest, context: Any
    ) -> messages.UnassignDeviceResponse:
        await self._channels.unassign_device(
            principal.session().account_id,
            find_uuid(request.channel_id, THING),
            find_uuid(request.device_id, "device"),
        )
        return messages.UnassignDeviceResponse()
