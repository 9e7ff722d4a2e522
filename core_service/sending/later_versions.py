"""What is different about a push that replaces the content of a notification.

A device that has not got an earlier version gets the stored payload, which alerts as the original would have. A device
that has gets the silent form of it, made here when it is sent; but not a browser of Apple's, which would show a second
notification beside the first: only its page shows the later version.
"""

import datetime as dt
import uuid

import simplejson

from core_service.common.validation import write_json

REPLACEABLE = dt.timedelta(days=7)
"""For how long after it was sent a notification's content may be replaced."""
LEVEL = "interruption-level"
SILENT = "passive"
"""Apple's level of what neither sounds nor lights up the screen."""


def silent_form(payload: bytes) -> bytes:
    """The payload of an alert push, without what draws attention."""
    body = simplejson.loads(payload, use_decimal=True)
    body["aps"].pop("sound", None)
    body["aps"][LEVEL] = SILENT
    return write_json(body)


def apns_id_of(first: uuid.UUID, version: int) -> uuid.UUID:
    """The `apns-id` of a version, if that of the first one is `first`: the same on every attempt of the version."""
    return first if version == 1 else uuid.uuid5(first, str(version))
