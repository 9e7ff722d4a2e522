"""smith.core.v1.MailService over gRPC."""

from typing import Any

from smith.core.v1 import mail_service_pb2 as messages
from smith.core.v1 import mail_service_pb2_grpc

from core_service.identity import principal
from core_service.mail.port import MailVerdict
from core_service.mail.service import TestMails, explain

OUTCOMES = {verdict: messages.MailOutcome.Value(f"MAIL_OUTCOME_{verdict.name}") for verdict in MailVerdict}


class MailServicer(mail_service_pb2_grpc.MailServiceServicer):
    """Lets owners test whether mails can be sent."""

    def __init__(self, test_mails: TestMails) -> None:
        self._test_mails = test_mails

    async def SendTestMail(self, request: messages.SendTestMailRequest, context: Any) -> messages.SendTestMailResponse:
        sent_to, result = await self._test_mails.send(principal.session().user_id)
        return messages.SendTestMailResponse(
            outcome=OUTCOMES[result.verdict],
            sent_to=sent_to,
            reason=result.reason,
            message=explain(result),
            smtp_code=result.smtp_code,
            smtp_answer=result.smtp_answer,
            simulated=result.simulated,
        )
