"""Results of mails as protobuf carries them."""

from smith.core.v1 import mail_service_pb2

from core_service.mail.service import MailResult, MailVerdict, explain

OUTCOMES = {
    verdict: mail_service_pb2.MailOutcome.Value(f"MAIL_OUTCOME_{verdict.name}") for verdict in MailVerdict
}  # fmt: skip


def to_test_response(sent_to: str, result: MailResult) -> mail_service_pb2.SendTestMailResponse:
    """The message."""
    return mail_service_pb2.SendTestMailResponse(
        outcome=OUTCOMES[result.verdict],
        sent_to=sent_to,
        reason=result.reason,
        message=explain(result),
        smtp_code=result.smtp_code,
        smtp_answer=result.smtp_answer,
        simulated=result.simulated,
    )
