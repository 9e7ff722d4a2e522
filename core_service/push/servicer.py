"""PushNotificationService over gRPC."""

from typing import Any

from smith.core.v1 import push_notification_service_pb2 as pb
from smith.core.v1 import push_notification_service_pb2_grpc as pb_grpc

from core_service.auth import principal
from core_service.push.convert import from_sent, to_content
from core_service.push.service import PushNotifications


class PushNotificationServicer(pb_grpc.PushNotificationServiceServicer):
    """Translates; the rules are in the service."""

    def __init__(self, push_notifications: PushNotifications) -> None:
        self._push_notifications = push_notifications

    async def SendPushNotification(
        self, request: pb.SendPushNotificationRequest, context: Any
    ) -> pb.SendPushNotificationResponse:
        """See the proto."""
        requested = list(request.target.channels) if request.HasField("target") else None
        sent = await self._push_notifications.send(principal.sender(), to_content(request), requested)
        return from_sent(sent)
