"""LiveActivityService over gRPC."""

from typing import Any

from smith.core.v1 import live_activity_service_pb2 as pb
from smith.core.v1 import live_activity_service_pb2_grpc as pb_grpc

from core_service.common.reading import asked_page, choice, given
from core_service.common.validation import require_storable
from core_service.identity import principal
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
from core_service.live_activities.history.convert import to_activity, to_device, to_entry, to_phases, to_stream
from core_service.live_activities.history.service import ActivityHistory, Status
from core_service.live_activities.service import LiveActivities
from core_service.live_activities.streams.control import StreamControl
from core_service.live_activities.streams.streams import Streams


class LiveActivityServicer(pb_grpc.LiveActivityServiceServicer):
    """Translates; the rules are in the services."""

    def __init__(
        self, activities: LiveActivities, streams: Streams, control: StreamControl, history: ActivityHistory
    ) -> None:
        self._activities = activities
        self._streams = streams
        self._control = control
        self._history = history

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

    async def StopLiveActivity(self, request: pb.StopLiveActivityRequest, context: Any) -> pb.StopLiveActivityResponse:
        stopped = await self._activities.stop(principal.session().account_id, request.activity_id)
        return pb.StopLiveActivityResponse(
            devices_notified=stopped.counts.devices_notified,
            devices_queued=stopped.counts.devices_queued,
            ignored=stopped.ignored or None,
        )

    async def ListLiveActivities(
        self, request: pb.ListLiveActivitiesRequest, context: Any
    ) -> pb.ListLiveActivitiesResponse:
        page = await self._history.list(
            principal.session().account_id,
            status=choice(request, "status", Status),
            stream_key=given(request, "stream_key", require_storable),
            search=given(request, "search", require_storable),
            page_size=given(request, "page_size"),
            page_token=given(request, "page_token"),
        )
        return pb.ListLiveActivitiesResponse(
            live_activities=map(to_activity, page.items), next_page_token=page.next_token
        )

    async def GetLiveActivity(self, request: pb.GetLiveActivityRequest, context: Any) -> pb.GetLiveActivityResponse:
        details = await self._history.get(principal.session().account_id, request.activity_id)
        return pb.GetLiveActivityResponse(
            live_activity=to_activity(details.record), phases=to_phases(details), has_stream=details.has_stream
        )

    async def ListLiveActivityDevices(
        self, request: pb.ListLiveActivityDevicesRequest, context: Any
    ) -> pb.ListLiveActivityDevicesResponse:
        account_id = principal.session().account_id
        page = await self._history.devices(account_id, request.activity_id, *asked_page(request))
        return pb.ListLiveActivityDevicesResponse(devices=map(to_device, page.items), next_page_token=page.next_token)

    async def ListLiveActivityTimeline(
        self, request: pb.ListLiveActivityTimelineRequest, context: Any
    ) -> pb.ListLiveActivityTimelineResponse:
        account_id = principal.session().account_id
        page = await self._history.timeline(account_id, request.activity_id, *asked_page(request))
        return pb.ListLiveActivityTimelineResponse(entries=map(to_entry, page.items), next_page_token=page.next_token)

    async def ListLiveActivityStreams(
        self, request: pb.ListLiveActivityStreamsRequest, context: Any
    ) -> pb.ListLiveActivityStreamsResponse:
        page = await self._history.streams(
            principal.session().account_id,
            paused=given(request, "paused"),
            search=given(request, "search", require_storable),
            page_size=given(request, "page_size"),
            page_token=given(request, "page_token"),
        )
        return pb.ListLiveActivityStreamsResponse(streams=map(to_stream, page.items), next_page_token=page.next_token)

    async def GetLiveActivityStream(
        self, request: pb.GetLiveActivityStreamRequest, context: Any
    ) -> pb.GetLiveActivityStreamResponse:
        row = await self._history.stream(principal.session().account_id, request.stream_key)
        return pb.GetLiveActivityStreamResponse(stream=to_stream(row))
