"""Tables of phones and the codes that pair them."""

import datetime as dt
import uuid
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from core_service.common.orm import Timestamp, new_id, now
from service_kit.web_push import PushService

REACHABLE = "push_token IS NOT NULL AND push_token_dead_reason IS NULL"
"""The SQL condition under which a device can be sent an alert; the partial index below serves it."""

BROWSERS = "web_"
"""What the environments of browsers begin with."""


class Environment(StrEnum):
    """What issued a token: a push environment of Apple, or the push service of a browser."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"
    WEB_APPLE = "web_apple"
    WEB_GOOGLE = "web_google"
    WEB_MOZILLA = "web_mozilla"
    WEB_MICROSOFT = "web_microsoft"
    WEB_OTHER = "web_other"

    @property
    def push_service(self) -> PushService | None:
        """The push service of a browser; None for a phone with the app."""
        return PushService(self.value.removeprefix(BROWSERS)) if self.value.startswith(BROWSERS) else None

    @property
    def is_browser(self) -> bool:
        """Whether a device of it is a browser, and no phone with the app."""
        return self.push_service is not None

    @classmethod
    def of(cls, service: PushService) -> "Environment":
        """The environment of browsers of this push service."""
        return cls(f"{BROWSERS}{service}")


STACKING = Environment.of(PushService.APPLE)
"""Browsers on which no notification takes the place of another (`PushService.replaces`)."""


def is_browser(environment: str) -> str:
    """The SQL condition for a device that is a browser, by the column of its environment."""
    return f"COALESCE(starts_with({environment}, '{BROWSERS}'), false)"


class Device(SQLModel, table=True):
    """A paired phone. Its tokens change over time. A dead token stays until the app reports a new one."""

    __tablename__ = "devices"
    __table_args__ = (
        CheckConstraint(
            "environment IN ('production', 'sandbox', 'web_apple', 'web_google', 'web_mozilla', 'web_microsoft',"
            " 'web_other')",
            name="devices_environment_check",
        ),
        Index("devices_account_id_idx", "account_id", "id"),
        Index("devices_reachable_idx", "account_id", postgresql_where=text(REACHABLE)),
        # A phone that was paired twice must not get each push twice.
        Index(
            "devices_push_token_key",
            "account_id",
            "push_token",
            unique=True,
            postgresql_where=text("push_token IS NOT NULL"),
        ),
        # A report takes the token away from the device that had it, in any account.
        Index("devices_push_token_idx", "push_token", postgresql_where=text("push_token IS NOT NULL")),
        Index(
            "devices_push_to_start_token_idx",
            "push_to_start_token",
            postgresql_where=text("push_to_start_token IS NOT NULL"),
        ),
        Index(
            "devices_push_token_doubt_idx",
            "id",
            postgresql_where=text("push_token_dead_reason IS NOT NULL AND push_token_died_under IS NOT NULL"),
        ),
        Index(
            "devices_push_to_start_token_doubt_idx",
            "id",
            postgresql_where=text(
                "push_to_start_token_dead_reason IS NOT NULL AND push_to_start_token_died_under IS NOT NULL"
            ),
        ),
        Index("devices_user_id_idx", "user_id"),
        Index("devices_paired_by_idx", "paired_by", postgresql_where=text("paired_by IS NOT NULL")),
        Index("devices_live_activities_idx", "account_id", postgresql_where=text("push_to_start_token IS NOT NULL")),
    )

    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    user_id: uuid.UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    name: str
    secret_hash: bytes = Field(unique=True)
    environment: str | None = None
    bundle_id: str | None = None
    """The app's; of a browser, the URL of the page that it receives with."""
    os_version: str | None = None
    frequent_pushes_enabled: bool | None = None
    content_version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Which content states its app decodes: live_activities/state/older_apps.py."""
    push_token: str | None = None
    """An APNs device token; of a browser, its subscription (`service_kit.web_push.Subscription.token`), which is its
    push-to-start token too."""
    push_token_registered_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    push_token_dead_reason: str | None = None
    """APNs' reason for declaring the present push token dead."""
    push_token_died_under: str | None = None
    """Of a token that is dead, perhaps by the server's fault: under which configuration of the delivery service. See
    core_service/sending/revival.py."""
    push_to_start_token: str | None = None
    push_to_start_token_registered_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    push_to_start_token_dead_reason: str | None = None
    """APNs' reason for declaring the present push-to-start token dead."""
    push_to_start_token_died_under: str | None = None
    tokens_taken_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When another device of this server reported its tokens: the phone is that device now. Null once this one reports
    again."""
    created_at: dt.datetime = Field(default_factory=now, sa_type=Timestamp)
    last_seen_at: dt.datetime | None = Field(default=None, sa_type=Timestamp)
    """When the phone last called, to the minute."""
    paired_by: uuid.UUID | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    """The person who made the code that paired it; None if unknown."""


class PairingCode(SQLModel, table=True):
    """A short-lived code that pairs one phone."""

    __tablename__ = "pairing_codes"
    __table_args__ = (
        Index("pairing_codes_expires_at_idx", "expires_at"),
        Index("pairing_codes_user_id_idx", "user_id"),
        Index("pairing_codes_account_id_idx", "account_id"),
        Index("pairing_codes_created_by_idx", "created_by", postgresql_where=text("created_by IS NOT NULL")),
    )

    code_hash: bytes = Field(primary_key=True)
    account_id: uuid.UUID = Field(foreign_key="accounts.id", ondelete="CASCADE")
    user_id: uuid.UUID = Field(foreign_key="users.id", ondelete="CASCADE")
    created_by: uuid.UUID | None = Field(default=None, foreign_key="users.id", ondelete="CASCADE")
    """The person who made it, for themselves or for another person; None if an older release made it."""
    expires_at: dt.datetime = Field(sa_type=Timestamp)
