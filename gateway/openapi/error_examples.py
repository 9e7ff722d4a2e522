"""Example bodies of errors."""

from typing import Any

OF_THE_GATEWAY = {
    "BODY_TIMEOUT": (408, "The body did not arrive within 10 seconds."),
    "BODY_TOO_LARGE": (413, "The body is larger than 262144 bytes."),
    "NOT_JSON": (415, "The body is declared to be something other than JSON, or compressed."),
}
"""HTTP statuses of errors that the gateway makes without core, with their meaning."""


def _error(error: str, message: str, **facts: Any) -> dict[str, Any]:
    return {"error": error, "message": message, **facts}


EXAMPLES: dict[str, dict[str, Any]] = {
    "INVALID_REQUEST": _error("Invalid request", "title is required and must not be blank", field="title"),
    "INVALID_TARGET": _error(
        "Invalid channel targeting", "target.channels must be an array of channel slugs", field="target.channels"
    ),
    "INVALID_STREAM_KEY": _error(
        "Invalid stream_key",
        "stream_key must contain only letters, numbers, underscores, and hyphens",
        field="stream_key",
    ),
    "LIVE_ACTIVITY_ENDED": _error(
        "Live Activity ended", "This Live Activity has ended and cannot be updated. Start a new one."
    ),
    "UNAUTHENTICATED": _error("Unauthorized", "The secret in the Authorization header is unknown, revoked or expired."),
    "FORBIDDEN": _error("Forbidden", "An API key cannot do this."),
    "SECOND_FACTOR_NEEDED": _error(
        "Second factor needed",
        "This person signs in with a second factor. Send `challenge` and a `code` of the authenticator app, or a "
        "recovery code, to POST /api/sessions/second-factor.",
        challenge="sic_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
        expires_at="2026-12-23T12:10:00+00:00",
    ),
    "SECOND_FACTOR_REQUIRED": _error(
        "Second factor required",
        "This workspace requires a second factor. Set one up in the web admin first: an authenticator app or a "
        "passkey.",
    ),
    "PASSWORD_TOO_EASY": _error(
        "Password too easy",
        "new_password is too easy to guess: use three or four words that have nothing to do with each other, or with "
        "you",
        field="new_password",
    ),
    "CHANNEL_SCOPE": _error(
        "Invalid channel targeting",
        "This API key can only target assigned channels. Requested channels include channels outside this key scope.",
    ),
    "NOT_FOUND": _error("Not found", "There is no such thing in the account."),
    "NO_RECIPIENTS": _error(
        "No recipients found", "No devices matched the effective channel target", effective_channel_slugs=["marketing"]
    ),
    "BADGE_DEVICE_DISCONNECTED": _error(
        "App icon badge not updated",
        "No push token of these devices works. A device gets the newest number once its app reports another token: "
        "open the app, and allow notifications.",
        code="badge_device_disconnected",
        badge=5,
        devices_targeted=1,
        devices_updated=0,
        users_updated=0,
        devices_notified=0,
        effective_channel_slugs=[],
    ),
    "ALREADY_EXISTS": _error("Already exists", "slug is taken in the account: ops"),
    "IDEMPOTENCY_KEY_REUSED": _error(
        "Idempotency key reused",
        "This Idempotency-Key was used for another request within 24 hours. Give each request a key of its own, and "
        "repeat a request as it was.",
    ),
    "LAST_OWNER": _error(
        "Last owner", "The account would be left without an owner. Make somebody else an owner first."
    ),
    "TOO_OLD": _error(
        "Too old to replace", "A push notification can be replaced for 7 days after it was sent. Send a new one."
    ),
    "PAYLOAD_TOO_LARGE": _error(
        "Payload too large",
        "The push would be 5120 bytes long and APNs takes 4096. The longest part is message with 4800 bytes: "
        "shorten it by 1024 bytes or more.",
        part="message",
        bytes=5120,
        limit=4096,
    ),
    "RATE_LIMITED": _error("Rate limit exceeded", "Too many requests, please try again later.", code="rate_limited"),
    "TOO_MANY_ATTEMPTS": _error("Too many attempts", "Too many attempts. Try again in 600 seconds."),
    "LIVE_ACTIVITY_LIMIT": _error(
        "Live Activity limit reached", "Only 4 concurrent Live Activities are allowed per account", limit=4, active=4
    ),
    "UNAVAILABLE": _error("Service unavailable", "The server cannot answer now. Try again shortly."),
    "BODY_TIMEOUT": _error("Request timeout", "The body did not arrive within 10 seconds."),
    "BODY_TOO_LARGE": _error("Body too large", "The body must be at most 262144 bytes.", limit=262144),
    "NOT_JSON": _error("Unsupported media type", "The body must be JSON, with content type application/json."),
}
"""The bodies, by reason."""
