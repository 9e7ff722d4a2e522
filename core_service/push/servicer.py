"""PushNotificationService over gRPC."""

from typing import Any

from smith.core.v1 import push_notification_service_pb2 as pb
from smith.core.v1 import push_notification_service_pb2_grpc as pb_grpc

from core_service.common.reading import asked_page, given
from core_service.common.validation import find_uuid, require_uuid
from core_service.identity import principal
from core_service.push.convert import (
    read_content,
    read_new_content,
    read_search,
    to_entry,
    to_notification,
    to_replaced,
    to_sent,
    to_shown,
)
from core_service.push.device_test import DeviceTest
from core_service.push.history import NotificationHistory
from core_service.push.replacement import Replacements
from core_service.push.service import PushNotifications

THING, DEVICE = "push notification", "device"


class PushNotificationServicer(pb_grpc.PushNotificationServiceServicer):
    """Translates; the rules are in the service."""

    def __init__(
        self,
        push_notifications: PushNotifications,
        replacements: Replacements,
        history: NotificationHistory,
        trials: DeviceTest,
    ) -> None:
        self._push_notifications = push_notifications
        self._replacements = replacements
        self._history = history
        self._trials = trials

    async def SendPushNotification(
        self, request: pb.SendPushNotificationRequest, context: Any
    ) -> pb.SendPushNotificationResponse:
        """See the proto."""
        requested = list(request.target.channels) if request.HasField("target") else None
        sent = await self._push_notifications.send(principal.sender(), read_content(request), requested)
        return to_sent(sent)

    async def ReplacePushNotification(
        self, request: pb.ReplacePushNotificationRequest, context: Any
    ) -> pb.ReplacePushNotificationResponse:
        """See the proto."""
        new, notification_id = read_new_content(request), find_uuid(request.notification_id, THING)
        return to_replaced(await self._replacements.replace(principal.sender(), notification_id, new))

    async def ListPushNotifications(
        self, request: pb.ListPushNotificationsRequest, context: Any
    ) -> pb.ListPushNotificationsResponse:
        """See the proto."""
        page = await self._history.list(
            principal.session().account_id,
            read_search(request),
            *asked_page(request),
        )
        return pb.ListPushNotificationsResponse(
            push_notifications=[to_notification(sent) for sent in page.items], next_page_token=page.next_token
        )

    async def GetPushNotification(
        self, request: pb.GetPushNotificationRequest, context: Any
    ) -> pb.GetPushNotificationResponse:
        """See the proto."""
        notification_id = find_uuid(request.notification_id, THING)
        return to_shown(await self._history.get(principal.session().account_id, notification_id))

    async def ListPushNotificationTimeline(
        self, request: pb.ListPushNotificationTimelineRequest, context: Any
    ) -> pb.ListPushNotificationTimelineResponse:
        """See the proto."""
        device_id = given(request, "device_id", require_uuid)
        notification_id = find_uuid(request.notification_id, THING)
        account_id = principal.session().account_id
        page = await self._history.timeline(account_id, notification_id, device_id, *asked_page(request))
        return pb.ListPushNotificationTimelineResponse(
            entries=[to_entry(entry) for entry in page.items], next_page_token=page.next_token
        )

    async def ReplayPushNotification(
        self, request: pb.ReplayPushNotificationRequest, context: Any
    ) -> pb.ReplayPushNotificationResponse:
        """See the proto."""
        sent = await self._history.replay(principal.session(), find_uuid(request.notification_id, THING))
        return pb.ReplayPushNotificationResponse(sent=to_sent(sent))

    async def SendTestPushNotification(
        self, request: pb.SendTestPushNotificationRequest, context: Any
    ) -> pb.SendTestPushNotificationResponse:
        """See the proto."""
        sent = await self._trials.send(principal.session(), find_uuid(request.device_id, DEVICE))
        return pb.SendTestPushNotificationResponse(sent=to_sent(sent))
