"""Times as protobuf carries them."""

import datetime as dt
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from service_kit.errors import InvalidRequest

LATEST = 253_402_300_799
"""Seconds of the last moment of the year 9999."""


def to_timestamp(time: dt.datetime | None) -> Timestamp | None:
    """The same moment; None stays None, which leaves a field out."""
    if time is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp


def read_time(message: Any, field: str) -> dt.datetime | None:
    """The moment in this field of a message; None if it is not set.

    Raises InvalidRequest if it is before 1970 or after 9999.
    """
    if not message.HasField(field):
        return None
    timestamp = getattr(message, field)
    if not 0 <= timestamp.seconds <= LATEST or not 0 <= timestamp.nanos < 1_000_000_000:
        raise InvalidRequest.at(field, "must be a time from 1970 to 9999")
    return dt.datetime.fromtimestamp(timestamp.seconds, dt.UTC) + dt.timedelta(microseconds=timestamp.nanos // 1000)
