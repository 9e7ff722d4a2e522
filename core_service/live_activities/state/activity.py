"""Activities and streams as they stand in the database."""

import base64
import datetime as dt
import hashlib
import json
import re
import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from core_service.identity.principal import ChannelRef, Sender, SessionPrincipal

LIFETIME = dt.timedelta(hours=8)
"""After this iOS ends an activity by itself (Apple, "Displaying live data with Live Activities")."""

REMAINS = dt.timedelta(hours=4)
"""How long iOS leaves an ended activity on the Lock Screen at most."""

DEFAULT_DISMISSAL_SECONDS = 180

MANY_UPDATES = 12
OFTEN = dt.timedelta(minutes=2)
WARNING = (
    "This Live Activity gets more than one update every 2 minutes. iPhones may show updates late or skip some; "
    "the last one is always delivered."
)


ACTIVITY_ID = re.compile(r"[A-Za-z0-9_-]{32}")


def new_activity_id() -> str:
    """32 random URL-safe characters."""
    return secrets.token_urlsafe(24)


def activity_id_of(resource_id: uuid.UUID) -> str:
    """The identifier of the activity that is made as this resource, always the same: 32 URL-safe characters that
    nobody can guess who does not know the resource's."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"live activity" + resource_id.bytes).digest()[:24]).decode()


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity's row, in the order of `queries.ACTIVITY_COLUMNS`."""

    id: str
    account_id: uuid.UUID
    stream_id: uuid.UUID | None
    replaces: str | None
    channel_ids: list[uuid.UUID] | None
    channel_slugs: list[str] | None
    version: int
    content_state: str
    action: str | None
    alert: str | None
    alert_version: int
    alert_at: dt.datetime | None
    urgent_version: int
    dismiss_after_seconds: int | None
    updates: int
    quiet_start: bool
    created_at: dt.datetime
    heard_at: dt.datetime
    expires_at: dt.datetime
    ended_at: dt.datetime | None
    dismiss_at: dt.datetime | None

    @property
    def fields(self) -> dict[str, Any]:
        """The content state, decoded."""
        fields: dict[str, Any] = json.loads(self.content_state)
        return fields

    @property
    def channels(self) -> tuple[ChannelRef, ...] | None:
        """The channels it is for; None for the whole account."""
        if self.channel_ids is None or self.channel_slugs is None:
            return None
        return tuple(map(ChannelRef, self.channel_ids, self.channel_slugs))

    def over(self, now: dt.datetime) -> bool:
        """Whether it takes no more updates: it was ended, or iOS has ended it."""
        return self.ended_at is not None or self.expires_at <= now

    def within_reach(self, caller: Sender) -> bool:
        """Whether the key may reach everybody whom the activity is for."""
        return self.account_id == caller.account_id and within_scope(caller, self.channel_ids)

    def warning(self, now: dt.datetime) -> str | None:
        """What its backend should know about its updates, this one counted."""
        updates = self.updates + 1
        often = updates > MANY_UPDATES and now - self.created_at < OFTEN * updates
        return WARNING if often else None


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream's row, and the newest activity that shows it."""

    id: uuid.UUID
    account_id: uuid.UUID
    stream_key: str
    activity_id: str | None
    paused_at: dt.datetime | None
    held: str | None
    activity: Activity | None


def starter(caller: Sender) -> uuid.UUID:
    """The API key or the person that starts an activity."""
    return caller.user_id if isinstance(caller, SessionPrincipal) else caller.api_key_id


def within_scope(caller: Sender, channel_ids: list[uuid.UUID] | None) -> bool:
    """Whether the key may reach all of the channels; None stands for the whole account."""
    if caller.channels is None:
        return True
    return channel_ids is not None and {channel.id for channel in caller.channels} >= set(channel_ids)
