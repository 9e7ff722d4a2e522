"""Builds the services about phones, and what is sent to them."""

import datetime as dt
from collections.abc import Sequence

from core_service.app.parts import Parts
from core_service.app.shared import Shared
from core_service.badges.service import Badges
from core_service.badges.servicer import BadgeServicer
from core_service.channels.audience import Audience
from core_service.channels.details import ChannelLookups
from core_service.channels.service import Channels
from core_service.channels.servicer import ChannelServicer
from core_service.devices.service import Devices
from core_service.devices.servicer import DeviceServicer
from core_service.live_activities.history.service import ActivityHistory
from core_service.live_activities.servicer import LiveActivityServicer
from core_service.phones.browsers import Browsers
from core_service.phones.live_activities import PhoneActivities
from core_service.phones.notifications import PhoneNotifications
from core_service.phones.screen import Screens
from core_service.phones.servicer import PhoneServicer
from core_service.push.device_test import DeviceTest
from core_service.push.history import NotificationHistory
from core_service.push.replacement import Replacements
from core_service.push.service import PushNotifications
from core_service.push.servicer import PushNotificationServicer
from core_service.saved_messages.service import SavedMessages
from core_service.saved_messages.servicer import SavedMessageServicer
from core_service.webhooks.calls import WebhookCallLog
from core_service.webhooks.service import ActionRuns
from core_service.webhooks.servicer import WebhookServicer
from core_service.widget_metrics.service import Metrics
from core_service.widget_metrics.servicer import MetricServicer
from service_kit.web_push import PushServices, parse_allowed


def servicers_about_messages(shared: Shared, parts: Parts) -> Sequence[object]:
    """Builds them."""
    settings, pool, events, clock = shared.settings, shared.requests, shared.events, shared.clock
    senders, rate_limiter, account_limit = parts.senders, shared.rate_limiter, shared.account_limit
    activities = senders.activities
    kept = dt.timedelta(days=settings.history_days)
    time_to_live = dt.timedelta(hours=settings.notification_ttl_hours)
    on_phones = PhoneActivities(pool, activities.reconciler, events, clock)
    devices = Devices(shared.engine, rate_limiter, on_phones, senders.badges, events)
    pushes = PushNotifications(
        pool,
        Audience(pool),
        senders.notifications,
        events,
        account_limit,
        crowd=shared.crowd,
        delivery_wait=settings.delivery_wait,
        time_to_live=time_to_live,
    )
    replacements = Replacements(
        pool,
        senders.notifications,
        events,
        account_limit,
        delivery_wait=settings.delivery_wait,
        time_to_live=time_to_live,
        history=kept,
    )
    trials = DeviceTest(devices, pushes, rate_limiter)
    runs = ActionRuns(pool, senders.webhooks, rate_limiter)
    return (
        BadgeServicer(
            Badges(pool, Audience(pool), senders.badges, events, account_limit, delivery_wait=settings.delivery_wait)
        ),
        ChannelServicer(Channels(shared.engine), ChannelLookups(pool)),
        DeviceServicer(devices),
        LiveActivityServicer(activities.activities, activities.puts, activities.control, ActivityHistory(pool, clock)),
        MetricServicer(Metrics(shared.engine, clock)),
        PhoneServicer(
            devices=devices,
            browsers=Browsers(
                devices, PushServices(parse_allowed(settings.webpush_allow)), shared.delivery.destinations
            ),
            activities=on_phones,
            screens=Screens(pool, on_phones, devices, events, clock, kept=kept),
            notifications=PhoneNotifications(pool, clock, kept=kept),
            trials=trials,
            runs=runs,
        ),
        PushNotificationServicer(pushes, replacements, NotificationHistory(pool, pushes), trials),
        SavedMessageServicer(SavedMessages(shared.engine)),
        WebhookServicer(runs, WebhookCallLog(pool), senders.signing_keys),
    )
