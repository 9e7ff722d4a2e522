"""LiveActivityService over gRPC: requests as the area's own types, and results as messages."""

from typing import Any

from smith.core.v1 import live_activity_pb2 as noun
from smith.core.v1 import live_activity_service_pb2 as pb
from smith.core.v1 import live_activity_service_pb2_grpc as pb_grpc

from core_service.common.actions import Action, ActionType, Opens, check_action
from core_service.common.annotations import check_metadata, each_tag_once
from core_service.common.reading import asked_page, choice, choices, given, read_time, to_tags, to_timestamp
from core_service.common.validation import require_storable, require_uuid
from core_service.identity import principal
from core_service.live_activities.history.convert import to_activity, to_device, to_entry, to_phases, to_stream
from core_service.live_activities.history.service import ActivityHistory, Status
from core_service.live_activities.service import LiveActivities
from core_service.live_activities.state.activity import Alert, Request
from core_service.live_activities.state.content_state import ActivityType, Badge, Given, Icon, Metric
from core_service.live_activities.streams.control import StreamControl
from core_service.live_activities.streams.puts import StreamPuts
from core_service.live_activities.streams.rules import Operation
from core_service.work_queue.outcome_wait import OutcomeCounts

ACTION_TYPES = {
    noun.LIVE_ACTIVITY_ACTION_TYPE_OPEN_URL: ActionType.OPEN_URL,
    noun.LIVE_ACTIVITY_ACTION_TYPE_WEBHOOK: ActionType.WEBHOOK,
}
OPERATIONS = {
    one: pb.LiveActivityStreamOperation.Value(f"LIVE_ACTIVITY_STREAM_OPERATION_{one.name}") for one in Operation
}

StateMessage = (
    pb.StartLiveActivityRequest
    | pb.UpdateLiveActivityRequest
    | pb.EndLiveActivityRequest
    | pb.PutLiveActivityStreamRequest
    | pb.DeleteLiveActivityStreamRequest
)
"""A request that says what an activity should be."""


class LiveActivityServicer(pb_grpc.LiveActivityServiceServicer):
    """Translates; the rules are in the services."""

    def __init__(
        self, activities: LiveActivities, puts: StreamPuts, control: StreamControl, history: ActivityHistory
    ) -> None:
        self._activities = activities
        self._puts = puts
        self._control = control
        self._history = history

    async def StartLiveActivity(
        self, request: pb.StartLiveActivityRequest, context: Any
    ) -> pb.StartLiveActivityResponse:
        requested = list(request.target.channels) if request.HasField("target") else None
        result = await self._activities.start(principal.sender(), to_request(request), requested)
        counts = result.counts or OutcomeCounts(0, 0, 0)
        return pb.StartLiveActivityResponse(
            success=True,
            activity_id=result.activity_id,
            devices_notified=counts.devices_notified,
            devices_queued=counts.devices_queued or None,
            users_notified=counts.users_notified,
            effective_channel_slugs=result.effective_channel_slugs or (),
            timestamp=to_timestamp(result.timestamp),
            tags=to_tags(result.tags),
            warning=result.warning,
            ended_activity_id=result.ended_activity_id,
        )

    async def UpdateLiveActivity(
        self, request: pb.UpdateLiveActivityRequest, context: Any
    ) -> pb.UpdateLiveActivityResponse:
        result = await self._activities.update(principal.sender(), request.activity_id, to_request(request))
        counts = result.counts
        return pb.UpdateLiveActivityResponse(
            success=True,
            activity_id=result.activity_id,
            devices_notified=counts.devices_notified if counts else None,
            devices_queued=counts.devices_queued if counts else None,
            timestamp=to_timestamp(result.timestamp),
            warning=result.warning,
            tags=to_tags(result.tags),
            users_notified=counts.users_notified if counts else None,
            effective_channel_slugs=result.effective_channel_slugs or (),
            by_broadcast=result.by_broadcast or None,
        )

    async def EndLiveActivity(self, request: pb.EndLiveActivityRequest, context: Any) -> pb.EndLiveActivityResponse:
        result = await self._activities.end(principal.sender(), request.activity_id, to_request(request))
        return pb.EndLiveActivityResponse(
            success=True,
            activity_id=result.activity_id,
            devices_notified=result.counts.devices_notified if result.counts else None,
            devices_queued=result.counts.devices_queued if result.counts else None,
            timestamp=to_timestamp(result.timestamp),
            ignored=result.ignored or None,
            by_broadcast=result.by_broadcast or None,
        )

    async def PutLiveActivityStream(
        self, request: pb.PutLiveActivityStreamRequest, context: Any
    ) -> pb.PutLiveActivityStreamResponse:
        requested: list[str] | None = list(request.target.channels)
        name = "target.channels"
        if not request.HasField("target"):
            requested, name = list(request.channels) or None, "channels"
        caller = principal.sender()
        result = await self._puts.put(caller, request.stream_key, to_request(request), requested, name)
        counts = result.counts
        return pb.PutLiveActivityStreamResponse(
            success=True,
            operation=OPERATIONS[result.operation],
            stream_key=result.stream_key,
            activity_id=result.activity_id,
            previous_activity_id=result.previous_activity_id,
            devices_notified=counts.devices_notified if counts else None,
            devices_queued=counts.devices_queued if counts else None,
            users_notified=counts.users_notified if counts else None,
            effective_channel_slugs=result.effective_channel_slugs or (),
            timestamp=to_timestamp(result.timestamp),
            warning=result.warning,
            tags=to_tags(result.tags),
            ended_activity_id=result.ended_activity_id,
            by_broadcast=result.by_broadcast or None,
        )

    async def DeleteLiveActivityStream(
        self, request: pb.DeleteLiveActivityStreamRequest, context: Any
    ) -> pb.DeleteLiveActivityStreamResponse:
        last = to_request(request) if request.HasField("content_state") else None
        result = await self._control.delete(principal.sender(), request.stream_key, last)
        counts = result.counts
        return pb.DeleteLiveActivityStreamResponse(
            success=True,
            operation=pb.LIVE_ACTIVITY_STREAM_OPERATION_ENDED,
            stream_key=result.stream_key,
            activity_id=result.activity_id,
            devices_notified=counts.devices_notified if counts else None,
            devices_queued=counts.devices_queued if counts else None,
            timestamp=to_timestamp(result.timestamp),
            by_broadcast=result.by_broadcast or None,
        )

    async def PauseLiveActivityStream(
        self, request: pb.PauseLiveActivityStreamRequest, context: Any
    ) -> pb.PauseLiveActivityStreamResponse:
        ended = await self._control.pause(principal.session().account_id, request.stream_key)
        return pb.PauseLiveActivityStreamResponse(activity_id=ended)

    async def ResumeLiveActivityStream(
        self, request: pb.ResumeLiveActivityStreamRequest, context: Any
    ) -> pb.ResumeLiveActivityStreamResponse:
        resumed = await self._control.resume(principal.session(), request.stream_key)
        return pb.ResumeLiveActivityStreamResponse(
            activity_id=resumed.activity_id, ended_activity_id=resumed.ended_activity_id
        )

    async def StopLiveActivity(self, request: pb.StopLiveActivityRequest, context: Any) -> pb.StopLiveActivityResponse:
        stopped = await self._activities.stop(principal.session().account_id, request.activity_id)
        return pb.StopLiveActivityResponse(
            devices_notified=stopped.counts.devices_notified if stopped.counts else None,
            devices_queued=stopped.counts.devices_queued if stopped.counts else None,
            ignored=stopped.ignored or None,
            by_broadcast=stopped.by_broadcast or None,
        )

    async def ListLiveActivities(
        self, request: pb.ListLiveActivitiesRequest, context: Any
    ) -> pb.ListLiveActivitiesResponse:
        page = await self._history.list(
            principal.session().account_id,
            status=choice(request, "status", Status),
            stream_key=given(request, "stream_key", require_storable),
            search=given(request, "search", require_storable),
            tags=list(request.tags) or None,
            has_any_tag=choice(request, "tag_mode", str) == "any",
            device_id=given(request, "device_id", require_uuid),
            channel=given(request, "channel", require_storable),
            api_key_id=given(request, "api_key_id", require_uuid),
            phase=choice(request, "phase", str),
            since=read_time(request, "since"),
            until=read_time(request, "until"),
            with_phases=request.with_phases,
            page_size=given(request, "page_size"),
            page_token=given(request, "page_token"),
        )
        return pb.ListLiveActivitiesResponse(
            live_activities=map(to_activity, page.items), next_page_token=page.next_token
        )

    async def GetLiveActivity(self, request: pb.GetLiveActivityRequest, context: Any) -> pb.GetLiveActivityResponse:
        details = await self._history.get(principal.session().account_id, request.activity_id)
        return pb.GetLiveActivityResponse(
            live_activity=to_activity(details.record), phases=to_phases(details.phases), has_stream=details.has_stream
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


def to_request(message: StateMessage) -> Request:
    """What the message says about an activity. Raises InvalidRequest."""
    alert = message.alert
    return Request(
        given=_given(message.content_state),
        action=_action(message, "action"),
        secondary_action=_action(message, "secondary_action"),
        tags=each_tag_once(message.tags.values) if message.HasField("tags") else None,
        metadata=check_metadata(message.metadata.json) if message.HasField("metadata") else None,
        alert=Alert(given(alert, "title"), given(alert, "body")) if message.HasField("alert") else None,
    )


def _given(state: noun.LiveActivityContentState) -> Given:
    numbers_and_texts = {
        field.name: value
        for field, value in state.ListFields()
        if field.enum_type is None and field.message_type is None
    }
    value = numbers_and_texts.pop("value_text", None)
    return Given(
        **numbers_and_texts | ({} if value is None else {"value": value}),
        type=choice(state, "type", ActivityType),
        metrics=[_metric(metric) for metric in state.metrics],
        icon=Icon(state.icon.symbol, choice(state.icon, "color", str)) if state.HasField("icon") else None,
        badge=Badge(state.badge.title, choice(state.badge, "color", str)) if state.HasField("badge") else None,
        color=choice(state, "color", str),
        step_color=choice(state, "step_color", str),
        step_colors=choices(state, "step_colors", str),
    )


def _metric(metric: noun.LiveActivityMetric) -> Metric:
    value = metric.value_text if metric.HasField("value_text") else metric.value
    return Metric(metric.label, value, given(metric, "unit"), choice(metric, "color", str))


def _action(message: StateMessage, name: str) -> Action | None:
    if not message.HasField(name):  # type: ignore[arg-type] # both are fields of all of them
        return None
    action: noun.LiveActivityAction = getattr(message, name)
    return check_action(
        name,
        Opens.WEB_OR_SHORTCUT,
        title=action.title,
        kind=ACTION_TYPES[action.type],
        url=action.url,
        method=choice(action, "method", str),
        body=action.body.json if action.HasField("body") else None,
    )
