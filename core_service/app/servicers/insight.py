"""Builds the services about what has happened, and how the server is."""

from collections.abc import Sequence

from core_service.apns_check.service import ApnsChecks
from core_service.apns_check.servicer import ApnsServicer
from core_service.app.parts import Parts
from core_service.app.shared import Shared
from core_service.audit.service import AuditLog
from core_service.audit.servicer import AuditServicer
from core_service.delivery_log.service import DeliveryLog
from core_service.delivery_log.servicer import DeliveryLogServicer
from core_service.events.servicer import EventServicer
from core_service.mail.service import TestMails
from core_service.mail.servicer import MailServicer
from core_service.request_log.intake import Intake
from core_service.request_log.service import RequestLog
from core_service.request_log.servicer import RequestIntakeServicer, RequestLogServicer
from core_service.statistics.service import Statistics
from core_service.statistics.servicer import InsightServicer
from core_service.status.account_alarms import AccountAlarms
from core_service.status.servicer import StatusServicer
from core_service.status.wiring import recipients_of, thresholds_of
from service_kit.peers import Peers


def servicers_for_insight(shared: Shared, parts: Parts) -> Sequence[object]:
    """Builds them."""
    settings, pool, clock, rate_limiter = shared.settings, shared.requests, shared.clock, shared.rate_limiter
    return (
        ApnsServicer(ApnsChecks(pool, shared.delivery.apns_checks, rate_limiter)),
        AuditServicer(AuditLog(shared.engine)),
        DeliveryLogServicer(DeliveryLog(pool, clock)),
        EventServicer(shared.events),
        InsightServicer(Statistics(pool, rate_limiter, clock, default_live_activities=settings.max_live_activities)),
        MailServicer(TestMails(shared.engine, shared.delivery.mails, rate_limiter)),
        RequestLogServicer(RequestLog(pool)),
        StatusServicer(
            parts.status,
            AccountAlarms(pool),
            shared.delivery.destinations,
            parts.operator.facts,
            thresholds_of(settings),
            recipients=recipients_of(settings),
        ),
        # No service of the API: its methods have no policies, because it refuses all but our own processes.
        RequestIntakeServicer(Intake(shared.batches, settings.request_log_per_day), Peers.of(settings)),
    )
