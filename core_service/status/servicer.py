"""smith.core.v1.StatusService over gRPC."""

from typing import Any

from smith.core.v1 import status_service_pb2 as messages
from smith.core.v1 import status_service_pb2_grpc

from core_service.identity import principal
from core_service.status.account_alarms import AccountAlarms
from core_service.status.convert import to_destinations, to_response
from core_service.status.destinations import KnownDestinations
from core_service.status.service import ServerStatus


class StatusServicer(status_service_pb2_grpc.StatusServiceServicer):
    """Reports problems, and where pushes and mails go."""

    def __init__(self, status: ServerStatus, account_alarms: AccountAlarms, destinations: KnownDestinations) -> None:
        self._status = status
        self._destinations = destinations
        self._account_alarms = account_alarms

    async def GetServerStatus(
        self, request: messages.GetServerStatusRequest, context: Any
    ) -> messages.GetServerStatusResponse:
        """See the proto."""
        account_id = principal.session().account_id
        return to_response(
            await self._status.alarms(account_id),
            await self._account_alarms.of(account_id),
            await self._destinations.now(),
        )

    async def GetDestinations(
        self, request: messages.GetDestinationsRequest, context: Any
    ) -> messages.GetDestinationsResponse:
        """See the proto."""
        return to_destinations(await self._destinations.now())
