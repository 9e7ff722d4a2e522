"""The gRPC face of webhook calls."""

from typing import Any

from smith.delivery.v1.webhook_service_pb2 import CallWebhookRequest, CallWebhookResponse
from smith.delivery.v1.webhook_service_pb2_grpc import WebhookServiceServicer

from delivery_service.webhooks.caller import WebhookCaller
from service_kit.errors import DomainError, Kind


class TooManyCalls(DomainError):
    """As many calls are in progress as the process is willing to make."""

    kind, reason, error = Kind.EXHAUSTED, "UNAVAILABLE", "Busy"


class WebhookServicer(WebhookServiceServicer):
    """Answers `CallWebhook`; makes at most `max_in_progress` calls at a time."""

    def __init__(self, caller: WebhookCaller, *, max_in_progress: int) -> None:
        self._caller = caller
        self._max_in_progress = max_in_progress
        self._in_progress = 0

    async def CallWebhook(self, request: CallWebhookRequest, context: Any) -> CallWebhookResponse:
        """See the contract."""
        if self._in_progress >= self._max_in_progress:
            raise TooManyCalls(f"{self._in_progress} calls are in progress.")
        self._in_progress += 1
        try:
            return CallWebhookResponse(result=await self._caller.call(request.call))
        finally:
            self._in_progress -= 1
