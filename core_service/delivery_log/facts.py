"""What is known of something on a device, and what can be said about it."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from core_service.delivery_log.wording import OF_BROWSER, OF_PHONE, Wording
from core_service.devices.models import Environment
from service_kit.web_push import PushService


class VerdictCode(StrEnum):
    """What can be said about a subject on a device."""

    ACCEPTED = "accepted"
    RETRYING = "retrying"
    WAITING_FOR_UPDATE_TOKEN = "waiting_for_update_token"  # noqa: S105 - a name, no secret
    WAITING_FOR_START_TOKEN = "waiting_for_start_token"  # noqa: S105 - a name, no secret
    STREAM_PAUSED = "stream_paused"
    TOKEN_DEAD = "token_dead"  # noqa: S105 - a name, no secret
    REJECTED = "rejected"
    EXPIRED = "expired"
    DISMISSED = "dismissed"
    ENDED = "ended"
    MISCONFIGURED = "misconfigured"
    NOT_A_RECIPIENT = "not_a_recipient"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said, and what a person could do about it."""

    code: VerdictCode
    explanation: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What is known of a device's tokens."""

    has_push_token: bool
    push_token_dead_reason: str | None
    has_start_token: bool
    start_token_dead_reason: str | None
    tokens_taken_at: dt.datetime | None = None
    """Since when the phone is another device, which has its tokens."""
    environment: str | None = None
    """Of its tokens; None if it has never reported any."""

    @property
    def service(self) -> PushService | None:
        """The push service of a browser; None for a phone with the app, and as long as that is not known."""
        return None if self.environment is None else Environment(self.environment).push_service

    @property
    def words(self) -> Wording:
        """What to call things."""
        return OF_PHONE if self.service is None else OF_BROWSER


@dataclass(frozen=True, slots=True)
class NotificationFacts:
    """What is known of a notification on a device; `state` is None if it was not for the device."""

    expires_at: dt.datetime
    state: str | None
    due_at: dt.datetime | None
    attempts: int | None
    reason: str | None
    settled_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    """What is known of a Live Activity on a device; `phase` is None if it was not for the device."""

    version: int
    ended_at: dt.datetime | None
    expires_at: dt.datetime
    paused_at: dt.datetime | None
    """Since when the stream is paused whose newest activity it is."""
    phase: str | None
    accepted_version: int | None
    leased: bool | None
    next_at: dt.datetime | None
    failures: int | None
    reason: str | None
    started_at: dt.datetime | None
    withdrawn_at: dt.datetime | None = None
    """When the phone ceased to be this device."""
    by_broadcast: bool | None = False
    """It listens to a broadcast channel; `accepted_version` is what Apple took for all that do."""
