"""When a push is tried again."""

import random

CAP_SECONDS = 15.0
MAX_DOUBLINGS = 16


def delay_seconds(retry_after_seconds: float, attempts: int, jitter: random.Random) -> float:
    """Seconds until the next attempt.

    `retry_after_seconds` is the least wait that the reason of the failure asks for (Apple asks for 15 minutes after a
    5xx); it doubles with each of the `attempts` made so far, up to 15 seconds or four times the least wait, whichever
    is more, so that an outage's end is noticed soon and a struggling APNs is left alone. Up to a tenth is added at
    random, lest everything come back at the same instant.
    """
    least = max(retry_after_seconds, 0.5)
    doubled = least * 2.0 ** min(max(attempts, 0), MAX_DOUBLINGS)
    return min(doubled, max(CAP_SECONDS, 4 * least)) * (1 + jitter.random() / 10)
