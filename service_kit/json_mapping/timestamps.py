"""Points in time as RFC 3339 text."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from service_kit.json_mapping.errors import FieldError, must_be

RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EXPECTED = "an RFC 3339 date and time such as 2025-08-12T12:00:00.000Z"


def fill_timestamp(target: Any, value: Any) -> None:
    """Sets `target` to the moment that `value` spells. Raises FieldError if it spells none."""
    if type(value) is not str or not RFC3339.fullmatch(value):
        raise must_be(EXPECTED, value)
    try:
        target.FromJsonString(value.upper())
    except (ValueError, OverflowError):
        raise FieldError(f"must be {EXPECTED}") from None
    target.SetInParent()


def render_timestamp(moment: Timestamp) -> str:
    """The moment in UTC to the millisecond, as the documentation writes it. Finer digits are cut off."""
    whole = (EPOCH + timedelta(seconds=moment.seconds)).isoformat()[:19]
    return f"{whole}.{moment.nanos // 1_000_000:03d}Z"
