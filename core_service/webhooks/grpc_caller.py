"""Calls webhooks through the delivery service, over gRPC."""

import logging
from typing import TYPE_CHECKING

import grpc
from opentelemetry.trace import SpanKind
from smith.delivery.v1 import webhook_pb2, webhook_service_pb2, webhook_service_pb2_grpc

from core_service.webhooks.attempts import Call, WebhookResult, WebhookVerdict
from service_kit import request_id, tracing

if TYPE_CHECKING:
    from smith.delivery.v1.webhook_service_pb2_grpc import WebhookServiceAsyncStub

log = logging.getLogger(__name__)

CALL_TIMEOUT_SECONDS = 15.0
"""Above what the delivery service gives a receiver; below the lease."""

METHODS = {"GET": webhook_pb2.HTTP_METHOD_GET, "POST": webhook_pb2.HTTP_METHOD_POST}
VERDICTS = {
    webhook_pb2.WEBHOOK_RESULT_KIND_SUCCEEDED: WebhookVerdict.SUCCEEDED,
    webhook_pb2.WEBHOOK_RESULT_KIND_RETRY: WebhookVerdict.RETRY,
    webhook_pb2.WEBHOOK_RESULT_KIND_FAILED: WebhookVerdict.FAILED,
}


class GrpcWebhookCaller:
    """Makes each call in one RPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub: WebhookServiceAsyncStub = webhook_service_pb2_grpc.WebhookServiceStub(channel)

    async def call(self, call: Call) -> WebhookResult:
        """See WebhookCaller."""
        request = webhook_service_pb2.CallWebhookRequest(
            call=webhook_pb2.WebhookCall(
                url=call.url,
                method=METHODS[call.method],
                body=call.body,
                idempotency_key=call.idempotency_key,
                signing_keys=call.signing_keys,
                request_id=request_id.current.get(),
            )
        )
        try:
            with tracing.child("WebhookService/CallWebhook", SpanKind.CLIENT):
                response = await self._stub.CallWebhook(
                    request, timeout=CALL_TIMEOUT_SECONDS, metadata=tracing.metadata()
                )
        except grpc.aio.AioRpcError as error:
            log.warning("the delivery service made no webhook call: %s %s", error.code().name, error.details())
            message = "The server could not make the call."
            return WebhookResult(WebhookVerdict.RETRY, reason="DeliveryUnavailable", message=message, attempted=False)
        result = response.result
        return WebhookResult(
            VERDICTS.get(result.kind, WebhookVerdict.RETRY),
            result.status or None,
            result.response_body,
            result.reason,
            result.message,
            result.retry_after_ms / 1000,
        )
