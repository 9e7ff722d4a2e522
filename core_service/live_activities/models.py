"""Tables of Live Activities."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Index, SmallInteger, Text, Uuid, false, text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now


class Phase(StrEnum):
    """How far a device has come with an activity."""

    REQUESTED = "requested"
    """The push that starts it is owed, or its outcome is unknown."""
    STARTED = "started"
    """APNs accepted the start, or the app has reported the activity; no update token is known."""
    LIVE = "live"
    """There is an update token."""
    ENDED = "ended"
    """Over: APNs accepted the end, or there is nothing to end."""
    DISMISSED = "dismissed"
    """The person removed it."""
    FAILED = "failed"
    """APNs will never accept its start."""


class LiveActivity(SQLModel, table=True):
    """What phones should show, in its newest version."""

    __tablename__ = "live_activities"
    __table_args__ = (
        Index("live_activities_active_idx", "account_id", postgresql_where=text("ended_at IS NULL")),
        Index("live_activities_dismiss_at_idx", "account_id", "dismiss_at"),
        Index("live_activities_stream_id_idx", "stream_id", postgresql_where=text("stream_id IS NOT NULL")),
        Index("live_activities_due_at_idx", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        # No column that changes with every update may be indexed: PostgreSQL would write all indexes with each update.
        Index(
            "live_activities_ended_idx", "account_id", "ended_at", "id", postgresql_where=text("ended_at IS NOT NULL")
        ),
        Index(
            "live_activities_stream_key_idx",
            "account_id",
            "stream_key",
            postgresql_where=text("stream_key IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    """32 random URL-safe characters."""
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    stream_id: uuid.UUID | None = None
    """The stream that it shows; null if it is managed by its backend."""
    stream_key: str | None = None
    """The stream's key, which outlives the stream here."""
    started_by: uuid.UUID | None = None
    """The API key or the person that started it; null if the server did, or an older release."""
    replaces: str | None = None
    """The activity whose end waits for the start of this one."""
    channel_ids: list[uuid.UUID] | None = Field(default=None, sa_column=Column(ARRAY(Uuid)))
    channel_slugs: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    """The channels it was resolved to; null if it is for the whole account."""
    version: int = Field(default=1, sa_type=BigInteger)
    """Rises with every state, including the end."""
    content_state: str
    """JSON text, without the button."""
    action: str | None = None
    """The present button as JSON text, with all that its webhook needs."""
    secondary_action: str | None = None
    """The second button, likewise."""
    tags: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    """Words by which it is found, as they were written."""
    metadata_: str | None = Field(default=None, sa_column=Column("metadata", Text))
    """JSON text of the sender's notes."""
    alert: str | None = None
    """JSON text of the last alert."""
    alert_version: int = Field(default=0, sa_type=BigInteger)
    """The version that brought the alert. Devices behind it are told."""
    alert_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    urgent_version: int = Field(default=0, sa_type=BigInteger)
    """The last version that changed more than a number. Devices behind it get a push of high priority."""
    dismiss_after_seconds: int | None = None
    """How long it stays after its end, if a backend said so."""
    updates: int = 0
    """States that backends have sent after the first."""
    quiet_start: bool = False
    """Its start makes no sound: the person has seen it before, as another activity."""
    by_broadcast: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Phones listen to a channel of it at Apple (`LiveActivityBroadcast`)."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    updated_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    heard_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    """When a backend last sent a state, even an unchanged one; exact to a few minutes."""
    expires_at: dt.datetime = Field(sa_type=Timestamp)
    """When iOS ends it by itself."""
    ended_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    dismiss_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When it leaves the screen after its end."""
    due_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When something about it changes because time has passed."""


class LiveActivityDevice(SQLModel, table=True):
    """One activity on one device. The activity's version is what is wanted; what was done is in this row."""

    __tablename__ = "live_activity_devices"
    __table_args__ = (
        CheckConstraint(
            "phase IN ('requested', 'started', 'live', 'ended', 'dismissed', 'failed')",
            name="live_activity_devices_phase_check",
        ),
        Index("live_activity_devices_next_idx", "account_id", "next_at", postgresql_where=text("next_at IS NOT NULL")),
        Index("live_activity_devices_device_id_idx", "device_id"),
    )

    activity_id: str = Field(primary_key=True, foreign_key="live_activities.id", ondelete="CASCADE")
    device_id: uuid.UUID = Field(primary_key=True, foreign_key="devices.id", ondelete="CASCADE")
    account_id: uuid.UUID
    """Claims are fair between accounts."""
    user_id: uuid.UUID
    phase: str
    update_token: str | None = None
    """Of a browser: its subscription, once its start was accepted."""
    update_token_registered_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    broadcast_channel_id: str | None = None
    """The channel at Apple that it listens to, or will from its start on. It has no update token then."""
    maybe_shown: bool = False
    """A push that starts it was sent, and APNs has not refused it."""
    accepted_version: int = Field(default=0, sa_type=BigInteger)
    """The newest version that APNs accepted, or will never accept."""
    sent_version: int = Field(default=0, sa_type=BigInteger)
    sent_event: str | None = None
    """`start`, `update` or `end`: the last push, with `sent_version`, `timestamp` and `apns_id`."""
    timestamp: int = Field(default=0, sa_type=BigInteger)
    """`aps.timestamp` of the last push, UNIX seconds. Rises strictly with every other state."""
    apns_id: uuid.UUID = Field(default_factory=new_id)
    attempt: int = Field(default=0, sa_type=BigInteger)
    """Counts pushes. Only the outcome of the last one schedules anything."""
    failures: int = 0
    """Pushes since the last one that APNs accepted. Those that failed only because of the server's settings count as
    one. The wait before a repetition doubles with it."""
    leased: bool = False
    """A push is in flight; `next_at` is the end of its lease."""
    next_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When to look at it again; null while nothing is owed, or something else must happen first."""
    paced_until: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """Before this no further update is sent that brings a mere tick; see state/pace.py."""
    successor: str | None = None
    """The activity that replaces it. The end of this one waits until that one has started or cannot start any more."""
    end_after: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """After this the end waits no longer."""
    started_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When APNs accepted the start."""
    reason: str | None = None
    """Why the last push was not accepted, in APNs' words or ours."""
    withdrawn_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When the phone stopped being this device. The phase is `ended` since then, and no state is sent any more."""


class LiveActivityBroadcast(SQLModel, table=True):
    """A channel at Apple by which one push reaches all phones of an activity that have the same app and environment
    (iOS 18). It is owed to Apple that it is deleted, so the row outlives its activity and its account."""

    __tablename__ = "live_activity_broadcasts"
    __table_args__ = (
        CheckConstraint(
            "state IN ('creating', 'open', 'closing', 'deleting')", name="live_activity_broadcasts_state_check"
        ),
        Index("live_activity_broadcasts_activity_id_idx", "activity_id"),
        Index("live_activity_broadcasts_account_id_idx", "account_id"),
        Index("live_activity_broadcasts_next_idx", "next_at", postgresql_where=text("next_at IS NOT NULL")),
    )

    id: uuid.UUID = Field(primary_key=True)
    account_id: uuid.UUID | None = None
    """Null once the account is deleted."""
    activity_id: str
    environment: str
    bundle_id: str | None = None
    channel_id: str | None = None
    """As Apple wrote it; null until it is made."""
    state: str
    """`creating`; `open`; `closing`: its last message, an end, is owed, because a phone that listens may not any more;
    `deleting`."""
    accepted_version: int = Field(default=0, sa_type=BigInteger)
    """The newest version that APNs accepted, or will never accept, and all phones have listened to."""
    sent_version: int = Field(default=0, sa_type=BigInteger)
    sent_event: str | None = None
    """`update` or `end`: the last message, with `sent_version`, `timestamp` and `request_id`."""
    timestamp: int = Field(default=0, sa_type=BigInteger)
    """`aps.timestamp` of the last message, UNIX seconds: above that of every start before it."""
    request_id: uuid.UUID
    attempt: int = Field(default=0, sa_type=BigInteger)
    failures: int = 0
    leased: bool = False
    next_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """As of a device."""
    paced_until: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    urgent_sent_at: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    """UNIX seconds of its messages of high priority within the last hour, oldest first."""
    repeats: bool = False
    """A phone has begun to listen while a message was on its way, and may have missed it: it is sent once more."""
    successor: str | None = None
    end_after: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """As of a device."""
    reason: str | None = None
    gone_at: dt.datetime = Field(sa_type=Timestamp)
    """When the cards have left all screens at the latest."""


class LiveActivityWithdrawal(SQLModel, table=True):
    """A card that must leave the screen of a phone which may no longer show it: an end that is owed to its update
    token. It holds all parts of the push, because its device may be gone."""

    __tablename__ = "live_activity_withdrawals"
    __table_args__ = (
        Index("live_activity_withdrawals_next_idx", "next_at"),
        Index("live_activity_withdrawals_account_id_idx", "account_id"),
    )

    update_token: str = Field(primary_key=True)
    """Of a browser, all of whose cards have one token: followed by a space and the activity's id."""
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    activity_id: str
    device_id: uuid.UUID
    user_id: uuid.UUID
    environment: str
    bundle_id: str | None = None
    timestamp: int = Field(sa_type=BigInteger)
    """`aps.timestamp`, UNIX seconds: above that of every push to the card."""
    apns_id: uuid.UUID
    attempts: int = 0
    next_at: dt.datetime = Field(sa_type=Timestamp)
    """When to send it; while it is being sent, the end of its lease."""
    gone_at: dt.datetime = Field(sa_type=Timestamp)
    """When iOS takes the card off the screen by itself."""


class LiveActivityVersion(SQLModel, table=True):
    """A state that an activity had. It is a ring: the 51st version replaces the first. There is no foreign key,
    because each state would have to look the activity up."""

    __tablename__ = "live_activity_versions"
    __table_args__ = (
        CheckConstraint("event IN ('start', 'update', 'end')", name="live_activity_versions_event_check"),
    )

    activity_id: str = Field(primary_key=True)
    slot: int = Field(primary_key=True, sa_type=SmallInteger)
    """`version` modulo 50. States that were written together leave the slots between as they were."""
    id: uuid.UUID
    """Sorts by time, together with the attempts of the delivery log."""
    version: int = Field(sa_type=BigInteger)
    event: str
    content_state: str
    recorded_at: dt.datetime = Field(sa_type=Timestamp)


class LiveActivityAction(SQLModel, table=True):
    """A button that an activity has or had. The phone knows its id; a webhook's URL and body stay here."""

    __tablename__ = "live_activity_actions"
    __table_args__ = (
        CheckConstraint("type IN ('open_url', 'webhook')", name="live_activity_actions_type_check"),
        CheckConstraint("method IN ('GET', 'POST')", name="live_activity_actions_method_check"),
        Index("live_activity_actions_activity_id_idx", "activity_id"),
    )

    id: uuid.UUID = Field(primary_key=True)
    activity_id: str = Field(foreign_key="live_activities.id", ondelete="CASCADE")
    title: str
    type: str
    url: str
    method: str | None = None
    body: str | None = None
    """JSON text of the webhook's body, as the sender wrote it."""


class LiveActivityStream(SQLModel, table=True):
    """Something ongoing that a backend names by a key."""

    __tablename__ = "live_activity_streams"
    __table_args__ = (Index("live_activity_streams_key_idx", "account_id", "stream_key", unique=True),)

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    stream_key: str
    activity_id: str | None = None
    """The newest activity that shows it, also if it is over; null before the first."""
    paused_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    held: str | None = None
    """While it is paused: JSON text of the state to show when it is resumed."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)


class PushBudget(SQLModel, table=True):
    """High-priority pushes that a device got for its Live Activities within the last hour.

    There is no foreign key. The reconciler would have to wait for a transaction that unpairs the device, which waits
    for the reconciler.
    """

    __tablename__ = "live_activity_push_budgets"

    device_id: uuid.UUID = Field(primary_key=True)
    sent_at: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    """UNIX seconds, oldest first."""
