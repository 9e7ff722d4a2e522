"""Every hot query uses an index, so that a request costs the same among a thousand devices and among a million."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy.dialects import postgresql

from core_service.account_data import erase_queries, export_queries
from core_service.apns_check import service as apns_check
from core_service.app.queues import MEASURED, QUEUES
from core_service.auth import credentials
from core_service.badges import queries as badges
from core_service.channels import audience
from core_service.delivery_log import queries as delivery_log
from core_service.devices.tokens import TokenReport, select_holders
from core_service.idempotency import queries as idempotency
from core_service.invites import queries as invites
from core_service.live_activities.broadcasts import queries as broadcasts
from core_service.live_activities.history import queries as history
from core_service.live_activities.reconcile import reconciler_queries, withdrawal_queries
from core_service.live_activities.state import broadcast_queries, queries, update_queries, vacancy_queries
from core_service.live_activities.streams import expiry_queries
from core_service.phones import live_activity_queries as phone_queries
from core_service.phones import notification_queries
from core_service.push import history_queries as push_history
from core_service.push import queries as push
from core_service.push import replacement_queries as replacements
from core_service.request_log import queries as request_log
from core_service.retention import queries as retention
from core_service.sending import queries as dispatch
from core_service.sending import revival_queries
from core_service.single_sign_on.recheck import select_due
from core_service.status import alert_queries as alerts
from core_service.status import queries as status
from core_service.webhooks import queries as webhooks
from core_service.work_queue import backlog
from core_service.work_queue.fair_claim import Round
from core_service.work_queue.janitor import free_stranded
from tests.core.conftest import NewDatabase

pytestmark = [pytest.mark.slow, pytest.mark.thorough]

FILL = """
INSERT INTO accounts (id, name, created_at)
SELECT md5('account' || i)::uuid, 'a', now() FROM generate_series(1, 500) i;
INSERT INTO users (id, email, name, password_hash, created_at)
SELECT md5('user' || i)::uuid, i::text, 'u', '', now() FROM generate_series(1, 2000) i;
INSERT INTO members (account_id, user_id, role, created_at)
SELECT md5('account' || (1 + i % 500))::uuid, md5('user' || i)::uuid, 'owner', now() FROM generate_series(1, 2000) i;
INSERT INTO sessions (id, account_id, user_id, secret_hash, created_at, expires_at)
SELECT gen_random_uuid(), md5('account' || (1 + i % 500))::uuid, md5('user' || i)::uuid, sha256(('s' || i)::bytea),
       now(), now() + interval '1 day' FROM generate_series(1, 2000) i;
INSERT INTO api_keys (id, account_id, name, scope, secret_hash, hint, created_at)
SELECT md5('key' || i)::uuid, md5('account' || (1 + i % 500))::uuid, 'k', 'channels', sha256(('k' || i)::bytea), '',
       now() FROM generate_series(1, 2000) i;
INSERT INTO channels (id, account_id, slug, name, created_at)
SELECT md5('channel' || i)::uuid, md5('account' || (1 + i % 500))::uuid, 'c-' || i, '', now()
FROM generate_series(1, 2000) i;
INSERT INTO api_key_channels (api_key_id, channel_id)
SELECT md5('key' || i)::uuid, md5('channel' || i)::uuid FROM generate_series(1, 2000) i;
INSERT INTO devices (id, account_id, user_id, name, secret_hash, environment, bundle_id, push_token,
                     push_token_registered_at, created_at)
SELECT md5('device' || i)::uuid, md5('account' || (1 + i % 500))::uuid, md5('user' || (1 + i % 2000))::uuid, 'd',
       sha256(('d' || i)::bytea), 'sandbox', 'b', md5(i::text), now(), now() FROM generate_series(1, 20000) i;
UPDATE devices SET push_to_start_token = md5('s' || id::text), push_to_start_token_registered_at = now();
INSERT INTO channel_users (channel_id, user_id)
SELECT md5('channel' || i)::uuid, md5('user' || i)::uuid FROM generate_series(1, 2000) i;
INSERT INTO channel_devices (channel_id, device_id)
SELECT md5('channel' || (1 + i % 2000))::uuid, md5('device' || i)::uuid FROM generate_series(1, 20000) i;
INSERT INTO notifications (id, account_id, title, payload, created_at, expires_at)
SELECT md5('notification' || i)::uuid, md5('account' || (1 + i % 500))::uuid, 't', '{}', now(), now()
FROM generate_series(1, 5000) i;
INSERT INTO deliveries (notification_id, device_id, account_id, user_id, apns_id, state, due_at, attempts)
SELECT md5('notification' || (1 + i % 5000))::uuid, md5('device' || i)::uuid, md5('account' || (1 + i % 500))::uuid,
       gen_random_uuid(), gen_random_uuid(),
       CASE WHEN i % 100 = 0 THEN 'due' ELSE 'accepted' END, now() + interval '1 day', 0
FROM generate_series(1, 20000) i;
INSERT INTO external_identities (id, issuer, subject, user_id, email, created_at, signed_in_at, grants, confirmed_at,
                                 due_at)
SELECT gen_random_uuid(), 'i', i::text, md5('user' || i)::uuid, '', now(), now(), 1, now(),
       CASE WHEN i % 10 = 0 THEN now() + interval '1 day' END FROM generate_series(1, 2000) i;
INSERT INTO live_activities (id, account_id, version, content_state, alert_version, urgent_version, updates,
    quiet_start, created_at, updated_at, heard_at, expires_at, ended_at, dismiss_at, due_at)
SELECT 'activity-' || i, md5('account' || (1 + i % 500))::uuid, 3, '{}', 0, 1, 2, false, now(), now(), now(),
       now() + interval '1 hour', CASE WHEN i % 10 > 0 THEN now() END, CASE WHEN i % 10 > 0 THEN now() END,
       CASE WHEN i % 10 = 0 THEN now() + interval '1 hour' END
FROM generate_series(1, 20000) i;
INSERT INTO live_activity_devices (activity_id, device_id, account_id, user_id, phase, maybe_shown, accepted_version,
    sent_version, timestamp, apns_id, attempt, failures, leased, next_at)
SELECT 'activity-' || i, md5('device' || d)::uuid, md5('account' || (1 + i % 500))::uuid, gen_random_uuid(),
       CASE WHEN i % 10 = 0 THEN 'live' ELSE 'ended' END,
       true, 3, 3, 1, gen_random_uuid(), 3, 0, false, CASE WHEN i % 100 = 0 THEN now() + interval '1 hour' END
FROM generate_series(1, 20000) i, LATERAL (SELECT 1 + (i * 7 + n) % 20000 AS d FROM generate_series(0, 1) n) t;
INSERT INTO live_activity_versions (activity_id, slot, id, version, event, content_state, recorded_at)
SELECT 'activity-' || i, 1, gen_random_uuid(), 1, 'start', '{}', now() FROM generate_series(1, 20000) i;
INSERT INTO live_activity_streams (id, account_id, stream_key, activity_id, created_at)
SELECT md5('stream' || i)::uuid, md5('account' || (1 + i % 500))::uuid, 'k-' || i, 'activity-' || i, now()
FROM generate_series(1, 10000) i;
INSERT INTO live_activity_actions (id, activity_id, title, type, url)
SELECT gen_random_uuid(), 'activity-' || i, 't', 'open_url', 'u' FROM generate_series(1, 10000) i;
INSERT INTO notification_actions (id, notification_id, position, title, type, url)
SELECT md5('action' || i)::uuid, md5('notification' || (1 + i % 5000))::uuid, i, 't', 'open_url', 'u'
FROM generate_series(1, 10000) i;
INSERT INTO action_runs (id, account_id, action_id, device_id, repeatable, url, method, state, due_at, attempts,
                         response_body, reason, message, created_at)
SELECT md5('run' || i)::uuid, md5('account' || (1 + i % 500))::uuid, md5('action' || i)::uuid,
       md5('device' || i)::uuid,
       false, 'u', 'GET', CASE WHEN i % 100 = 0 THEN 'running' ELSE 'failed' END, now() + interval '1 day', 1, '', '',
       '', now()
FROM generate_series(1, 10000) i;
INSERT INTO delivery_attempts (id, account_id, occurred_at, device_id, subject, event, priority, apns_id, outcome,
                               latency_ms)
SELECT gen_random_uuid(), md5('account' || (1 + i % 500))::uuid, now(), md5('device' || i)::uuid,
       md5('notification' || (1 + i % 5000))::uuid::text, 'alert', 10, gen_random_uuid(), 'accepted', 5
FROM generate_series(1, 20000) i;
INSERT INTO idempotent_requests (principal_id, key_hash, fingerprint, resource_id, locked_until, created_at)
SELECT md5('key' || i)::uuid, sha256(i::text::bytea), 'x', gen_random_uuid(), now(), now()
FROM generate_series(1, 10000) i;
INSERT INTO webhook_secrets (id, account_id, secret, created_at)
SELECT md5('secret' || i)::uuid, md5('account' || i)::uuid, 'x', now() FROM generate_series(1, 500) i;
INSERT INTO invites (id, account_id, email, role, request_id, invited_at, expires_at, mail_id, mail_state,
                     mail_queued_at, mail_due_at, mail_attempts, mail_reason, mail_message)
SELECT md5('invite' || i)::uuid, md5('account' || (1 + i % 500))::uuid, i || '@b.test', 'member', gen_random_uuid(),
       now(), now(), gen_random_uuid(), CASE WHEN i % 100 = 0 THEN 'queued' ELSE 'sent' END, now(), now(), 1, '', ''
FROM generate_series(1, 10000) i;
INSERT INTO invite_tokens (token_hash, invite_id, created_at, expires_at)
SELECT sha256(i::text::bytea), md5('invite' || (1 + i % 10000))::uuid, now(), now() FROM generate_series(1, 20000) i;
INSERT INTO mails (id, kind, email, queued_at, due_at, expires_at, state, attempts, reason, message)
SELECT md5('mail' || i)::uuid, 'password_reset', i::text, now(), now(), now(),
       CASE WHEN i % 100 = 0 THEN 'queued' ELSE 'sent' END, 1, '', '' FROM generate_series(1, 10000) i;
INSERT INTO alert_messages (id, recipient, kind, explanation, is_end, queued_at, due_at, state, attempts, reason,
    message)
SELECT md5('alert' || i)::uuid, i::text, 'disk', '', false, now(), now(),
       CASE WHEN i % 100 = 0 THEN 'queued' ELSE 'sent' END, 1, '', '' FROM generate_series(1, 10000) i;
INSERT INTO live_activity_withdrawals (update_token, account_id, activity_id, device_id, user_id, environment,
    timestamp, apns_id, attempts, next_at, gone_at)
SELECT md5('w' || i), md5('account' || (1 + i % 500))::uuid, 'activity-' || i, md5('device' || i)::uuid,
       gen_random_uuid(), 'sandbox', 1, gen_random_uuid(), 0, now() + interval '1 hour', now()
FROM generate_series(1, 5000) i;
INSERT INTO live_activity_broadcasts (id, account_id, activity_id, environment, channel_id, state, accepted_version,
    sent_version, timestamp, request_id, attempt, failures, leased, next_at, urgent_sent_at, repeats, gone_at)
SELECT md5('broadcast' || i)::uuid, md5('account' || (1 + i % 500))::uuid, 'activity-' || i, 'sandbox', i::text, 'open',
       1, 1, 1, gen_random_uuid(), 1, 0, false, CASE WHEN i % 100 = 0 THEN now() + interval '1 hour' END, '{}', false,
       now()
FROM generate_series(1, 5000) i;
INSERT INTO badge_updates (id, account_id, number, created_at)
SELECT md5('number' || i)::uuid, md5('account' || (1 + i % 500))::uuid, i, now() FROM generate_series(1, 20000) i;
INSERT INTO badges (device_id, account_id, user_id, update_id, number, apns_id, state, due_at, attempts)
SELECT md5('device' || i)::uuid, md5('account' || (1 + i % 500))::uuid, gen_random_uuid(), md5('number' || i)::uuid, i,
       gen_random_uuid(), CASE WHEN i % 100 = 0 THEN 'due' ELSE 'accepted' END, now(), 0
FROM generate_series(1, 20000) i;
INSERT INTO live_activity_push_budgets (device_id, sent_at)
SELECT md5('device' || i)::uuid, ARRAY[1, 2] FROM generate_series(1, 20000) i;
INSERT INTO requests (account_id, id, request_id, route, status, latency_ms, caller, caller_id, subject)
SELECT md5('account' || (1 + i % 500))::uuid, md5('request' || i)::uuid, CASE WHEN i % 10 = 0 THEN 'chosen-' || i END,
       'POST /api/push-notification', 200, 5, 'api_key', md5('key' || i)::uuid,
       md5('notification' || (1 + i % 5000))::uuid::text
FROM generate_series(1, 20000) i;
INSERT INTO request_days (account_id, day, requests)
SELECT md5('account' || i)::uuid, current_date, 40 FROM generate_series(1, 500) i;
INSERT INTO request_gaps (account_id, minute, requests)
SELECT md5('account' || (1 + i % 500))::uuid, date_trunc('minute', now()) - i * interval '1 minute', 1
FROM generate_series(1, 5000) i;
INSERT INTO refused_strangers (minute, address, status, requests)
SELECT date_trunc('minute', now()) - i * interval '1 minute', '192.0.2.1', 401, 1 FROM generate_series(1, 5000) i;
ANALYZE
"""

ID = uuid.uuid4()
RECORD: dict[str, Any] = {
    "notification_id": ID,
    "account_id": ID,
    "api_key_id": ID,
    "user_id": None,
    "device_id": ID,
    "person_id": ID,
    "replay_of": None,
    "title": "t",
    "message": None,
    "payload": b"{}",
    "tags": None,
    "metadata": None,
    "channel_slugs": None,
    "channel_ids": [ID],
    "created_at": "2026-01-01",
    "expires_at": "2026-01-02",
    "action_ids": [ID],
    "action_titles": ["t"],
    "action_types": ["webhook"],
    "action_urls": ["u"],
    "action_methods": ["GET"],
    "action_bodies": [None],
    "leased": 200,
    "lease": 20,
}
RECORD_TOGETHER: dict[str, Any] = {
    **{name: RECORD[name] for name in RECORD if name.startswith("action_")},
    "action_places": [1],
    "action_positions": [1],
    "ids": [ID, uuid.uuid4()],
    "account_ids": [ID, ID],
    "api_key_ids": [ID, ID],
    "titles": ["t", "u"],
    "messages": [None, "m"],
    "payloads": [b"{}", b"{}"],
    "channel_slugs": [None, '{"ops"}'],
    "channel_ids": [None, f"{{{ID}}}"],
    "tags": [None, None],
    "metadata": [None, None],
    "created_at": ["2026-01-01", "2026-01-01"],
    "expires_at": ["2026-01-02", "2026-01-02"],
    "leases": [20.0, 0.0],
    "most": 16,
}
SETTLEMENT: dict[str, Any] = {
    "notification_ids": [ID],
    "device_ids": [ID],
    "states": ["accepted"],
    "reasons": [None],
    "delays": [0.0],
    "tokens": ["ab"],
    "dead_since": [None],
    "counts": [True],
    "configurations": [None],
    "versions": [1],
    "stacks": [False],
    "leases": [None],
}
NUMBER: dict[str, Any] = {
    "update_id": ID,
    "account_id": ID,
    "api_key_id": ID,
    "user_id": None,
    "number": 3,
    "channel_slugs": None,
    "channel_ids": [ID],
    "created_at": "2026-01-01",
}
SETTLED_NUMBER: dict[str, Any] = {
    name: SETTLEMENT[name] for name in SETTLEMENT if name not in ("notification_ids", "versions", "stacks", "leases")
} | {
    "lease_ids": [ID],
    "update_ids": [ID],
}
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LIVE: dict[str, Any] = {
    "id": "activity-5",
    "ids": ["activity-5"],
    "account_id": ID,
    "device_id": ID,
    "stream_id": ID,
    "stream_key": "k",
    "activity_id": "activity-5",
    "started_by": ID,
    "version_id": ID,
    "replaces": None,
    "successor": "activity-6",
    "channel_ids": [ID],
    "channel_slugs": ["a"],
    "content_state": "{}",
    "action": None,
    "secondary_action": None,
    "buttons": "[]",
    "tags": None,
    "tag_mode": "all",
    "metadata": None,
    "newest": 2,
    "is_simpler": True,
    "full": [ID],
    "without": [ID],
    "later": NOW,
    "scope": [ID],
    "alert": None,
    "urgent": True,
    "quiet_start": False,
    "dismiss_after_seconds": None,
    "dismiss_at": NOW,
    "hold_until": NOW,
    "look_again": NOW,
    "expires_at": NOW,
    "due_at": NOW,
    "now": NOW,
    "versions": 1,
    "version": 1,
    "read_version": 1,
    "read_tags": None,
    "read_metadata": None,
    "token": "ab",
    "paused_at": None,
    "held": None,
    "broadcast_above": 100,
    "hold_start_until": NOW,
    **Round().parameters(250),
}
"""Parameters of everything that concerns one activity, stream or phone."""

BATCH: dict[str, Any] = {
    "lease_until": NOW,
    "activity_ids": ["activity-5"],
    "device_ids": [ID],
    "versions": [1],
    "channel_ids": ["5"],
    "now": NOW,
    "events": ["update"],
    "timestamps": [1],
    "apns_ids": [ID],
    "next_at": [NOW],
    "account_ids": [ID],
    "stream_keys": ["k"],
    "read_versions": [1],
    "read_tags": [None],
    "read_metadata": [None],
    "version_ids": [ID],
    "content_states": ["{}"],
    "actions": [None],
    "secondary_actions": [None],
    "buttons": ["[]"],
    "tags": [None],
    "metadata": [None],
    "urgent": [True],
    "alerts": [None],
    "dismiss_after_seconds": [None],
    "is_simpler": [True],
    "nows": [NOW],
    "most_leased": [200],
    "planned_at": NOW,
    "newest": 2,
    "sent_at": ["{1,2}"],
    "ids": ["ab"],
    "states": ["done"],
    "waits": [0.0],
    "tokens": ["ab"],
    "reasons": ["r"],
    "dead_since": [None],
    "configurations": [None],
    "phases": ["live"],
    "update_tokens": ["ab"],
    "maybe_shown": [True],
    "accepted_versions": [1],
    "failures": [0],
    "leased": [False],
    "later": NOW,
    "limit": 500,
    "share": 500,
    "busy": [],
    "lease": 20,
    "delays": [1.0],
    "paced_until": [None],
    "attempts": [1],
    "started_at": [None],
}
"""Parameters of what is done for many devices at once."""

OF_ACTIVITIES = """
    READ_ACTIVITY READ_ACTIVITIES LOCK_ACCOUNT COUNT_ACTIVE START_FOR_ALL START_FOR_CHANNELS HEAR
    START_FOR_ALL_BY_BROADCAST START_FOR_CHANNELS_BY_BROADCAST END_BROADCASTS
    END_ACTIVITY END_DEVICES CLAIM COUNT LOCK_STREAM LOCK_ACTIVITY IS_WATCHED PUT_TOKEN DISMISS
    ANNOTATE COUNT_ON_ALL COUNT_ON_CHANNELS FIND_OLDEST OWE_STARTS RENEW READ_STATE CLOSE FIND_DUE CLOSE_DEVICES
"""
OF_STREAMS = "WRITE_STREAM DELETE_STREAM"
OF_MANY = """
    CLAIM_WITHDRAWALS SETTLE_WITHDRAWALS LOCK_SHOWN WITHDRAW
    LEASE REST LOCK_START_TOKENS READ_BUDGETS WRITE_BUDGETS LOCK_ACTIVITIES LOCK_DEVICES MARK_START_TOKENS_DEAD
    WRITE_DEVICES RELEASE_ENDS READ_STREAMS UPDATE_ACTIVITIES SETTLE_UPDATES
    UPDATE_WITH_BROADCASTS CLOSE_BROADCASTS REPEAT_BROADCASTS
"""
OF_BROADCASTS = """
    LOCK_ACTIVITY LOCK WRITE RETRY BEGIN_DELETION FORGET OPEN_CHANNEL MARK_BROADCAST NAME_CHANNEL RELEASE_STARTS
    END_LISTENERS LOSE_CHANNEL START_AGAIN QUIETEN UNMARK_BROADCAST
"""
BROADCAST: dict[str, Any] = {
    "id": str(ID),
    "activity_id": "activity-5",
    "channel_id": "5",
    "next_at": NOW,
    "version": 1,
    "now": NOW,
    "accepted_version": 1,
    "failures": 0,
    "leased": False,
    "paced_until": NOW,
    "reason": None,
    "environment": "sandbox",
    "bundle_id": None,
    "newest": 2,
    "held_until": NOW,
    "start_at": NOW,
    "alerts_since": NOW,
}
"""Parameters of what concerns one broadcast."""
CLAIMED_BROADCASTS = {"now": NOW, "lease_until": NOW, "limit": 50, "share": 25, "busy": []}
LEASED_BROADCAST = {
    "id": ID,
    "event": "update",
    "timestamp": 1,
    "request_id": ID,
    "urgent_sent_at": [1],
    "version": 1,
}
LIVE_QUERIES = {
    name: value
    for module in (
        queries,
        broadcast_queries,
        update_queries,
        vacancy_queries,
        expiry_queries,
        phone_queries,
        reconciler_queries,
        withdrawal_queries,
    )
    for name, value in vars(module).items()
}
LIVE_ACTIVITIES: dict[str, dict[str, Any]] = {
    **dict.fromkeys(OF_ACTIVITIES.split(), LIVE),
    **dict.fromkeys(OF_STREAMS.split(), LIVE | {"id": ID}),
    **dict.fromkeys(OF_MANY.split(), BATCH),
}
NOT_HOT = {
    "ACTIVITY_COLUMNS", "OPEN", "PACED", "STARTABLE", "IN_CHANNELS", "CREATE_STREAM", "OWE_WITHDRAWAL",
    "BROADCAST_DUE", "BROADCAST_START", "LISTENS", "FIRST_OS_VERSION", "EXPIRE_BROADCASTS",
    "QUEUE", "LONGEST_PUSH_WAIT_SECONDS", "NEWEST", "IS_BROWSER", "STACKS", "IS_SPARED", "RESTS_UNTIL", "NEW_BUTTONS",
}  # fmt: skip

LISTED = {
    "account_id": ID,
    "subjects": ["s"],
    "device_id": ID,
    "channel": "ops",
    "outcomes": ["accepted"],
    "events": ["alert"],
    "search": "%gone%",
    "tags": None,
    "tag_mode": "all",
    "whole": "gone",
    "before": ID,
    "since": uuid.UUID(int=0),
    "examined": 5000,
    "limit": 101,
    "notification_id": ID,
    "activity_id": "a",
}
LOOKED_AT: dict[str, Any] = {
    "id": "activity-5",
    "account_id": ID,
    "now": NOW,
    "stream_key": None,
    "search": None,
    "exactly": None,
    "tags": None,
    "tag_mode": "all",
    "before_id": "",
    "started_by": None,
    "channel": None,
    "device_id": None,
    "phase": None,
    "since": None,
    "counted": 1000,
    "examined": 101,
    "limit": 101,
}
"""What the lists of Live Activities that people look at take."""
SEARCHED: dict[str, Any] = {
    "account_id": ID,
    "id": ID,
    "subject": str(ID),
    "before": ID,
    "after": uuid.UUID(int=0),
    "since": uuid.UUID(int=0),
    "search": None,
    "whole": None,
    "api_key_id": None,
    "channel": None,
    "device_id": None,
    "state": None,
    "states": None,
    "outcome": None,
    "tags": None,
    "tag_mode": "all",
    "examined": 101,
    "most": 50_000,
    "counted": 1000,
    "limit": 101,
}
"""What the lists of the delivery log that people look at take."""
LOOKED_FOR = {
    "all": {},
    "a text": {"search": "%build%", "whole": "build", "examined": 5000},
    "a channel and a key": {"channel": "ops", "api_key_id": ID, "examined": 5000},
    "a device": {"device_id": ID, "examined": 5000},
    "what failed on a device": {"device_id": ID, "outcome": "failed", "states": ["rejected"], "examined": 5000},
    **{f"what is {outcome}": {"outcome": outcome, "examined": 5000} for outcome in ("accepted", "owed", "failed")},
}
"""Filters of the delivery log, alone and together."""
KEYED = {
    "principal_id": ID,
    "key_hash": b"x",
    "fingerprint": b"x",
    "resource_id": ID,
    "lease": 30,
    "answer": b"x",
}
TAP = {"id": ID, "action_id": ID, "device_id": ID, "account_id": ID, "double_tap": 10, "lease": 30}
SETTLED_RUN = {
    "ids": [ID],
    "states": ["succeeded"],
    "attempts": [1],
    "waits": [0.0],
    "status_codes": [200],
    "response_bodies": [""],
    "reasons": [""],
    "messages": [""],
}

SETTLED_MAIL = {
    "ids": [ID],
    "mail_ids": [ID],
    "states": ["sent"],
    "attempts": [1],
    "waits": [0.0],
    "reasons": [""],
    "messages": [""],
}

REPLACEMENT: dict[str, Any] = RECORD | {
    "keeps_tags": True,
    "keeps_metadata": True,
    "replaced_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "replacement_id": ID,
}

REVIVE = {
    "configuration": "a",
    "environment": None,
    "account_id": None,
    "bundle_id": None,
    "limit": 500,
    "oldest": ID,
    "now": NOW,
}

LOGGED: dict[str, Any] = {
    "account_id": ID,
    "subject": "s",
    "request_id": "chosen-10",
    "own_id": ID,
    "status_class": 4,
    "status": None,
    "api_key_id": ID,
    "path": "push",
    "before": uuid.UUID(int=2**128 - 1),
    "since": uuid.UUID(int=0),
    "examined": 5000,
    "limit": 101,
}
BATCH: dict[str, Any] = {
    "batch_id": ID,
    "per_day": 100_000,
    "most_strangers": 100,
    "callers": [b"x"],
    "routes": ["GET /api/channels"],
    "addresses": ["192.0.2.1"],
    "ids": [ID],
    **{name: [0] for name in ("caller", "route", "address", "rows", "missing_callers")},
    "status": [401],
    "latency": [1],
    "subject": [""],
    **{
        name: [None]
        for name in ("request_ids", "paths", "reasons", "errors", "messages", "fields", "ignored", "bodies")
    },
    "stranger_minutes": [NOW],
    "stranger_addresses": ["192.0.2.1"],
    "stranger_statuses": [401],
    "stranger_counts": [1],
    "missing_minutes": [NOW],
    "missing_counts": [1],
}

HOT: dict[str, tuple[str, Any]] = {
    "find the API key": (credentials.SELECT_API_KEY, (b"x",)),
    "find API keys": (credentials.SELECT_API_KEYS, ([b"x", b"y"],)),
    "find the session": (credentials.SELECT_SESSION, (b"x",)),
    "find sessions": (credentials.SELECT_SESSIONS, ([b"x", b"y"],)),
    "find the device": (credentials.SELECT_DEVICE, (b"x",)),
    "note last use": (credentials.UPDATE_API_KEYS, ([ID], ["2026-01-01"])),
    "note last call": (credentials.UPDATE_DEVICES, ([ID], ["2026-01-01"])),
    "find environments and apps": (apns_check.FIND_LINES, {"account_id": ID, "most": 8}),
    "find channels": (audience.FIND_CHANNELS, (ID, ["a"])),
    "record for all": (push.RECORD_FOR_ALL, RECORD),
    "record for channels": (push.RECORD_FOR_CHANNELS, RECORD),
    "record for one device": (push.RECORD_FOR_DEVICE, RECORD),
    "record for one person": (push.RECORD_FOR_PERSON, RECORD),
    "record together": (push.RECORD_TOGETHER, RECORD_TOGETHER),
    "revive tokens": (revival_queries.REVIVE, REVIVE),
    "claim": (dispatch.CLAIM, {**Round().parameters(250), "lease": 20}),
    "read notifications": (dispatch.READ_NOTIFICATIONS, ([ID],)),
    "settle accepted": (dispatch.SETTLE_ACCEPTED, ([ID], [ID])),
    "settle": (dispatch.SETTLE, SETTLEMENT),
    "count": (dispatch.COUNT, (ID, 2)),
    "find a notification": (push.FIND, (ID, ID)),
    "list a device's notifications": (notification_queries.LIST, LISTED),
    "newest of a device's notifications": (notification_queries.NEWEST, LISTED),
    "read a notification to replace": (replacements.READ, REPLACEMENT),
    "lock its deliveries": (replacements.LOCK, REPLACEMENT),
    "replace its content": (replacements.REPLACE, REPLACEMENT),
    "record a number for all": (badges.RECORD_FOR_ALL, NUMBER),
    "record a number for channels": (badges.RECORD_FOR_CHANNELS, NUMBER),
    "find a number": (badges.FIND, (ID, ID)),
    "count a number": (badges.COUNT, (ID,)),
    "claim numbers": (badges.CLAIM, {**Round().parameters(250), "lease": 20}),
    "lock numbers": (badges.LOCK, ([ID],)),
    "settle numbers": (badges.SETTLE, SETTLED_NUMBER),
    "owe the newest number": (badges.OWE_NEWEST, {"device_id": ID}),
    "claim an idempotency key": (idempotency.CLAIM, KEYED),
    "read an idempotency key": (idempotency.READ, (ID, b"x")),
    "complete an idempotent request": (idempotency.COMPLETE, KEYED),
    **{f"list attempts by {by}": (delivery_log.list_attempts(by), LISTED) for by in ("account", "subject", "device")},
    "take a batch of requests": (request_log.TAKE, BATCH),
    **{f"list requests by {by}": (request_log.list_requests(by), LOGGED) for by in request_log.BY},
    "find a request": (request_log.FIND, LOGGED),
    "list what is missing": (request_log.GAPS, {"account_id": ID, "since": NOW, "until": NOW}),
    "find a stream's activities": (delivery_log.FIND_STREAM_ACTIVITIES, (ID, "k")),
    "find a stream": (delivery_log.FIND_STREAM, (ID, "k")),
    "find a device": (delivery_log.FIND_DEVICE, (ID, ID)),
    "find the end of a subject": (delivery_log.FIND_END, LISTED | {"subject": "a"}),
    "explain a notification": (delivery_log.EXPLAIN_NOTIFICATION, LISTED),
    "explain an activity": (delivery_log.EXPLAIN_ACTIVITY, LISTED),
    "list activities": (history.list_activities(history.EITHER), LOOKED_AT | {"before": NOW}),
    "list a stream's activities": (
        history.list_activities(history.EITHER),
        LOOKED_AT | {"before": NOW, "stream_key": "k-5"},
    ),
    **{f"list notifications: {name}": (push_history.LIST, SEARCHED | looked) for name, looked in LOOKED_FOR.items()},
    **{f"list webhook calls: {name}": (webhooks.LIST_CALLS, SEARCHED | looked) for name, looked in LOOKED_FOR.items()},
    "get a webhook call": (webhooks.GET_CALL, SEARCHED),
    **{
        f"list activities: {name}": (history.list_activities(history.EITHER), LOOKED_AT | {"before": NOW} | looked)
        for name, looked in {
            "a device": {"device_id": ID, "examined": 5000},
            "a phase": {"phase": "failed", "examined": 5000},
            "a phase on a device": {"phase": "failed", "device_id": ID, "examined": 5000},
            "a channel and a key": {"channel": "ops", "started_by": ID, "examined": 5000},
            "a period": {"since": NOW},
        }.items()
    },
    "get a notification": (push_history.GET, SEARCHED),
    "a notification's deliveries": (push_history.DELIVERIES, SEARCHED),
    "when a notification was delivered": (push_history.FIND_LIFE, SEARCHED | {"device_id": ID}),
    "what happened to a notification": (push_history.list_timeline(of_device=False), SEARCHED),
    "what happened to it on a device": (
        push_history.list_timeline(of_device=True),
        SEARCHED | {"device_id": ID, "examined": 20_000},
    ),
    "count phases": (history.COUNT_PHASES, LOOKED_AT),
    "list an activity's devices": (history.LIST_DEVICES, LOOKED_AT | {"after": ID, "hour_ago": 0}),
    "list what happened": (history.LIST_TIMELINE, LOOKED_AT | {"before": ID}),
    "list streams": (history.LIST_STREAMS, LOOKED_AT | {"after": "k", "paused": None}),
    **{
        f"backlog: {read.__name__} {queue.name}": (read(queue), {**Round().parameters(1), "now": NOW, "most": 50_000})
        for queue in MEASURED
        for read in (backlog.count, backlog.oldest)
    },
    **{
        f"free stranded {queue.name}": (free_stranded(queue), {"longest": 4000, "limit": 5, "now": NOW})
        for queue in QUEUES
    },
    "record a tap": (webhooks.RECORD, TAP),
    "newest run": (webhooks.NEWEST_RUN, TAP),
    "read run": (webhooks.READ_RUN, (ID, ID)),
    "list runs": (webhooks.LIST_RUNS, {"account_id": ID, "before": ID, "state": None, "limit": 101}),
    "claim webhook calls": (webhooks.CLAIM, {"busy": [ID], "share": 10, "limit": 25, "lease": 30}),
    "settle webhook calls": (webhooks.SETTLE, SETTLED_RUN),
    "claim mails": (invites.CLAIM, {"limit": 5, "lease": 60, "share": 10, "busy": []}),
    "claim messages about alerts": (alerts.CLAIM, {"limit": 5, "lease": 60}),
    "forget messages about alerts": (alerts.FORGET, ()),
    "settle messages about alerts": (alerts.SETTLE, SETTLED_MAIL),
    "add tokens of invites": (invites.ADD_TOKENS, {"token_hashes": [b"x"], "invite_ids": [ID]}),
    "drop tokens of invites": (invites.DROP_TOKENS, {"invite_ids": [ID], "kept": 200}),
    "settle mails": (invites.SETTLE, SETTLED_MAIL),
    "read signing keys": (webhooks.READ_KEYS, ([ID],)),
    "holders of tokens": (
        str(
            select_holders(ID, ID, TokenReport(push_token="ab", push_to_start_token="cd")).compile(
                dialect=postgresql.dialect(),  # type: ignore[no-untyped-call] # of SQLAlchemy
                compile_kwargs={"literal_binds": True},
            )
        ),
        (),
    ),
    "logins of other services to ask about": (
        str(
            select_due(dt.datetime.now(dt.UTC)).compile(
                dialect=postgresql.dialect(),  # type: ignore[no-untyped-call] # of SQLAlchemy
                compile_kwargs={"literal_binds": True},
            )
        ),
        (),
    ),
    "phones on lines": (status.HAS_PHONE, {"account_id": ID, "environments": ["sandbox"], "bundle_ids": [None]}),
    **{name: (LIVE_QUERIES[name], parameters) for name, parameters in LIVE_ACTIVITIES.items()},
    **{f"broadcasts: {name}": (getattr(broadcasts, name), BROADCAST) for name in OF_BROADCASTS.split()},
    "broadcasts: CLAIM": (broadcasts.CLAIM, CLAIMED_BROADCASTS),
    "broadcasts: LEASE": (broadcasts.LEASE, LEASED_BROADCAST),
    "broadcasts: EXPIRE_BROADCASTS": (broadcast_queries.EXPIRE_BROADCASTS, {"ids": ["activity-5"], "now": NOW}),
}


def test_every_query_of_live_activities_is_looked_at() -> None:
    known = {name for name in LIVE_QUERIES if name.isupper() and not name.startswith("_")}
    assert known - NOT_HOT == LIVE_ACTIVITIES.keys()


@pytest.fixture(scope="module")
def filled(new_database: NewDatabase) -> Iterator[psycopg.Connection[Any]]:
    """A database whose tables are large enough for the planner to care. No core works on it meanwhile."""
    with psycopg.connect(new_database(), autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        for statement in FILL.split(";"):
            connection.execute(statement)
        yield connection


@pytest.mark.parametrize("name", HOT)
def test_a_hot_query_never_scans_a_table(filled: psycopg.Connection[Any], name: str) -> None:
    query, parameters = HOT[name]
    plan = "\n".join(row[0] for row in filled.execute(f"EXPLAIN {query}", parameters))
    assert "Index" in plan
    assert "Seq Scan" not in plan, plan


LEAVING: dict[str, tuple[str, Any]] = {
    **{
        f"export {name} {number}": (
            read.query,
            {"account_id": ID, "limit": 500, "began": NOW, "until": ID}
            | {f"k{place}": key for place, key in enumerate(read.first)},
        )
        for name, reads in export_queries.SECTIONS.items()
        for number, read in enumerate(reads)
    },
    **{
        f"erase {step.split()[2]}": (step, {"account_id": ID, "limit": 1000})
        for group in (*erase_queries.OWED, *erase_queries.KEPT)
        for step in group.steps
    },
    "erase cards of devices": (erase_queries.CARDS, {"device_ids": [ID], "limit": 1000}),
    "erase repeats of devices": (erase_queries.REPEATS, {"device_ids": [ID], "limit": 1000}),
    "devices to erase": (erase_queries.NEXT_DEVICES, {"account_id": ID, "devices": 50}),
    "closed accounts": (erase_queries.CLOSED, None),
    "cards that are owed": (erase_queries.OWES_CARDS, {"account_id": ID}),
    "erase the account": (erase_queries.LAST, {"account_id": ID, "quiet": 60.0}),
    "forget people": (retention.PEOPLE, {"limit": 1000}),
}
"""What an account takes with it, and what is deleted of it. Their pool disables sequential scans where there is an
index."""


@pytest.mark.parametrize("name", LEAVING)
def test_leaving_reads_no_table_from_end_to_end(filled: psycopg.Connection[Any], name: str) -> None:
    query, parameters = LEAVING[name]
    with filled.transaction():
        filled.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in filled.execute(f"EXPLAIN {query}", parameters))
    assert "Seq Scan" not in plan, plan


def test_what_a_deleted_row_takes_with_it_is_found_by_an_index(filled: psycopg.Connection[Any]) -> None:
    """A foreign key without one makes every deletion read a whole table."""
    unindexed = filled.execute(
        """
        SELECT c.conrelid::regclass::text, a.attname
        FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
        WHERE c.contype = 'f' AND NOT EXISTS (
            SELECT FROM pg_index i
            WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]
              -- Rows that refer to nothing need not be found.
              AND COALESCE(pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname), true)
        )
        ORDER BY 1, 2
        """
    ).fetchall()
    assert unindexed == []
