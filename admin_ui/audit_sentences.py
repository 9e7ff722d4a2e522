"""Audit entries as sentences: `created the API key “backend”` rather than `CreateApiKey`."""

import json
import re
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from smith.core.v1.audit_entry_pb2 import AUDIT_ACTOR_ANONYMOUS, AUDIT_ACTOR_API_KEY, AUDIT_ACTOR_DEVICE, AuditEntry

from admin_ui.texts import _

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


def _named(plain: str, named: str = "", *fields: str) -> Callable[[Asked], str]:
    """The sentence `named` with the first of the fields that the request has as `{name}`, or the one without a name."""

    def say(asked: Asked) -> str:
        name = next((asked[field] for field in fields if asked.get(field)), "")
        return named.format(name=name) if name else plain

    return say


LIMITS = {
    "rate_limit_per_minute": (_("set the rate limit to {number}"), _("set the rate limit to the default")),
    "max_live_activities": (
        _("set the limit of Live Activities to {number}"),
        _("set the limit of Live Activities to the default"),
    ),
}
"""What is said of a limit that was set to a number, and to the default."""


def _both(one: str, other: str) -> str:
    return _("{one} and {other}").format(one=one, other=other)


def _account(asked: Asked) -> str:
    parts = []
    if "name" in asked:
        parts.append(_("renamed the workspace to “{name}”").format(name=asked["name"]))
    for field, (chosen, default) in LIMITS.items():
        if field in asked:
            parts.append(chosen.format(number=asked[field]) if asked[field] else default)
    if "require_second_factor" in asked:
        required = _("requires a second factor of everybody")
        parts.append(
            required if asked["require_second_factor"] else _("no longer requires a second factor of everybody")
        )
    return reduce(_both, parts) if parts else _("changed the workspace")


def _channel(asked: Asked) -> str:
    if "slug" in asked:
        return _("gave a channel the slug “{slug}”").format(slug=asked["slug"])
    return _named(_("renamed a channel"), _("renamed a channel to “{name}”"), "name")(asked)


def _by_role(owner: str, member: str) -> Callable[[Asked], str]:
    return lambda asked: owner if asked.get("role") == "owner" else member


def _invited(asked: Asked) -> str:
    return _("invited {people}").format(people=", ".join(asked.get("emails", ())) or _("no one"))


SENTENCES: dict[str, Callable[[Asked], str]] = {
    "ChangePassword": _named(_("changed the password")),
    "ExportAccount": _named(_("exported the workspace")),
    "DeleteAccount": _named(_("deleted the workspace")),
    "DeleteProfile": _named(_("deleted their own login")),
    "CreateApiKey": _named(_("created the API key"), _("created the API key “{name}”"), "name"),
    "UpdateApiKey": _named(_("changed the API key"), _("changed the API key “{name}”"), "name"),
    "RevokeApiKey": _named(_("revoked an API key")),
    "CreateChannel": _named(_("created the channel"), _("created the channel “{name}”"), "slug"),
    "UpdateChannel": _channel,
    "DeleteChannel": _named(_("deleted a channel")),
    "AssignUser": _named(_("added a person to a channel")),
    "UnassignUser": _named(_("took a person out of a channel")),
    "AssignDevice": _named(_("added a device to a channel")),
    "UnassignDevice": _named(_("took a device out of a channel")),
    "CreateAccount": _named(_("set up the workspace"), _("set up the workspace “{name}”"), "account_name"),
    "CreateInvites": _invited,
    "CreateInviteLink": _named(_("made a link of an invite")),
    "ResendInvite": _named(_("sent an invite again"), _("sent the invite of “{name}” again"), "email"),
    "RevokeInvite": _named(_("revoked an invite")),
    "AcceptInvite": _named(_("accepted an invite"), _("accepted an invite as “{name}”"), "name"),
    "UpdateMember": _named(_("changed the role of a member")),
    "RemoveMember": _named(_("removed a member")),
    "UpdateProfile": _named(_("changed their name"), _("changed their name to “{name}”"), "name"),
    "SwitchAccount": _named(_("switched to another workspace")),
    "StopLiveActivity": _named(_("ended a Live Activity")),
    "SendTestPushNotification": _named(_("sent a test notification to a device")),
    "ReplayPushNotification": _named(_("replayed a push notification")),
    "ReplacePushNotification": _named(
        _("replaced a push notification by"), _("replaced a push notification by “{name}”"), "title"
    ),
    "CreatePairingCode": _named(_("asked for a pairing code")),
    "PairDevice": _named(_("was paired"), _("was paired as “{name}”"), "name"),
    "UpdateDevice": _named(_("renamed a device"), _("renamed a device to “{name}”"), "name"),
    "DeleteDevice": _named(_("removed a device")),
    "UnpairDevice": _named(_("unpaired itself")),
    "ResetPassword": _named(_("chose a new password by a link")),
    "SendPasswordReset": _named(_("sent a member a link to a new password")),
    "CreatePasswordResetLink": _named(_("made a link to a new password for a member")),
    "SignInFailed": _named(_("gave a wrong password or code")),
    "SignInLocked": _named(_("is locked out for some minutes after too many wrong passwords or codes")),
    "CompleteSignIn": _named(_("signed in with a second factor or a passkey")),
    "ConfirmAuthenticatorApp": _named(_("turned on an authenticator app")),
    "RemoveAuthenticatorApp": _named(_("turned off the authenticator app")),
    "CreateRecoveryCodes": _named(_("made new recovery codes")),
    "ResetSecondFactor": _named(_("took away the second factor of a member")),
    "CreatePasskey": _named(_("added the passkey"), _("added the passkey “{name}”"), "name"),
    "UpdatePasskey": _named(_("renamed a passkey"), _("renamed a passkey to “{name}”"), "name"),
    "DeletePasskey": _named(_("removed a passkey")),
    "CreateSession": _named(_("signed in")),
    "CompleteSingleSignOn": _named(_("signed in by single sign-on")),
    "LinkedBySingleSignOn": _named(
        _("was linked by single sign-on to a login at"),
        _("was linked by single sign-on to a login at “{name}”"),
        "name",
    ),
    "JoinedBySingleSignOn": _by_role(
        _("joined by single sign-on as an owner"), _("joined by single sign-on as a member")
    ),
    "RoleBySingleSignOn": _by_role(_("was made an owner by single sign-on"), _("was made a member by single sign-on")),
    "ShutOutBySingleSignOn": _named(_("lost access by single sign-on as no group gives a role")),
    "EndedBySingleSignOn": _named(_("was signed out as single sign-on no longer vouches for them")),
    "SaveMessage": _named(_("saved the message"), _("saved the message “{name}”"), "name"),
    "DeleteSavedMessage": _named(_("deleted a saved message")),
    "DeleteSession": _named(_("signed out")),
    "RevokeSession": _named(_("ended a session")),
    "RevokeOtherSessions": _named(_("signed out everywhere else")),
    "RotateWebhookSecret": _named(_("replaced the webhook signing secret")),
    "PauseLiveActivityStream": _named(_("paused the stream"), _("paused the stream “{name}”"), "stream_key"),
    "ResumeLiveActivityStream": _named(_("resumed the stream"), _("resumed the stream “{name}”"), "stream_key"),
    "CreateMetric": _named(_("created the metric"), _("created the metric “{name}”"), "key"),
    "UpdateMetric": _named(_("changed the metric"), _("changed the metric “{name}”"), "key"),
    "DeleteMetric": _named(_("deleted the metric"), _("deleted the metric “{name}”"), "key"),
    "UpdateAccount": _account,
}


def actor_of(entry: AuditEntry) -> str:
    """Who did it, as far as that is known."""
    if entry.actor == AUDIT_ACTOR_ANONYMOUS:
        # A sign-in names the person by e-mail; a phone that is being paired has no identity yet.
        named = _read(entry.request.json).get("email") or entry.actor_name
        return str(named or (_("A phone") if entry.method == "PairDevice" else _("A person")))
    kinds = {
        AUDIT_ACTOR_API_KEY: (_("API key"), _("API key {name}")),
        AUDIT_ACTOR_DEVICE: (_("Device"), _("Device {name}")),
    }
    alone, with_name = kinds.get(entry.actor, (_("A person"), "{name}"))
    return with_name.format(name=entry.actor_name) if entry.actor_name else alone


def deed_of(entry: AuditEntry) -> str:
    """What was done, as in `created the channel “ops”`."""
    asked = _read(entry.request.json)
    say = SENTENCES.get(entry.method)
    if say is None:
        words = _spelled_out(entry.method)
        say = _named(words, f"{words} “{{name}}”", "name", "slug", "key", "email", "stream_key")
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
