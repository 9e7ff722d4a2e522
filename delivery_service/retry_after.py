"""The header Retry-After of an HTTP answer (RFC 9110, 10.2.3)."""

import datetime as dt
from email.utils import parsedate_to_datetime

LONGEST = 3600.0
"""Seconds that are waited at most, whatever an answer asks for."""


def seconds_of(header: str, now: dt.datetime) -> float | None:
    """How long the header asks to wait, at most LONGEST: it has seconds or a date. None if it has neither."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:  # "-0000": the time is UTC, the sender's zone is not told
        moment = moment.replace(tzinfo=dt.UTC)
    return min(max(0.0, (moment - now).total_seconds()), LONGEST)
