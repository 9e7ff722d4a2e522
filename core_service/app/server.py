"""Builds the gRPC server of the core: every service, and the interceptors before it."""

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from core_service.account_data.deletion import Deletion
from core_service.account_data.erasing import Eraser
from core_service.account_data.export import AccountExport
from core_service.account_data.servicer import AccountDataServicer
from core_service.accounts.service import Accounts, Defaults
from core_service.accounts.setup import Setup
from core_service.api_keys.service import ApiKeys
from core_service.api_keys.servicer import ApiKeyServicer
from core_service.apns_check.explanation import ApnsChecker
from core_service.apns_check.service import ApnsChecks
from core_service.apns_check.servicer import ApnsServicer
from core_service.app.interceptor import CallInterceptor
from core_service.app.metrics import error_counter
from core_service.app.services import SERVICES
from core_service.audit import act
from core_service.audit.service import AuditLog
from core_service.audit.servicer import AuditServicer
from core_service.auth.credentials import Credentials, LastUsed
from core_service.auth.failed_sign_ins import FailedSignIns
from core_service.auth.own_password import OwnPassword
from core_service.auth.password_rules import own_words
from core_service.auth.passwords import Passwords
from core_service.auth.rate_limit import RateLimiter
from core_service.auth.sessions import Sessions
from core_service.badges.dispatcher import BadgeDispatcher
from core_service.badges.service import Badges
from core_service.badges.servicer import BadgeServicer
from core_service.channels.audience import Audience
from core_service.channels.details import ChannelLookups
from core_service.channels.service import Channels
from core_service.channels.servicer import ChannelServicer
from core_service.common.clock import Clock
from core_service.delivery_log.service import DeliveryLog
from core_service.delivery_log.servicer import DeliveryLogServicer
from core_service.devices.service import Devices
from core_service.devices.servicer import DeviceServicer
from core_service.events.service import EventBus
from core_service.events.servicer import EventServicer
from core_service.idempotency.service import IdempotentRequests
from core_service.invites.acceptance import Acceptance
from core_service.invites.outbox import InviteArea
from core_service.invites.service import Invites
from core_service.invites.servicer import InviteServicer
from core_service.live_activities.history.service import ActivityHistory
from core_service.live_activities.servicer import LiveActivityServicer
from core_service.live_activities.wiring import LiveActivityArea
from core_service.mail.service import TestMails
from core_service.mail.servicer import MailServicer
from core_service.members.leaving import forget_person
from core_service.members.membership import Members
from core_service.members.servicer import AccountServicer
from core_service.passkeys.relying_party import RelyingParty
from core_service.password_resets.outbox import PasswordResetArea
from core_service.password_resets.password_change import PasswordChanges
from core_service.password_resets.service import PasswordResets
from core_service.password_resets.servicer import PasswordResetServicer
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
from core_service.request_log.intake import Intake
from core_service.request_log.service import RequestLog
from core_service.request_log.servicer import RequestIntakeServicer, RequestLogServicer
from core_service.saved_messages.service import SavedMessages
from core_service.saved_messages.servicer import SavedMessageServicer
from core_service.second_factor.own import OwnFactors
from core_service.second_factor.own_passkeys import OwnPasskeys
from core_service.second_factor.resets import FactorResets
from core_service.second_factor.servicer import PasskeyServicer, SecondFactorServicer
from core_service.second_factor.sign_in import SignIns
from core_service.sending.dispatcher import Dispatcher
from core_service.settings import CoreSettings
from core_service.single_sign_on.servicer import SingleSignOnServicer
from core_service.statistics.service import Statistics
from core_service.statistics.servicer import InsightServicer
from core_service.status.account_alarms import AccountAlarms
from core_service.status.destinations import KnownDestinations
from core_service.status.facts import KnownFacts
from core_service.status.service import ServerStatus
from core_service.status.servicer import StatusServicer
from core_service.status.wiring import recipients_of, thresholds_of
from core_service.webhooks.calls import WebhookCallLog
from core_service.webhooks.models import Run
from core_service.webhooks.service import ActionRuns
from core_service.webhooks.servicer import WebhookServicer
from core_service.webhooks.signing_keys import SigningKeys
from core_service.widget_metrics.service import Metrics
from core_service.widget_metrics.servicer import MetricServicer
from core_service.work_queue.group import Crowd
from core_service.work_queue.keyed import KeyedLimiter
from core_service.work_queue.outbox import Outbox
from service_kit import metrics
from service_kit.database import DATABASE_AWAY, Pool
from service_kit.in_process import InProcessChannel
from service_kit.interceptors import CallObserver, ErrorInterceptor
from service_kit.peers import Peers
from service_kit.server import GrpcServer
from service_kit.web_push import PushServices, parse_allowed

if TYPE_CHECKING:
    from core_service.single_sign_on.wiring import SingleSignOnArea

MAX_REQUEST_BYTES = 1024 * 1024
"""Four times what the gateway lets through. Answers may be larger."""


def build_server(
    settings: CoreSettings,
    *,
    registry: CollectorRegistry,
    rate_limiter: RateLimiter,
    single_sign_on: "SingleSignOnArea | None",
    pool: Pool,
    intake: Intake,
    account_limit: KeyedLimiter[uuid.UUID],
    crowd: Crowd,
    engine: AsyncEngine,
    dispatch: Dispatcher,
    badges: BadgeDispatcher,
    area: LiveActivityArea,
    events: EventBus,
    keys: SigningKeys,
    webhooks: Outbox[Run],
    invites: InviteArea,
    resets: PasswordResetArea,
    last_used: LastUsed,
    failures: FailedSignIns,
    idempotent: IdempotentRequests,
    status: ServerStatus,
    apns: ApnsChecker,
    destinations: KnownDestinations,
    export: AccountExport,
    eraser: Eraser,
    facts: KnownFacts,
    clock: Clock,
    hasher: PasswordHasher | None,
    caller: InProcessChannel | None,
) -> GrpcServer:
    """Builds the gRPC server with every service, which `caller` calls without a network. It is not started."""
    credentials = Credentials(
        pool, last_used, settings.rate_limit_per_minute, ceiling=settings.max_rate_limit_per_minute, crowd=crowd
    )
    party = RelyingParty.of(settings.admin_url)
    passwords = Passwords(hasher, own_words(party.id))
    sessions = Sessions(
        engine,
        passwords,
        rate_limiter,
        failures,
        local_sign_in=single_sign_on.local if single_sign_on else None,
    )
    own_password = OwnPassword(engine, passwords, rate_limiter)
    password_changes = PasswordChanges(engine, passwords, own_password)
    sign_ins = SignIns(engine, sessions, rate_limiter, party, clock)
    limits = Defaults(
        settings.rate_limit_per_minute,
        settings.max_live_activities,
        settings.max_rate_limit_per_minute,
        settings.max_live_activities_per_device,
    )
    accounts = Accounts(engine, passwords, limits)
    api_keys, membership = ApiKeys(engine), Members(engine, events)
    owners_invites = Invites(engine, rate_limiter, invites.links, invites.mailer, events)
    password_resets = PasswordResets(
        engine,
        sessions=sessions,
        passwords=passwords,
        rate_limiter=rate_limiter,
        links=resets.links,
        mailer=resets.mailer,
    )
    acceptance = Acceptance(engine, sessions, passwords, rate_limiter, events, forget_person=forget_person)
    code = settings.setup_code.get_secret_value() if settings.setup_code else None
    setup = Setup(accounts, sessions, rate_limiter, code)
    phones = PhoneActivities(pool, area.reconciler, events, clock)
    devices = Devices(engine, rate_limiter, phones, badges, events)
    browsers = Browsers(devices, PushServices(parse_allowed(settings.webpush_allow)), destinations)
    push_notifications = PushNotifications(
        pool,
        Audience(pool),
        dispatch,
        events,
        account_limit,
        crowd=crowd,
        delivery_wait=settings.delivery_wait,
        time_to_live=dt.timedelta(hours=settings.notification_ttl_hours),
    )
    replacements = Replacements(
        pool,
        dispatch,
        events,
        account_limit,
        delivery_wait=settings.delivery_wait,
        time_to_live=dt.timedelta(hours=settings.notification_ttl_hours),
        history=dt.timedelta(days=settings.history_days),
    )
    trials = DeviceTest(devices, push_notifications, rate_limiter)
    kept = dt.timedelta(days=settings.history_days)
    inbox, screens = (
        PhoneNotifications(pool, clock, kept=kept),
        Screens(pool, phones, devices, events, clock, kept=kept),
    )
    act.install()
    runs = ActionRuns(pool, webhooks, rate_limiter)
    server = GrpcServer(
        interceptors=[
            CallObserver(metrics.CallMetrics(registry, "core"), serves_clients=True),
            ErrorInterceptor(error_counter(registry), database_away=DATABASE_AWAY),
            CallInterceptor(
                SERVICES,
                credentials,
                rate_limiter,
                idempotent,
                Peers.of(settings),
                administration_per_minute=settings.administration_per_minute,
            ),
        ],
        max_concurrent_rpcs=settings.max_concurrent_requests,
        max_request_bytes=MAX_REQUEST_BYTES,
    )
    servicers = (
        AccountServicer(
            accounts=accounts,
            membership=membership,
            sessions=sessions,
            password_changes=password_changes,
            api_keys=api_keys,
            setup=setup,
        ),
        AccountDataServicer(export, Deletion(engine, own_password, events, on_closed=eraser.wake)),
        ApiKeyServicer(api_keys),
        ApnsServicer(ApnsChecks(pool, apns, rate_limiter)),
        AuditServicer(AuditLog(engine)),
        BadgeServicer(
            Badges(pool, Audience(pool), badges, events, account_limit, delivery_wait=settings.delivery_wait)
        ),
        ChannelServicer(Channels(engine), ChannelLookups(pool)),
        DeliveryLogServicer(DeliveryLog(pool, clock)),
        DeviceServicer(devices),
        EventServicer(events),
        InviteServicer(owners_invites, acceptance, accounts),
        InsightServicer(Statistics(pool, rate_limiter, clock, default_live_activities=settings.max_live_activities)),
        LiveActivityServicer(area.activities, area.puts, area.control, ActivityHistory(pool, clock)),
        MailServicer(TestMails(engine, invites.sender, rate_limiter)),
        MetricServicer(Metrics(engine, clock)),
        PasskeyServicer(sign_ins, OwnPasskeys(engine, own_password, party)),
        PasswordResetServicer(password_resets),
        PhoneServicer(
            devices=devices,
            browsers=browsers,
            activities=phones,
            screens=screens,
            notifications=inbox,
            trials=trials,
            runs=runs,
        ),
        PushNotificationServicer(
            push_notifications, replacements, NotificationHistory(pool, push_notifications), trials
        ),
        SavedMessageServicer(SavedMessages(engine)),
        SingleSignOnServicer(single_sign_on, accounts),
        SecondFactorServicer(
            sign_ins,
            OwnFactors(engine, own_password, rate_limiter, party, clock),
            FactorResets(engine, resets.mailer),
            accounts,
        ),
        RequestLogServicer(RequestLog(pool)),
        StatusServicer(
            status,
            AccountAlarms(pool),
            destinations,
            facts,
            thresholds_of(settings),
            recipients=recipients_of(settings),
        ),
        WebhookServicer(runs, WebhookCallLog(pool), keys),
        # No service of the API: its methods have no policies, because it refuses all but our own processes.
        RequestIntakeServicer(intake, Peers.of(settings)),
    )
    for servicer in servicers:
        server.add(servicer)
    if caller is not None:
        server.connect(caller)
    return server
