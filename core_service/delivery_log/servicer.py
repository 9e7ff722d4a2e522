"""smith.core.v1.DeliveryLogService over gRPC."""

from typing import Any

from smith.core.v1 import delivery_log_service_pb2 as messages
from smith.core.v1 import delivery_log_service_pb2_grpc

from core_service.common.reading import asked_page, choices, given, read_time
from core_service.common.validation import find_uuid, require_storable, require_uuid
from core_service.delivery_log.convert import to_attempt, to_verdict
from core_service.delivery_log.service import DeliveryLog, Filters, Subject
from core_service.identity import principal
from service_kit.errors import InvalidRequest


class DeliveryLogServicer(delivery_log_service_pb2_grpc.DeliveryLogServiceServicer):
    """Tells what happened to pushes, and why something is or is not on a phone."""

    def __init__(self, log: DeliveryLog) -> None:
        self._log = log

    async def ListDeliveryAttempts(
        self, request: messages.ListDeliveryAttemptsRequest, context: Any
    ) -> messages.ListDeliveryAttemptsResponse:
        filters = Filters(
            notification_id=given(request, "notification_id", require_uuid),
            activity_id=given(request, "activity_id", require_storable),
            stream_key=given(request, "stream_key", require_storable),
            device_id=given(request, "device_id", require_uuid),
            channel=given(request, "channel", require_storable),
            outcomes=choices(request, "outcomes", str) or None,
            events=choices(request, "events", str) or None,
            search=given(request, "search", require_storable),
            since=read_time(request, "since"),
            until=read_time(request, "until"),
        )
        page = await self._log.list(
            principal.whole_account(),
            filters,
            *asked_page(request),
        )
        return messages.ListDeliveryAttemptsResponse(
            delivery_attempts=[to_attempt(attempt) for attempt in page.items], next_page_token=page.next_token
        )

    async def ExplainDelivery(
        self, request: messages.ExplainDeliveryRequest, context: Any
    ) -> messages.ExplainDeliveryResponse:
        account_id = principal.whole_account()
        subject = Subject(
            notification_id=find_uuid(request.notification_id, "push notification")
            if request.HasField("notification_id")
            else None,
            activity_id=given(request, "activity_id", require_storable),
            stream_key=given(request, "stream_key", require_storable),
        )
        if sum(one is not None for one in (subject.notification_id, subject.activity_id, subject.stream_key)) != 1:
            raise InvalidRequest("exactly one of notification_id, activity_id and stream_key is required").about(
                "notification_id", "activity_id", "stream_key"
            )
        explained = await self._log.explain(account_id, find_uuid(request.device_id, "device"), subject)
        return messages.ExplainDeliveryResponse(verdict=to_verdict(explained))
