"""smith.core.v1.ApnsService over gRPC."""

from typing import Any

from smith.core.v1 import apns_service_pb2 as messages
from smith.core.v1 import apns_service_pb2_grpc

from core_service.apns_check.convert import to_response
from core_service.apns_check.service import ApnsChecks
from core_service.identity import principal


class ApnsServicer(apns_service_pb2_grpc.ApnsServiceServicer):
    """Reports whether Apple knows this server."""

    def __init__(self, checks: ApnsChecks) -> None:
        self._checks = checks

    async def CheckApns(self, request: messages.CheckApnsRequest, context: Any) -> messages.CheckApnsResponse:
        """See the proto."""
        return to_response(await self._checks.check(principal.session().account_id))
