"""Audit entries as sentences: `created the API key “backend”` rather than `CreateApiKey`."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from smith.core.v1.audit_entry_pb2 import AUDIT_ACTOR_ANONYMOUS, AUDIT_ACTOR_API_KEY, AUDIT_ACTOR_DEVICE, AuditEntry

Asked = Mapping[str, Any]
"""The request as the audit log keeps it: without secrets."""

WORDS = re.compile(r"[A-Z][a-z0-9]*")
PAST = {
    "Accept": "accepted",
    "Add": "added",
    "Assign": "assigned",
    "Change": "changed",
    "Create": "created",
    "Delete": "deleted",
    "End": "ended",
    "Invite": "invited",
    "Pair": "paired",
    "Pause": "paused",
    "Remove": "removed",
    "Replace": "replaced",
    "Replay": "replayed",
    "Resend": "resent",
    "Resume": "resumed",
    "Revoke": "revoked",
    "Rotate": "rotated",
    "Send": "sent",
    "Unassign": "unassigned",
    "Unpair": "unpaired",
    "Update": "changed",
}
NAMES = {"Api": "API", "Apns": "APNs", "Smtp": "SMTP"}


def _named(sentence: str, *fields: str, joined_by: str = "") -> Callable[[Asked], str]:
    """The sentence with the first of the fields that the request has, in quotes, and with the word before it."""
    with_name = f"{sentence} {joined_by}" if joined_by else sentence

    def say(asked: Asked) -> str:
        name = next((asked[field] for field in fields if asked.get(field)), "")
        return f"{with_name} “{name}”" if name else sentence

    return say


def _account(asked: Asked) -> str:
    parts = []
    if "name" in asked:
        parts.append(f"renamed the workspace to “{asked['name']}”")
    for field, what in (("rate_limit_per_minute", "rate limit"), ("max_live_activities", "limit of Live Activities")):
        if field in asked:
            parts.append(f"set the {what} to {asked[field] or 'the default'}")
    if "require_second_factor" in asked:
        verb = "requires" if asked["require_second_factor"] else "no longer requires"
        parts.append(f"{verb} a second factor of everybody")
    return " and ".join(parts) or "changed the workspace"


def _channel(asked: Asked) -> str:
    if "slug" in asked:
        return f"gave a channel the slug “{asked['slug']}”"
    return _named("renamed a channel", "name", joined_by="to")(asked)


def _role(asked: Asked) -> str:
    return "an owner" if asked.get("role") == "owner" else "a member"


SENTENCES: dict[str, Callable[[Asked], str]] = {
    "ChangePassword": _named("changed the password"),
    "ExportAccount": _named("exported the workspace"),
    "DeleteAccount": _named("deleted the workspace"),
    "DeleteProfile": _named("deleted their own login"),
    "CreateApiKey": _named("created the API key", "name"),
    "UpdateApiKey": _named("changed the API key", "name"),
    "RevokeApiKey": _named("revoked an API key"),
    "CreateChannel": _named("created the channel", "slug"),
    "UpdateChannel": _channel,
    "DeleteChannel": _named("deleted a channel"),
    "AssignUser": _named("added a person to a channel"),
    "UnassignUser": _named("took a person out of a channel"),
    "AssignDevice": _named("added a device to a channel"),
    "UnassignDevice": _named("took a device out of a channel"),
    "CreateAccount": _named("set up the workspace", "account_name"),
    "CreateInvites": lambda asked: f"invited {', '.join(asked.get('emails', ())) or 'no one'}",
    "AcceptInvite": _named("accepted an invite", "name", joined_by="as"),
    "UpdateMember": _named("changed the role of a member"),
    "RemoveMember": _named("removed a member"),
    "UpdateProfile": _named("changed their name", "name", joined_by="to"),
    "SwitchAccount": _named("switched to another workspace"),
    "StopLiveActivity": _named("ended a Live Activity"),
    "SendTestPushNotification": _named("sent a test notification to a device"),
    "ReplayPushNotification": _named("replayed a push notification"),
    "ReplacePushNotification": _named("replaced a push notification by", "title"),
    "CreatePairingCode": _named("asked for a pairing code"),
    "PairDevice": _named("was paired", "name", joined_by="as"),
    "UpdateDevice": _named("renamed a device", "name", joined_by="to"),
    "DeleteDevice": _named("removed a device"),
    "UnpairDevice": _named("unpaired itself"),
    "ResetPassword": _named("chose a new password by a link"),
    "SendPasswordReset": _named("sent a member a link to a new password"),
    "CreatePasswordResetLink": _named("made a link to a new password for a member"),
    "SignInFailed": _named("gave a wrong password or code"),
    "SignInLocked": _named("is locked out for some minutes after too many wrong passwords or codes"),
    "CompleteSignIn": _named("signed in with a second factor or a passkey"),
    "ConfirmAuthenticatorApp": _named("turned on an authenticator app"),
    "RemoveAuthenticatorApp": _named("turned off the authenticator app"),
    "CreateRecoveryCodes": _named("made new recovery codes"),
    "ResetSecondFactor": _named("took away the second factor of a member"),
    "CreatePasskey": _named("added the passkey", "name"),
    "UpdatePasskey": _named("renamed a passkey", "name", joined_by="to"),
    "DeletePasskey": _named("removed a passkey"),
    "CreateSession": _named("signed in"),
    "CompleteSingleSignOn": _named("signed in by single sign-on"),
    "LinkedBySingleSignOn": _named("was linked by single sign-on to a login at", "name"),
    "JoinedBySingleSignOn": lambda asked: f"joined by single sign-on as {_role(asked)}",
    "RoleBySingleSignOn": lambda asked: f"was made {_role(asked)} by single sign-on",
    "ShutOutBySingleSignOn": _named("lost access by single sign-on as no group gives a role"),
    "EndedBySingleSignOn": _named("was signed out as single sign-on no longer vouches for them"),
    "SaveMessage": _named("saved the message", "name"),
    "DeleteSavedMessage": _named("deleted a saved message"),
    "DeleteSession": _named("signed out"),
    "RevokeSession": _named("ended a session"),
    "RevokeOtherSessions": _named("signed out everywhere else"),
    "RotateWebhookSecret": _named("replaced the webhook signing secret"),
    "PauseLiveActivityStream": _named("paused the stream", "stream_key"),
    "ResumeLiveActivityStream": _named("resumed the stream", "stream_key"),
    "UpdateAccount": _account,
}


def actor_of(entry: AuditEntry) -> str:
    """Who did it, as far as that is known."""
    if entry.actor == AUDIT_ACTOR_ANONYMOUS:
        # A sign-in names the person by e-mail; a phone that is being paired has no identity yet.
        named = _read(entry.request.json).get("email") or entry.actor_name
        return str(named or ("A phone" if entry.method == "PairDevice" else "A person"))
    kinds = {AUDIT_ACTOR_API_KEY: "API key", AUDIT_ACTOR_DEVICE: "Device"}
    kind = kinds.get(entry.actor, "")
    name = entry.actor_name or ("" if kind else "A person")
    return " ".join(part for part in (kind, name) if part)


def deed_of(entry: AuditEntry) -> str:
    """What was done, as in `created the channel “ops”`."""
    asked = _read(entry.request.json)
    say = SENTENCES.get(entry.method)
    if say is None:
        say = _named(_spelled_out(entry.method), "name", "slug", "key", "email", "stream_key")
    return say(asked)


def name_of_method(method: str) -> str:
    """The kind of act, to choose from a list: `Create API key`."""
    words = [NAMES.get(word, word.lower()) for word in WORDS.findall(method)]
    return " ".join(words)[:1].upper() + " ".join(words)[1:]


def _spelled_out(method: str) -> str:
    verb, *nouns = WORDS.findall(method) or [method]
    things = " ".join(NAMES.get(word, word.lower()) for word in nouns)
    return f"{PAST.get(verb, f'did {verb.lower()}')} {things}".strip()


def _read(request: str) -> Asked:
    try:
        asked = json.loads(request or "{}")
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}
