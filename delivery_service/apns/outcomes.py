"""The one table that says what follows from an answer of APNs, or from having none.

Reasons and what may be retried are Apple's ("Handling notification responses from APNs"): a 5xx may be retried after
15 minutes, most 4xx only once their cause is mended, a 410 never. The reason decides; the status only where the reason
is unknown, because APNs has been seen to send one reason with different statuses.
"""

from dataclasses import dataclass

from smith.delivery.v1.delivery_pb2 import OutcomeKind

ACCEPTED = OutcomeKind.OUTCOME_KIND_ACCEPTED
RETRY = OutcomeKind.OUTCOME_KIND_RETRY
TOKEN_DEAD = OutcomeKind.OUTCOME_KIND_TOKEN_DEAD
REJECTED = OutcomeKind.OUTCOME_KIND_REJECTED
MISCONFIGURED = OutcomeKind.OUTCOME_KIND_MISCONFIGURED

SECOND = 1_000
SERVER_TROUBLE = 15 * 60 * SECOND
TOKEN_TOO_BUSY = 30 * SECOND
UNTIL_MENDED = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from a reason."""

    kind: "OutcomeKind.ValueType"
    retry_after_ms: int
    """Least time before the next attempt, in milliseconds; 0 for kinds that have no next attempt."""
    why: str
    """A sentence for an operator who reads the log."""
    maybe_accepted: bool = False
    """Of a retry: the request was sent and its answer never came, so APNs may have taken it."""


def _retry(after_ms: int, why: str) -> Verdict:
    return Verdict(RETRY, after_ms, why)


def _unanswered(after_ms: int, why: str) -> Verdict:
    return Verdict(RETRY, after_ms, why, maybe_accepted=True)


def _dead(why: str) -> Verdict:
    return Verdict(TOKEN_DEAD, 0, why)


def _rejected(why: str) -> Verdict:
    return Verdict(REJECTED, 0, why)


def _misconfigured(why: str) -> Verdict:
    return Verdict(MISCONFIGURED, UNTIL_MENDED, why)


ACCEPTED_VERDICT = Verdict(ACCEPTED, 0, "APNs took it.")

EXPIRED_PROVIDER_TOKEN = "ExpiredProviderToken"  # noqa: S105 (a reason, not a secret)

BY_REASON: dict[str, Verdict] = {
    # The device token.
    "BadDeviceToken": _dead("The token is not one of this environment. If it strikes many, the environment is wrong."),
    "Unregistered": _dead("The app was removed, or the token replaced."),
    "ExpiredToken": _dead("The token has expired."),
    # Not TOKEN_DEAD: the token is alive for its own app, and a wrong topic of ours must not cost us every phone.
    "DeviceTokenNotForTopic": _rejected("The token belongs to another app than the bundle id it was reported with."),
    # Try again.
    "TooManyRequests": _retry(
        TOKEN_TOO_BUSY, "Too many pushes to one device token in a row; only that token is slowed."
    ),
    "InternalServerError": _retry(SERVER_TROUBLE, "APNs has an error; Apple asks to wait 15 minutes."),
    "ServiceUnavailable": _retry(SERVER_TROUBLE, "APNs is unavailable; Apple asks to wait 15 minutes."),
    "Service Unavailable": _retry(SERVER_TROUBLE, "APNs is unavailable; Apple asks to wait 15 minutes."),
    "Shutdown": _retry(SECOND, "That APNs server is shutting down; the next attempt uses another connection."),
    "IdleTimeout": _retry(SECOND, "APNs closed an idle connection; the next attempt uses another one."),
    "TooManyProviderTokenUpdates": _retry(
        60 * SECOND, "APNs saw more than one provider token in 20 minutes; ours stays the same, so this passes."
    ),
    # Our key, team, topic or clock.
    EXPIRED_PROVIDER_TOKEN: _misconfigured(
        "APNs calls a provider token of at most 31 minutes expired: this machine's clock is wrong."
    ),
    "InvalidProviderToken": _misconfigured(
        "The APNs key, its id or the team id is wrong, or the key was revoked, or this machine's clock is ahead."
    ),
    "MissingProviderToken": _misconfigured("APNs saw no provider token; is there a proxy that drops headers?"),
    "UnrelatedKeyIdInToken": _misconfigured("The connection was opened with another key; new connections follow."),
    "BadEnvironmentKeyIdInToken": _misconfigured("The APNs key belongs to the other environment."),
    # The live server's spelling of the same.
    "BadEnvironmentKeyInToken": _misconfigured("The APNs key belongs to the other environment."),
    "BadCertificate": _misconfigured("APNs refuses the client certificate."),
    "BadCertificateEnvironment": _misconfigured("The client certificate belongs to the other environment."),
    "Forbidden": _misconfigured("APNs forbids this sender."),
    "TopicDisallowed": _misconfigured("The APNs key may not send to this bundle id."),
    "TopicMismatch": _misconfigured("The topic is not one of the certificate."),
    "BadTopic": _misconfigured("APNs does not know the bundle id."),
    "MissingTopic": _misconfigured("APNs saw no topic; is there a proxy that drops headers?"),
    # The push as built.
    "BadCollapseId": _rejected("The collapse id is longer than 64 bytes or has control characters."),
    "BadExpirationDate": _rejected("The expiry is not a UNIX time."),
    "BadMessageId": _rejected("The apns-id is not a canonical UUID."),
    "BadPriority": _rejected("The priority is not 1, 5 or 10, or does not suit the push type."),
    "BadPath": _rejected("APNs does not know the path of the request."),
    "MethodNotAllowed": _rejected("APNs did not take the request for a POST."),
    "DuplicateHeaders": _rejected("A header was sent twice."),
    "InvalidPushType": _rejected("APNs does not know the push type."),
    "MissingDeviceToken": _rejected("The push names no device token."),
    "PayloadEmpty": _rejected("The payload is empty."),
    "PayloadTooLarge": _rejected("The payload is larger than 4096 bytes."),
    # Ours: what a target lacks, found before anything is sent.
    "MalformedToken": _rejected("The device token is not 16 to 400 hexadecimal digits of even number."),
    "MissingBundleId": _rejected("The target names no app, and SMITH_APNS_TOPIC is not set."),
    "MalformedBundleId": _rejected("A bundle id has letters, digits, dots and hyphens only, 155 at most."),
    "UnknownPushType": _rejected("The request names no known push type."),
    "UnknownEnvironment": _rejected("The target names no known environment."),
    # Ours: what happened on the way.
    "ConnectFailed": _retry(SECOND, "APNs cannot be reached."),
    "ProxyUnreachable": _retry(SECOND, "The proxy of SMITH_APNS_PROXY cannot be reached."),
    "ProxyCannotConnect": _retry(SECOND, "The proxy of SMITH_APNS_PROXY has no way to APNs."),
    "NoFreeStream": _retry(SECOND, "All connections to APNs were busy for too long."),
    "ConnectionLost": _unanswered(SECOND, "The connection to APNs broke before the answer."),
    "ConnectionDraining": _retry(SECOND, "APNs asked several connections in a row to close."),
    "StreamRefused": _retry(SECOND, "APNs refused the request unread on several connections in a row."),
    "StreamReset": _unanswered(SECOND, "APNs broke the request off."),
    "AnswerTimeout": _unanswered(SECOND, "APNs did not answer in time."),
    "SenderFault": _unanswered(60 * SECOND, "A fault of this server; the log has the traceback."),
    # Ours: the process as configured.
    "ProxyAuthentication": _misconfigured(
        "The proxy of SMITH_APNS_PROXY asks for a user name and password, or for others than it was given."
    ),
    "ProxyForbidden": _misconfigured("The proxy of SMITH_APNS_PROXY does not let this server connect to APNs."),
    "ProviderKeyMissing": _misconfigured(
        "SMITH_APNS_KEY_FILE, SMITH_APNS_KEY_ID and SMITH_APNS_TEAM_ID are not all set."
    ),
    "ProviderKeyUnreadable": _misconfigured(
        "The file of SMITH_APNS_KEY_FILE is missing or is not a readable P-256 key. It is looked at again."
    ),
}


def verdict_of(status: str, reason: str) -> Verdict:
    """What follows from an answer with this HTTP status (digits; empty for none) and this reason (may be empty)."""
    if status == "200":
        return ACCEPTED_VERDICT
    return BY_REASON.get(reason) or _by_status(status)


def _by_status(status: str) -> Verdict:
    if status == "410":
        return _dead("APNs says that the token is gone.")
    if status == "429":
        return _retry(TOKEN_TOO_BUSY, "APNs asks to slow down.")
    if status == "403":
        return _misconfigured("APNs refuses this sender.")
    if status.startswith("4"):
        return _rejected("APNs refuses the request.")
    if status.startswith("5"):
        return _retry(SERVER_TROUBLE, "APNs, or something before it, has an error; Apple asks to wait 15 minutes.")
    return _retry(UNTIL_MENDED, "The answer is none that APNs gives.")
