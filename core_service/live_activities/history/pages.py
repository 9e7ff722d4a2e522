"""Page tokens of lists of Live Activities."""

import datetime as dt
import re

from core_service.common.paging import read_key, write_token

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
LATEST = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)

MOMENT = re.compile(r"[0-9]{1,17} [A-Za-z0-9_-]{1,64}")
STREAM_KEY = re.compile(r"[A-Za-z0-9_-]{1,255}")


def read_moment(token: str | None) -> tuple[dt.datetime, str]:
    """When the last activity of the page before changed, and its id; later than all without a token.

    Raises InvalidRequest if the token was not made by this server.
    """
    key = read_key(token, MOMENT)
    if key is None:
        return LATEST, ""
    moment, activity_id = key.split(" ")
    return EPOCH + int(moment) * MICROSECOND, activity_id


def write_moment(moment: dt.datetime, activity_id: str) -> str:
    """The token that `read_moment` reads."""
    return write_token(f"{(moment - EPOCH) // MICROSECOND} {activity_id}")


def read_stream_key(token: str | None) -> str:
    """The key of the last stream of the page before; one that sorts before all without a token.

    Raises InvalidRequest if the token was not made by this server.
    """
    return read_key(token, STREAM_KEY) or ""
