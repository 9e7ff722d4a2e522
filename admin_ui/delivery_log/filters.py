"""What a list of the delivery log is limited to. It is kept in the address, so that a reload, a way back and a shared
link show the same list."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from google.protobuf.timestamp_pb2 import Timestamp

from admin_ui.components.search import MAX_SEARCH
from admin_ui.texts import _

MOST_CHARACTERS = 200
"""Most characters of a value in the address. Core refuses what is no id."""
CHOSEN_DAYS = "chosen"
PERIODS: Mapping[str, tuple[str, dt.timedelta | None]] = {
    "": (_("Any time"), None),
    "1h": (_("Last hour"), dt.timedelta(hours=1)),
    "24h": (_("Last 24 hours"), dt.timedelta(days=1)),
    "7d": (_("Last 7 days"), dt.timedelta(days=7)),
    CHOSEN_DAYS: (_("From … to …"), None),
}
"""Name and length, by what the address says."""
EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class LogFilters:
    """An empty value matches all. The names are those in the address."""

    q: str = ""
    """A text to find."""
    outcome: str = ""
    """A word of the list's own."""
    period: str = ""
    since: str = ""
    """A moment, as ISO 8601. With the period `chosen` only."""
    until: str = ""
    device: str = ""
    """An id."""
    channel: str = ""
    """A slug."""
    api_key: str = ""
    """An id."""
    tag: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "LogFilters":
        """From the parameters of an address. What cannot be a period or a time is left out."""
        given = {field.name: query.get(field.name, "")[:MOST_CHARACTERS] for field in fields(cls)}
        given["q"] = given["q"][:MAX_SEARCH]
        if given["period"] not in PERIODS:
            given["period"] = ""
        for name in ("since", "until"):
            if given["period"] != CHOSEN_DAYS or read_moment(given[name]) is None:
                given[name] = ""
        return cls(**given)

    @property
    def query(self) -> str:
        """The end of an address, with its question mark; empty if nothing is limited."""
        given = {field.name: value for field in fields(self) if (value := getattr(self, field.name))}
        return f"?{urlencode(given)}" if given else ""

    def for_list(self, *, has_senders: bool) -> "LogFilters":
        """What holds for another list too: outcomes and tags are a list's own, and not all know channels and keys."""
        shared = replace(self, q="", outcome="", tag="")
        return shared if has_senders else shared.with_values(channel="", api_key="")

    def with_values(self, **values: str) -> "LogFilters":
        """The same, but for these values."""
        return replace(self, **values)

    def bounds(self, now: dt.datetime) -> dict[str, Any]:
        """The period as the fields `since` and `until` of core's requests; without those that are not bounded."""
        length = PERIODS[self.period][1]
        since = read_moment(self.since) if length is None else now - length
        return {
            name: _timestamp(moment)
            for name, moment in (("since", since), ("until", read_moment(self.until)))
            if moment is not None
        }


def read_moment(written: str) -> dt.datetime | None:
    """The moment; None if it is none, or before 1970."""
    try:
        moment = dt.datetime.fromisoformat(written)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return moment.astimezone(dt.UTC) if moment.year > EARLIEST.year else None


def _timestamp(moment: dt.datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
