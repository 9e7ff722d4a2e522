"""What follows from an answer of a push service, or from having none: one table for all services.

Each answer becomes one of the words in `smith/delivery/v1/reason.proto`, which says what it means.
"""

import datetime as dt
import json
import ssl

import h11
from smith.delivery.v1.delivery_pb2 import Outcome
from smith.delivery.v1.reason_pb2 import Concern

from delivery_service.apns import outcomes
from delivery_service.retry_after import seconds_of
from delivery_service.web_push.connection import Answer
from delivery_service.webhooks.connecting import AddressRefused, HostUnknown

SHORTEST_WAIT_MS = 1000
"""What is waited at least before the next attempt, whatever an answer asks for."""

OF_STATUS = {
    401: "WebPushUnauthorized",
    403: "WebPushUnauthorized",
    404: "SubscriptionGone",
    # Microsoft's word for too many.
    406: "WebPushSlowDown",
    408: "WebPushServiceError",
    410: "SubscriptionGone",
    413: "WebPushTooLarge",
    425: "WebPushServiceError",
    429: "WebPushSlowDown",
}
OF_HUNDRED = {3: "PushServiceRedirected", 4: "WebPushRefused", 5: "WebPushServiceError"}
"""What other statuses mean, by their first digit."""
GATEWAYS = frozenset((502, 504))
"""Statuses of something that had passed the request on: the push service may have taken it."""

SAYS = {
    "VapidPkHashMismatch": "VapidPkHashMismatch",
    "BadJwtToken": "BadJwtToken",
    "BadWebPushTopic": "BadWebPushTopic",
}
"""What Apple says (`{"reason": …}`), which decides more than its status does."""
MENTIONS = {
    # Google's.
    "do not correspond": "VapidPkHashMismatch",
    "unauthorizedregistration": "VapidPkHashMismatch",
    "invalid jwt": "BadJwtToken",
}
"""Parts of sentences that others answer with a refusal, in lower case."""
REFUSALS = frozenset((400, 401, 403))
"""Statuses with which a service may say more about this server and the subscription than the status does."""

FAILURES = (OSError, TimeoutError, h11.RemoteProtocolError, AddressRefused, HostUnknown)
"""What connecting and waiting for an answer raise by no fault of this server. ssl.SSLError is an OSError."""


def reason_of(answer: Answer) -> str:
    """Why the service did not accept the push; empty if it did."""
    status = answer.status
    if 200 <= status < 300:
        return ""
    said = _said(answer.body) if status in REFUSALS else ""
    return said or OF_STATUS.get(status) or OF_HUNDRED.get(status // 100, "WebPushServiceError")


def of_answer(index: int, answer: Answer, now: dt.datetime, configuration: str) -> Outcome:
    """The outcome of an answer. `configuration` is the fingerprint of what the push was sent with."""
    reason = reason_of(answer)
    if not reason:
        return Outcome(index=index, kind=outcomes.ACCEPTED, status=answer.status)
    outcome = of_reason(index, reason, configuration)
    outcome.status = answer.status
    outcome.maybe_accepted = outcome.maybe_accepted or answer.status in GATEWAYS
    asked = seconds_of(answer.retry_after, now)
    if outcome.kind == outcomes.RETRY and asked is not None:
        outcome.retry_after_ms = max(SHORTEST_WAIT_MS, round(asked * 1000))
    return outcome


def of_reason(index: int, reason: str, configuration: str = "") -> Outcome:
    """The outcome of a push that was not accepted for this reason, one of the table's words."""
    code = outcomes.BY_WORD[reason]
    meaning = outcomes.MEANINGS[code]
    is_doubtful = meaning.concern == Concern.CONCERN_TOKEN_OR_SERVER
    return Outcome(
        index=index,
        kind=meaning.kind,
        reason=reason,
        retry_after_ms=meaning.retry_after_ms,
        maybe_accepted=meaning.maybe_accepted,
        code=code,
        concern=meaning.concern,
        configuration=configuration if is_doubtful else "",
    )


def reason_without_connection(error: Exception) -> str:
    """Why there is no connection: the push was certainly not sent."""
    if isinstance(error, AddressRefused):
        return "PushServiceAddressRefused"
    return "PushServiceTlsFailed" if isinstance(error, ssl.SSLError) else "PushServiceUnreachable"


def reason_without_answer(error: Exception) -> str:
    """Why there is no answer to a push that was on its way."""
    return "PushServiceTimeout" if isinstance(error, TimeoutError) else "PushServiceConnectionLost"


def _said(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    word = said.get("reason") if isinstance(said, dict) else None
    if isinstance(word, str) and word in SAYS:
        return SAYS[word]
    lowered = text.lower()
    return next((word for part, word in MENTIONS.items() if part in lowered), "")
