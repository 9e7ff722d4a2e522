"""Times, relative to now as `5 minutes ago`, and exact ones. The browser writes them, in the person's time zone."""

import datetime as dt
import re

from google.protobuf.timestamp_pb2 import Timestamp
from nicegui import ui

from admin_ui.components.html import text
from admin_ui.texts import _

WRITTEN = re.compile(r"(?:(\d{4}-\d\d-\d\d) )?\b(\d\d:\d\d:\d\d) UTC\b")
"""A time as core's explanations have it."""


def ago(moment: Timestamp | None, never: str = _("never")) -> ui.element:
    """How long ago it was, or how soon it will be, with the exact time as tooltip; `never` if there is none."""
    if moment is None or moment == Timestamp():
        return text(never, "muted")
    return _time(moment, "time")


def at(moment: Timestamp) -> ui.element:
    """The exact time, with the same in UTC as tooltip."""
    return _time(moment, "exact-time")


def with_times(told: str, day: dt.datetime) -> None:
    """A sentence of core's. Times in it, which are in UTC and of the day `day` unless they say otherwise, are shown in
    the person's time zone."""
    end = 0
    for found in WRITTEN.finditer(told):
        if before := told[end : found.start()]:
            text(before)
        date, time = found.groups()
        moment = Timestamp()
        moment.FromDatetime(dt.datetime.fromisoformat(f"{date or day.astimezone(dt.UTC).date()}T{time}+00:00"))
        at(moment)
        end = found.end()
    if rest := told[end:]:
        text(rest)


def _time(moment: Timestamp, kind: str) -> ui.element:
    iso = moment.ToDatetime(dt.UTC).isoformat(timespec="milliseconds")
    element = text(iso[:16].replace("T", " ") + " UTC", kind, "time")
    element.props["datetime"] = iso
    return element
