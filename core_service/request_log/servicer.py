"""smith.core.v1.RequestLogService and smith.internal.v1.RequestIntakeService over gRPC."""

from typing import Any

from smith.core.v1 import request_log_service_pb2 as messages
from smith.core.v1 import request_log_service_pb2_grpc
from smith.internal.v1 import request_intake_service_pb2 as internal
from smith.internal.v1 import request_intake_service_pb2_grpc

from core_service.common.reading import asked_page
from core_service.identity import principal
from core_service.request_log.convert import read_batch, read_filters, to_gap, to_request
from core_service.request_log.intake import Intake
from core_service.request_log.service import RequestLog
from service_kit.peers import NotAPeer, Peers


class RequestLogServicer(request_log_service_pb2_grpc.RequestLogServiceServicer):
    """Shows owners what was asked of the REST API."""

    def __init__(self, log: RequestLog) -> None:
        self._log = log

    async def ListRequests(self, request: messages.ListRequestsRequest, context: Any) -> messages.ListRequestsResponse:
        found = await self._log.list(principal.session().account_id, read_filters(request), *asked_page(request))
        return messages.ListRequestsResponse(
            requests=[to_request(one) for one in found.page.items],
            next_page_token=found.page.next_token,
            gaps=[to_gap(gap) for gap in found.gaps],
        )

    async def GetRequest(self, request: messages.GetRequestRequest, context: Any) -> messages.GetRequestResponse:
        found = await self._log.get(principal.session().account_id, request.request_id)
        return messages.GetRequestResponse(request=to_request(found))


class RequestIntakeServicer(request_intake_service_pb2_grpc.RequestIntakeServiceServicer):
    """Takes what gateways have answered. Only processes of this installation may say what that was."""

    def __init__(self, intake: Intake, peers: Peers) -> None:
        self._intake = intake
        self._peers = peers

    async def RecordRequests(
        self, request: internal.RecordRequestsRequest, context: Any
    ) -> internal.RecordRequestsResponse:
        if not self._peers.know(context.invocation_metadata()):
            raise NotAPeer
        await self._intake.take(read_batch(request))
        return internal.RecordRequestsResponse()
