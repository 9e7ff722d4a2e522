"""smith.core.v1.InsightService over gRPC."""

from typing import Any

from smith.core.v1 import insight_service_pb2 as messages
from smith.core.v1 import insight_service_pb2_grpc

from core_service.common.reading import choice
from core_service.identity import principal
from core_service.statistics.convert import to_response
from core_service.statistics.service import Period, Statistics


class InsightServicer(insight_service_pb2_grpc.InsightServiceServicer):
    """Gives people of an account an overview of it."""

    def __init__(self, insight: Statistics) -> None:
        self._insight = insight

    async def GetOverview(self, request: messages.GetOverviewRequest, context: Any) -> messages.GetOverviewResponse:
        """See the proto."""
        caller = principal.session()
        period = choice(request, "period", Period) or Period.DAY
        return to_response(await self._insight.overview(caller.account_id, caller.rate_limit_per_minute, period))
