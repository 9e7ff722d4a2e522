"""A phone's data and settings, as they are saved."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from simulator.phones.activity_card import ActivityCard
from simulator.phones.screen import Notification

Seconds = Annotated[float, Field(ge=0, le=86_400)]
PerHour = Annotated[int, Field(ge=0, le=1000)]


class PhoneSettings(BaseModel):
    """How the phone behaves."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    offline: bool = False
    """Without network: APNs stores one push for it at most, and the app cannot reach the server."""
    notifications_enabled: bool = True
    """Whether the person allows notifications. If not, APNs accepts pushes and nothing is shown."""
    token_delay_seconds: Seconds | None = 0.0
    """Seconds until the app reports a new push or push-to-start token to the server; None: it never does."""
    update_token_delay_seconds: Seconds | None = 0.0
    """Seconds until iOS and the app report the update token of a Live Activity; None: never, until this changes."""
    catches_up: bool = True
    """Whether the app asks the server what should be on the screen when the phone comes back online."""
    content_version: Literal[1, 2] = 2
    """Which content states of Live Activities the app decodes: those of March 2026, or of today."""
    frequent_pushes_enabled: bool = False
    """Whether the person allows frequent updates of Live Activities, which quadruples their budget."""
    start_budget_per_hour: PerHour | None = 20
    """Live Activities that iOS lets pushes start within 60 minutes; None: any number."""
    high_priority_budget_per_hour: PerHour | None = None
    """Pushes of priority 10 for Live Activities within 60 minutes; None: 15, or 60 with frequent pushes."""


class StoredPush(BaseModel):
    """The one push that APNs stores for a phone that is offline."""

    token: str = ""
    """The token that it was sent to; empty: the push token (files of earlier versions)."""
    apns_id: str
    push_type: str
    collapse_id: str | None
    expiration: int | None
    priority: int = 10
    body: str


class PhoneRecord(BaseModel):
    """A phone's data, apart from its screen."""

    id: str
    name: str
    device_id: str
    device_token: str
    """The device's secret at the gateway."""
    bundle_id: str
    environment: str = "sandbox"
    os_version: str = "18.2"
    push_token: str
    push_to_start_token: str
    silent_start_tokens: list[str] = []
    """Replaced push-to-start tokens that APNs still accepts, but without effect."""
    dead_tokens: dict[str, int] = {}
    """Tokens no longer valid, and since when (milliseconds since the epoch). The newest are last."""
    tokens_reported: bool = False
    """Whether the gateway was told the current tokens."""
    installed: bool = True
    widgets: list[dict[str, Any]] = []
    """What its widgets show: the account's metrics, as the app last read them."""
    settings: PhoneSettings = PhoneSettings()


class ScreenRecord(BaseModel):
    """A phone's notifications, and the push that APNs stores for it."""

    badge: int = 0
    notifications: list[Notification] = []
    stored: StoredPush | None = None


class LiveActivitiesRecord(BaseModel):
    """Live Activities, and the reports about them that the app still has to make."""

    cards: list[ActivityCard] = []
    """Oldest first."""
    dead_tokens: dict[str, int] = {}
    """Update tokens that are no longer valid, and since when (milliseconds since the epoch). The newest are last."""
    dismissed: list[str] = []
    """Activities that the person removed and that are not reported to the server yet."""
    start_moments: list[float] = []
    """UNIX seconds of the starts of the last hour."""
    high_priority_moments: list[float] = []
    """UNIX seconds of the pushes of priority 10 of the last hour."""
    catch_up_due: bool = False
    """Whether the app still has to ask the server what should be on the screen."""
    dropped: dict[str, int] = {}
    """Pushes of all kinds that changed nothing, by reason."""
