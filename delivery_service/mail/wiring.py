"""Builds what sends mails."""

from delivery_service.destinations import mails_are_simulated
from delivery_service.mail.sender import MailSender
from delivery_service.mail.servicer import MailServicer
from delivery_service.metrics import MailMetrics
from delivery_service.shared import Shared, trusting


def build_mails(shared: Shared) -> MailServicer:
    """The service for mails. Raises InvalidCertificates."""
    settings = shared.settings
    context = trusting("SMITH_SMTP_CA_FILE", settings.smtp_ca_file)
    sender = MailSender(settings, context, is_simulated=mails_are_simulated(settings))
    return MailServicer(sender, MailMetrics(shared.registry), max_in_progress=settings.smtp_max_in_progress)
