"""smith.core.v1.MailService over gRPC."""

from typing import Any

from smith.core.v1 import mail_service_pb2 as messages
from smith.core.v1 import mail_service_pb2_grpc

from core_service.identity import principal
from core_service.mail.convert import to_test_response
from core_service.mail.service import TestMails


class MailServicer(mail_service_pb2_grpc.MailServiceServicer):
    """Lets owners test whether mails can be sent."""

    def __init__(self, test_mails: TestMails) -> None:
        self._test_mails = test_mails

    async def SendTestMail(self, request: messages.SendTestMailRequest, context: Any) -> messages.SendTestMailResponse:
        sent_to, result = await self._test_mails.send(principal.session().user_id)
        return to_test_response(sent_to, result)
