"""Times as protobuf carries them."""

import datetime as dt

from google.protobuf.timestamp_pb2 import Timestamp

from service_kit.errors import InvalidRequest

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def read_time(timestamp: Timestamp, field: str) -> dt.datetime:
    """The same moment, in UTC.

    Raises InvalidRequest if it is before 1970, which nothing here is, or beyond the year 9999.
    """
    try:
        moment = timestamp.ToDatetime(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        moment = EPOCH - dt.timedelta(days=1)
    if moment < EPOCH:
        raise InvalidRequest(f"{field} must be a time from 1970 to 9999")
    return moment


def to_timestamp(time: dt.datetime | None) -> Timestamp | None:
    """The same moment; None stays None, which leaves a field out."""
    if time is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp
