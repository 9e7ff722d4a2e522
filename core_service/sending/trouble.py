"""What it means when a push is tried again for no fault of the push: who is in trouble, and what to do about it.

The reasons are Apple's, the delivery service's, and the courier's own for a delivery service that does not answer. What
is wrong with the sender is in `misconfiguration.py`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a reason means."""

    explanation: str
    """A sentence."""
    advice: str
    """What to do about it, in a sentence or two for operators."""


QUEUED = "Everything stays queued and goes out by itself."

SEE_DELIVERY = (
    f"See that the delivery service runs and that core finds it at SMITH_DELIVERY_ADDRESS; its log says more. {QUEUED}"
)
SEE_NETWORK = (
    "See that the delivery service may open connections to port 443 of Apple's hosts, and that no proxy breaks TLS. If "
    f"that is so, Apple may have an outage. {QUEUED}"
)
WAIT_FOR_APPLE = f"Apple asks to wait; its System Status page may say more. {QUEUED}"

NOT_TRIED = Trouble("It has not been tried yet.", SEE_DELIVERY)
UNKNOWN = Trouble("The delivery service gave a reason that core does not know.", f"Its log says more. {QUEUED}")

DELIVERY_PREFIX = "Delivery"
"""What the courier's own reasons begin with; the name of a gRPC status follows."""
DELIVERY_AWAY = Trouble("The delivery service did not answer.", SEE_DELIVERY)

BY_REASON: dict[str, Trouble] = {
    "DeliveryResourceExhausted": Trouble(
        "The delivery service had as much in progress as it is willing to.",
        f"This passes. If it does not, run another delivery service or raise SMITH_APNS_MAX_IN_FLIGHT. {QUEUED}",
    ),
    "ConnectFailed": Trouble("APNs cannot be reached.", SEE_NETWORK),
    "ProxyUnreachable": Trouble(
        "The proxy of SMITH_APNS_PROXY cannot be reached, so APNs was not asked.",
        "See that the proxy runs at the host and port of SMITH_APNS_PROXY, and that the delivery service may connect "
        f"to it. The delivery service's log names the address. {QUEUED}",
    ),
    "ProxyCannotConnect": Trouble(
        "The proxy of SMITH_APNS_PROXY has no way to APNs.",
        "See that it is an HTTP proxy that takes CONNECT, and that it may connect to port 443 of Apple's hosts. The "
        f"delivery service's log has its answer. {QUEUED}",
    ),
    "ConnectionLost": Trouble("The connection to APNs broke before the answer.", SEE_NETWORK),
    "AnswerTimeout": Trouble("APNs did not answer in time.", SEE_NETWORK),
    "StreamReset": Trouble("APNs broke the request off.", SEE_NETWORK),
    "StreamRefused": Trouble("APNs refused the request unread on several connections.", WAIT_FOR_APPLE),
    "ConnectionDraining": Trouble("APNs asked several connections in a row to close.", WAIT_FOR_APPLE),
    "NoFreeStream": Trouble(
        "All connections to APNs were busy for too long.",
        f"This passes. If it does not, raise SMITH_APNS_CONNECTIONS. {QUEUED}",
    ),
    "Shutdown": Trouble("The APNs server that answered is shutting down.", WAIT_FOR_APPLE),
    "IdleTimeout": Trouble("APNs closed an idle connection.", WAIT_FOR_APPLE),
    "InternalServerError": Trouble("APNs has an error of its own.", WAIT_FOR_APPLE),
    "ServiceUnavailable": Trouble("APNs is unavailable.", WAIT_FOR_APPLE),
    "Service Unavailable": Trouble("APNs is unavailable.", WAIT_FOR_APPLE),
    "TooManyRequests": Trouble(
        "APNs asks to slow down: too many pushes went to one phone in a row.",
        f"Send less often to the same phone, or use a Live Activity. {QUEUED}",
    ),
    "TooManyProviderTokenUpdates": Trouble(
        "APNs has seen too many different provider tokens of this key lately.",
        f"Another program seems to use the same key with a token of its own. {QUEUED}",
    ),
    "SenderFault": Trouble(
        "The delivery service met a fault of its own.", f"Its log has the traceback: please report it. {QUEUED}"
    ),
}


def trouble(reason: str | None) -> Trouble:
    """What the reason of the last failed attempt means; None if there was no attempt."""
    if not reason:
        return NOT_TRIED
    known = BY_REASON.get(reason)
    if known is not None:
        return known
    return DELIVERY_AWAY if reason.startswith(DELIVERY_PREFIX) else UNKNOWN
