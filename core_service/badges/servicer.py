"""BadgeService over gRPC."""

from typing import Any

from smith.core.v1 import badge_service_pb2 as pb
from smith.core.v1 import badge_service_pb2_grpc as pb_grpc

from core_service.badges.service import Badges
from core_service.common.reading import to_timestamp
from core_service.identity import principal


class BadgeServicer(pb_grpc.BadgeServiceServicer):
    """Translates; the rules are in the service."""

    def __init__(self, badges: Badges) -> None:
        self._badges = badges

    async def SetBadge(self, request: pb.SetBadgeRequest, context: Any) -> pb.SetBadgeResponse:
        """See the proto."""
        requested = list(request.target.channels) if request.HasField("target") else None
        answer = await self._badges.set(principal.sender(), request.badge, requested)
        counts = answer.counts
        return pb.SetBadgeResponse(
            success=True,
            badge=answer.number,
            devices_updated=counts.devices_notified,
            users_updated=counts.users_notified,
            devices_notified=counts.devices_notified,
            users_notified=counts.users_notified,
            effective_channel_slugs=answer.effective_channel_slugs,
            timestamp=to_timestamp(answer.created_at),
            devices_targeted=answer.devices_targeted,
            devices_queued=counts.devices_queued or None,
        )
