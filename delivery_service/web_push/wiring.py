"""Builds what sends to browsers."""

from collections.abc import Callable

from delivery_service.metrics import WebPushMetrics
from delivery_service.problem_log import ProblemLog
from delivery_service.settings import DeliverySettings, permits_of_push_services
from delivery_service.shared import Shared, trusting
from delivery_service.signing_key import KeyFile
from delivery_service.web_push.lines import Lines
from delivery_service.web_push.sender import WebPushSender
from delivery_service.web_push.vapid import Vapid
from delivery_service.webhooks.addresses import AddressRules
from delivery_service.webhooks.connecting import CheckedAddresses
from service_kit.web_push import PushServices, parse_allowed


def build_vapid(settings: DeliverySettings, problems: ProblemLog) -> Vapid | None:
    """What signs with the server's own key; None if the settings name none."""
    if not settings.webpush_key_file:
        return None
    key = KeyFile(
        settings.webpush_key_file,
        problems,
        variable="SMITH_WEBPUSH_KEY_FILE",
        without="nothing can be sent to browsers",
    )
    return Vapid(key.key, settings.webpush_contact)


def build_web_push(
    shared: Shared, vapid: Vapid | None, metrics: WebPushMetrics, *, phones_wait: Callable[[], bool]
) -> WebPushSender:
    """Builds the sender. Nothing is connected yet. `phones_wait` returns whether a push to a phone is on its way.
    Raises InvalidCertificates."""
    settings = shared.settings
    addresses = CheckedAddresses(AddressRules(permits_of_push_services(settings.webpush_allow)), shared.resolver)
    context = trusting("SMITH_WEBPUSH_CA_FILE", settings.webpush_ca_file)
    return WebPushSender(
        Lines(addresses, context, connections=settings.webpush_connections, phones_wait=phones_wait),
        vapid,
        services=PushServices(parse_allowed(settings.webpush_allow)),
        problems=shared.problems,
        metrics=metrics,
        timeout=settings.webpush_timeout,
        configuration=shared.configuration,
    )
