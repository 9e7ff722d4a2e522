"""Times as protobuf carries them."""

import datetime as dt

from google.protobuf.timestamp_pb2 import Timestamp


def to_timestamp(time: dt.datetime | None) -> Timestamp | None:
    """The same moment; None stays None, which leaves a field out."""
    if time is None:
        return None
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp
