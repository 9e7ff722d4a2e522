"""The gRPC service for mails."""

import logging
from typing import Any

from opentelemetry.trace import SpanKind, StatusCode
from smith.delivery.v1.mail_pb2 import Mail, MailResult, MailResultKind
from smith.delivery.v1.mail_service_pb2 import SendMailRequest, SendMailResponse
from smith.delivery.v1.mail_service_pb2_grpc import MailServiceServicer

from delivery_service.mail.sender import MailSender
from delivery_service.metrics import MailMetrics
from service_kit import tracing
from service_kit.errors import TooManyInProgress

log = logging.getLogger(__name__)


class MailServicer(MailServiceServicer):
    """Answers `SendMail`; sends at most `max_in_progress` mails at a time."""

    def __init__(self, sender: MailSender, metrics: MailMetrics, *, max_in_progress: int) -> None:
        self._sender = sender
        self._metrics = metrics
        self._max_in_progress = max_in_progress
        self._in_progress = 0

    async def SendMail(self, request: SendMailRequest, context: Any) -> SendMailResponse:
        """See the proto."""
        if self._in_progress >= self._max_in_progress:
            raise TooManyInProgress(f"{self._in_progress} mails are being sent.")
        tracing.request_id.set(tracing.checked_request_id(request.mail.request_id))
        self._in_progress += 1
        try:
            return SendMailResponse(result=await self._send(request.mail))
        finally:
            self._in_progress -= 1

    async def _send(self, mail: Mail) -> MailResult:
        # Nothing of the mail is logged: it holds an address and a secret.
        with tracing.child("mail", SpanKind.CLIENT) as span:
            result = await self._sender.send(mail)
            span.set_attribute("smith.result", MailResultKind.Name(result.kind))
            if result.reason:
                span.set_attribute("smith.reason", result.reason)
                span.set_status(StatusCode.ERROR, result.reason)
        self._metrics.count(result)
        if result.reason:
            log.warning("a mail was not sent: %s %s", result.reason, result.smtp_answer)
        return result
