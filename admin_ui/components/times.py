"""Times relative to now, such as `5 minutes ago`. The browser keeps them up to date, in the person's time zone."""

import datetime as dt

from google.protobuf.timestamp_pb2 import Timestamp
from nicegui import ui

from admin_ui.components.html import text


def ago(moment: Timestamp | None, never: str = "never") -> ui.element:
    """How long ago it was, or how soon it will be, with the exact time as tooltip; `never` if there is none."""
    if moment is None or moment == Timestamp():
        return text(never, "muted")
    iso = moment.ToDatetime(dt.UTC).isoformat(timespec="milliseconds")
    element = text(iso[:16].replace("T", " ") + " UTC", "time", "time")
    element.props["datetime"] = iso
    return element
