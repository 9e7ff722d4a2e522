"""What an account may have: one of each, and a look at all of it."""

import difflib
import re
import uuid
from collections.abc import Sequence

from smith.core.v1.json_object_pb2 import JsonObject
from smith.core.v1.live_activity_pb2 import LIVE_ACTIVITY_TYPE_PROGRESS

from core_service.common.orm import new_id
from tests.core.harness import Account, Caller

CONTENT_STATE = {"title": "Deploy", "type": LIVE_ACTIVITY_TYPE_PROGRESS, "percentage": 5}
WRITTEN_LATER = re.compile(r"\s*last_(?:used|seen)_at \{[^}]*\}|\s*mail \{(?:[^{}]|\{[^}]*\})*\}")


async def saved_message(account: Account) -> str:
    """The id of a message that the account keeps."""
    kept = await account.owner.SaveMessage(name="Standup", notification=JsonObject(json='{"title": "Standup"}'))
    return str(kept.saved_message.id)


async def example_ids(account: Account) -> dict[str, str]:
    """An id of something that exists in the account, for every id that a request may name; the channel is assigned."""
    phone = await account.add_startable_phone()
    backend = account.core.caller((await account.add_key())[1])
    ids = {
        "notification_id": await sent_notification(backend, account),
        "api_key_id": (await account.add_key())[0],
        "channel_id": await account.add_channel(),
        "user_id": (await account.add_member())[0],
        "device_id": phone.id,
        "activity_id": (await backend.StartLiveActivity(content_state=CONTENT_STATE)).activity_id,
        "invite_id": (await account.owner.CreateInvites(emails=["invited@team.test"])).results[0].invite.id,
        "saved_message_id": await saved_message(account),
        "account_id": account.id,
        "session_id": (await account.owner.ListSessions()).sessions[0].id,
        "action_id": str(uuid.uuid4()),
        "action_run_id": str(new_id()),
        "passkey_id": str(uuid.uuid4()),
        "request_id": f"chosen-{uuid.uuid4().hex}",
    }
    await account.core.sql(
        """
        INSERT INTO passkeys (id, user_id, credential_id, public_key, sign_count, name, synced, created_at)
        VALUES (%s, %s, sha256(gen_random_uuid()::text::bytea), '', 0, 'Laptop', false, now())
        """,
        ids["passkey_id"],
        account.owner_id,
    )
    await account.core.sql(
        """
        WITH button AS (
            INSERT INTO live_activity_actions (id, activity_id, title, type, url, method)
            VALUES (%(action_id)s, %(activity_id)s, 'Stop', 'webhook', 'https://example.com/', 'GET')
        )
        INSERT INTO action_runs (id, account_id, action_id, device_id, repeatable, url, method, state, due_at, attempts,
                                 response_body, reason, message, created_at)
        VALUES (%(action_run_id)s, %(account_id)s, %(action_id)s, %(device_id)s, true, '', 'GET', 'succeeded', now(), 1,
                '', '', '', now())
        """,
        account_id=account.id,
        **{name: ids[name] for name in ("action_id", "action_run_id", "activity_id", "device_id")},
    )
    await account.core.sql(
        """
        INSERT INTO requests (account_id, id, request_id, route, status, latency_ms, caller, caller_id, subject)
        VALUES (%(account_id)s, %(id)s, %(request_id)s, 'POST /api/push-notification', 200, 1, 'api_key',
                %(api_key_id)s, %(notification_id)s)
        """,
        account_id=account.id,
        id=new_id(),
        **{name: ids[name] for name in ("request_id", "api_key_id", "notification_id")},
    )
    await backend.SetBadge(badge=3)
    await account.owner.AssignUser(channel_id=ids["channel_id"], user_id=ids["user_id"])
    await account.owner.AssignDevice(channel_id=ids["channel_id"], device_id=ids["device_id"])
    return ids


async def sent_notification(backend: Caller, account: Account) -> str:
    """The id of a notification that was just sent."""
    await backend.SendPushNotification(title="hello")
    return (await account.owner.ListPushNotifications(page_size=1)).push_notifications[0].id


async def everything(account: Account) -> list[str]:
    """All that the account has, but for what changes in the background: when its credentials were last used, and
    how far its mails are."""
    shown = [
        WRITTEN_LATER.sub("", str(await getattr(account.owner, name)()))
        for name in (
            "ListApiKeys",
            "ListChannels",
            "ListDevices",
            "ListMembers",
            "ListInvites",
            "ListSessions",
            "ListActionRuns",
            "ListPasskeys",
            "GetAccount",
        )
    ]
    activities = await account.core.sql(
        """
        SELECT a.id, a.version, a.content_state, a.ended_at, p.device_id, p.phase, p.update_token
        FROM live_activities a JOIN live_activity_devices p ON p.activity_id = a.id
        WHERE a.account_id = %s ORDER BY a.id, p.device_id
        """,
        account.id,
    )
    streams = await account.core.sql(
        "SELECT * FROM live_activity_streams WHERE account_id = %s ORDER BY id", account.id
    )  # fmt: skip
    return [*shown, *map(str, activities), *map(str, streams)]


def changes(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The lines in which two looks at everything differ, each with a line around it."""
    lines = ["\n".join(look).splitlines() for look in (before, after)]
    return list(difflib.unified_diff(*lines, n=1, lineterm=""))
