"""Builds what calls webhooks."""

from importlib.metadata import version

from delivery_service.metrics import WebhookMetrics
from delivery_service.settings import permits_of
from delivery_service.shared import Shared, trusting
from delivery_service.webhooks.addresses import AddressRules
from delivery_service.webhooks.caller import WebhookCaller
from delivery_service.webhooks.connecting import CheckedBackend
from delivery_service.webhooks.servicer import WebhookServicer


def build_webhooks(shared: Shared) -> WebhookServicer:
    """The service for webhook calls. Raises InvalidCertificates."""
    settings = shared.settings
    caller = WebhookCaller(
        CheckedBackend(AddressRules(permits_of(settings.webhook_allow)), shared.resolver),
        ssl_context=trusting("SMITH_WEBHOOK_CA_FILE", settings.webhook_ca_file),
        timeout=settings.webhook_timeout,
        user_agent=f"ActivitySmith-Server/{version('activitysmith-server')}",
    )
    return WebhookServicer(caller, WebhookMetrics(shared.registry), max_in_progress=settings.webhook_max_in_progress)
