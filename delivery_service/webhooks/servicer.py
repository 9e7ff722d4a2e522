"""The gRPC service for webhook calls."""

import logging
from typing import Any

from opentelemetry.trace import SpanKind, StatusCode
from smith.delivery.v1.webhook_pb2 import WebhookCall, WebhookResult, WebhookResultKind
from smith.delivery.v1.webhook_service_pb2 import CallWebhookRequest, CallWebhookResponse
from smith.delivery.v1.webhook_service_pb2_grpc import WebhookServiceServicer

from delivery_service.metrics import WebhookMetrics
from delivery_service.webhooks.caller import WebhookCaller
from service_kit import tracing
from service_kit.errors import TooManyInProgress

log = logging.getLogger(__name__)


class WebhookServicer(WebhookServiceServicer):
    """Answers `CallWebhook`; makes at most `max_in_progress` calls at a time."""

    def __init__(self, caller: WebhookCaller, metrics: WebhookMetrics, *, max_in_progress: int) -> None:
        self._caller = caller
        self._metrics = metrics
        self._max_in_progress = max_in_progress
        self._in_progress = 0

    async def CallWebhook(self, request: CallWebhookRequest, context: Any) -> CallWebhookResponse:
        """See the proto."""
        if self._in_progress >= self._max_in_progress:
            self._metrics.refuse()
            raise TooManyInProgress(f"{self._in_progress} calls are in progress.")
        tracing.request_id.set(tracing.checked_request_id(request.call.request_id))
        self._in_progress += 1
        self._metrics.in_progress.inc()
        try:
            return CallWebhookResponse(result=await self._call(request.call))
        finally:
            self._in_progress -= 1
            self._metrics.in_progress.dec()

    def close(self) -> None:
        """Frees its resources."""
        self._caller.close()

    async def _call(self, call: WebhookCall) -> WebhookResult:
        # Nothing of the URL is logged: it may hold credentials.
        with tracing.child("webhook", SpanKind.CLIENT) as span:
            result = await self._caller.call(call)
            span.set_attribute("http.response.status_code", result.status)
            span.set_attribute("smith.result", WebhookResultKind.Name(result.kind))
            if result.reason:
                span.set_attribute("smith.reason", result.reason)
                span.set_status(StatusCode.ERROR, result.reason)
        self._metrics.count(result)
        log.debug("webhook call: %s in %d ms", result.reason or "succeeded", result.latency_ms)
        return result
