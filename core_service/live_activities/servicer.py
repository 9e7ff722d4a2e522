"""LiveActivityService over gRPC."""

from typing import Any

from smith.core.v1 import live_activity_service_pb2 as pb
from smith.core.v1 import live_activity_service_pb2_grpc as pb_grpc

from core_service.auth import principal
from core_service.live_activities.convert import (
    from_deleted,
    from_ended,
    from_put,
    from_started,
    from_updated,
    to_channels,
    to_last_request,
    to_request,
)
from core_service.live_activities.service import LiveActivities
from core_service.live_activities.stream_control import StreamControl
from core_service.live_activities.streams import Streams


class LiveActivityServicer(pb_grpc.LiveActivityServiceServicer):
    """Translates; the rules are in the services."""

    def __init__(self, activities: LiveActivities, streams: Streams, control: StreamControl) -> None:
        self._activities = activities
        self._streams = streams
        self._control = control

    async def StartLiveActivity(
        self, request: pb.StartLiveActivityRequest, context: Any
    ) -> pb.StartLiveActivityResponse:
        requested = list(request.target.channels) if request.HasField("target") else None
        return from_started(await self._activities.start(principal.sender(), to_request(request), requested))

    async def UpdateLiveActivity(
        self, request: pb.UpdateLiveActivityRequest, context: Any
    ) -> pb.UpdateLiveActivityResponse:
        caller = principal.sender()
        return from_updated(await self._activities.update(caller, request.activity_id, to_request(request)))

    async def EndLiveActivity(self, request: pb.EndLiveActivityRequest, context: Any) -> pb.EndLiveActivityResponse:
        return from_ended(await self._activities.end(principal.sender(), request.activity_id, to_request(request)))

    async def PutLiveActivityStream(
        self, request: pb.PutLiveActivityStreamRequest, context: Any
    ) -> pb.PutLiveActivityStreamResponse:
        requested, name = to_channels(request)
        caller = principal.sender()
        return from_put(await self._streams.put(caller, request.stream_key, to_request(request), requested, name))

    async def DeleteLiveActivityStream(
        self, request: pb.DeleteLiveActivityStreamRequest, context: Any
    ) -> pb.DeleteLiveActivityStreamResponse:
        caller = principal.sender()
        return from_deleted(await self._streams.delete(caller, request.stream_key, to_last_request(request)))

    async def PauseLiveActivityStream(
        self, request: pb.PauseLiveActivityStreamRequest, context: Any
    ) -> pb.PauseLiveActivityStreamResponse:
        ended = await self._control.pause(principal.session().account_id, request.stream_key)
        return pb.PauseLiveActivityStreamResponse(activity_id=ended)

    async def ResumeLiveActivityStream(
        self, request: pb.ResumeLiveActivityStreamRequest, context: Any
    ) -> pb.ResumeLiveActivityStreamResponse:
        shown = await self._control.resume(principal.session().account_id, request.stream_key)
        return pb.ResumeLiveActivityStreamResponse(activity_id=shown)
