"""Limits how often something happens on a phone within an hour."""

WINDOW_SECONDS = 3600.0
MAX_REMEMBERED = 1000


def spend(moments: list[float], now: float, limit: int | None) -> bool:
    """Whether `limit` (at most 1,000; None: no limit) allows one more within the last 60 minutes. Counts it if so.

    `moments` are the UNIX seconds of those before, oldest first; it is pruned and appended to.
    """
    while moments and (moments[0] <= now - WINDOW_SECONDS or len(moments) > MAX_REMEMBERED):
        del moments[0]
    if limit is not None and len(moments) >= limit:
        return False
    moments.append(now)
    return True
