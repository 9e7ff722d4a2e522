"""smith.core.v1.StatusService over gRPC."""

from collections.abc import Sequence
from typing import Any

from smith.core.v1 import status_service_pb2 as messages
from smith.core.v1 import status_service_pb2_grpc

from core_service.identity import principal
from core_service.status.account_alarms import AccountAlarms
from core_service.status.concerns import Thresholds, concerns
from core_service.status.convert import to_destinations, to_facts, to_response
from core_service.status.destinations import KnownDestinations
from core_service.status.facts import KnownFacts
from core_service.status.service import ServerStatus


class StatusServicer(status_service_pb2_grpc.StatusServiceServicer):
    """Reports problems, where pushes and mails go, and how the server runs."""

    def __init__(
        self,
        status: ServerStatus,
        account_alarms: AccountAlarms,
        destinations: KnownDestinations,
        facts: KnownFacts,
        limits: Thresholds,
        *,
        recipients: Sequence[str],
    ) -> None:
        """`recipients` are told of alerts."""
        self._recipients = recipients
        self._status = status
        self._facts = facts
        self._limits = limits
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

    async def GetServerFacts(
        self, request: messages.GetServerFactsRequest, context: Any
    ) -> messages.GetServerFactsResponse:
        """See the proto."""
        facts = await self._facts.now()
        return to_facts(facts, concerns(facts, self._limits), self._recipients)
