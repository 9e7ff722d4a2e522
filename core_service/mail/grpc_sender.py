"""Sends mails through the delivery service, over gRPC."""

import logging
from typing import TYPE_CHECKING

import grpc
from opentelemetry.trace import SpanKind
from smith.delivery.v1 import mail_pb2, mail_service_pb2, mail_service_pb2_grpc

from core_service.mail.port import Mail, MailResult, MailVerdict
from service_kit import tracing

if TYPE_CHECKING:
    from smith.delivery.v1.mail_service_pb2_grpc import MailServiceAsyncStub

log = logging.getLogger(__name__)

SEND_TIMEOUT_SECONDS = 45.0
"""Above what the delivery service gives a mail server; below the lease."""

VERDICTS = {
    mail_pb2.MAIL_RESULT_KIND_SENT: MailVerdict.SENT,
    mail_pb2.MAIL_RESULT_KIND_RETRY: MailVerdict.RETRY,
    mail_pb2.MAIL_RESULT_KIND_REJECTED: MailVerdict.REJECTED,
    mail_pb2.MAIL_RESULT_KIND_NOT_CONFIGURED: MailVerdict.NOT_CONFIGURED,
}


class GrpcMailSender:
    """Makes each attempt in one RPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub: MailServiceAsyncStub = mail_service_pb2_grpc.MailServiceStub(channel)

    async def send(self, mail: Mail) -> MailResult:
        """See MailSender."""
        request = mail_service_pb2.SendMailRequest(
            mail=mail_pb2.Mail(
                id=mail.id,
                to=mail.to,
                subject=mail.subject,
                text=mail.text,
                html=mail.html,
                request_id=tracing.request_id.get(),
            )
        )
        try:
            with tracing.child("MailService/SendMail", SpanKind.CLIENT):
                response = await self._stub.SendMail(request, timeout=SEND_TIMEOUT_SECONDS, metadata=tracing.metadata())
        except grpc.aio.AioRpcError as error:
            log.warning("the delivery service sent no mail: %s %s", error.code().name, error.details())
            message = "The server's delivery service cannot be reached."
            return MailResult(MailVerdict.RETRY, "DeliveryUnavailable", message, attempted=False)
        result = response.result
        return MailResult(
            VERDICTS.get(result.kind, MailVerdict.RETRY),
            result.reason,
            result.message,
            result.smtp_code or None,
            result.smtp_answer,
            result.simulated,
        )
