"""All queues of owed work."""

from core_service.badges import queries as badges
from core_service.invites import queries as invite_mails
from core_service.live_activities.broadcasts import queries as broadcasts
from core_service.live_activities.reconcile import reconciler_queries as live_activities
from core_service.live_activities.reconcile import withdrawal_queries as withdrawals
from core_service.password_resets import queries as password_mails
from core_service.sending import queries as notifications
from core_service.status import alert_queries as alert_messages
from core_service.webhooks import queries as webhook_runs

MEASURED = (notifications.QUEUE, live_activities.QUEUE, webhook_runs.QUEUE, badges.QUEUE)
"""The queues whose depth is a metric."""
QUEUES = (
    *MEASURED,
    broadcasts.QUEUE,
    withdrawals.QUEUE,
    invite_mails.QUEUE,
    password_mails.QUEUE,
    alert_messages.QUEUE,
)
