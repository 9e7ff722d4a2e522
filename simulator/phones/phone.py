"""One simulated iPhone."""

import json
import secrets
import time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from simulator.apns.directory import AcceptedPush, TokenDirectory
from simulator.phones.screen import Notification, Screen

MAX_DEAD_TOKENS = 100
LIVE_ACTIVITY_SUFFIX = ".push-type.liveactivity"


class PhoneSettings(BaseModel):
    """How the phone behaves."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    offline: bool = False
    """Unreachable: APNs keeps one push for it at most, and the app reaches no server."""
    notifications_enabled: bool = True
    """Whether the person allows notifications. If not, APNs accepts pushes and nothing is shown."""
    token_delay_seconds: Annotated[float, Field(ge=0, le=86_400)] | None = 0.0
    """How long the app takes to report a new token to the server; None: it never does."""


class StoredPush(BaseModel):
    """The one push that APNs keeps for a phone that is offline."""

    apns_id: str
    push_type: str
    collapse_id: str | None
    expiration: int | None
    body: str


class PhoneRecord(BaseModel):
    """What a phone is, apart from its screen."""

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
    dead_tokens: dict[str, int] = {}
    """Tokens no longer valid, and since when (milliseconds since the epoch). The newest are last."""
    tokens_reported: bool = False
    """Whether the gateway was told the current tokens."""
    installed: bool = True
    settings: PhoneSettings = PhoneSettings()


class ScreenRecord(BaseModel):
    """What a phone shows, and what waits for it, as it is kept between runs."""

    badge: int = 0
    notifications: list[Notification] = []
    stored: StoredPush | None = None


def fresh_token() -> str:
    """A token as APNs issues them today: 32 random bytes in hexadecimal."""
    return secrets.token_hex(32)


class Phone:
    """A phone with the app on it. APNs hands it the pushes for its tokens."""

    def __init__(self, record: PhoneRecord, screen: ScreenRecord, directory: TokenDirectory) -> None:
        self.record = record
        self.badge = screen.badge
        self.screen = Screen(screen.notifications)
        self.changed = False
        """The screen was changed since it was last saved."""
        self._stored = screen.stored
        self._directory = directory
        self._register()

    # --- what APNs does to it ---

    def receive(self, token: str, push: AcceptedPush) -> None:
        """Takes a push: shown at once, kept by APNs while the phone is offline, or ignored, as iOS would."""
        if token != self.record.push_token or push.push_type != "alert":
            return
        if not self.record.settings.offline:
            self._show(push)
        elif push.expiration != 0:
            # APNs keeps one push for each device and app; the latest wins.
            self._stored = StoredPush(
                apns_id=push.apns_id,
                push_type=push.push_type,
                collapse_id=push.collapse_id,
                expiration=push.expiration,
                body=push.body.decode(),
            )
            self.changed = True

    def _show(self, push: AcceptedPush) -> None:
        if not self.record.settings.notifications_enabled:
            return
        aps = push.document.get("aps")
        if not isinstance(aps, dict):
            return
        self.changed = True
        badge = aps.get("badge")
        if type(badge) is int and badge >= 0:
            self.badge = badge
        if aps.get("alert"):
            self.screen.show(push, time.time())

    def _collect_stored(self) -> None:
        stored, self._stored = self._stored, None
        if stored is None:
            return
        self.changed = True
        if stored.expiration is None or stored.expiration > time.time():
            document = _decode(stored.body)
            self._show(
                AcceptedPush(
                    apns_id=stored.apns_id,
                    push_type=stored.push_type,
                    collapse_id=stored.collapse_id,
                    expiration=stored.expiration,
                    body=stored.body.encode(),
                    document=document,
                )
            )

    # --- what its owner does to it ---

    def apply(self, settings: PhoneSettings) -> None:
        """Changes its settings. Back online it gets what APNs kept for it, unless that has expired."""
        was_offline = self.record.settings.offline
        self.record.settings = settings
        if was_offline and not settings.offline:
            self._collect_stored()

    def rotate_token(self) -> None:
        """APNs issues a new push token; the old one is dead from now on."""
        self._kill(self.record.push_token)
        self.record.push_token = fresh_token()
        self.record.tokens_reported = False
        self._directory.issue(self.record.push_token, self.record.bundle_id, self)

    def uninstall(self) -> None:
        """Removes the app: its tokens are dead, and nobody tells the server."""
        if self.record.installed:
            self.record.installed = False
            self._kill(self.record.push_token)
            self._kill(self.record.push_to_start_token)

    def forget_tokens(self) -> None:
        """Removes all its tokens, dead ones included, from APNs."""
        for token in (self.record.push_token, self.record.push_to_start_token, *self.record.dead_tokens):
            self._directory.forget(token)

    def screen_record(self) -> ScreenRecord:
        """Its screen as it is to be kept."""
        return ScreenRecord.model_construct(badge=self.badge, notifications=self.screen.newest(), stored=self._stored)

    # --- tokens ---

    def _register(self) -> None:
        record = self.record
        for token, since in record.dead_tokens.items():
            self._directory.issue(token, record.bundle_id, self, since)
        if record.installed:
            self._directory.issue(record.push_token, record.bundle_id, self)
            self._directory.issue(record.push_to_start_token, record.bundle_id + LIVE_ACTIVITY_SUFFIX, self)

    def _kill(self, token: str) -> None:
        now = time.time_ns() // 1_000_000
        dead = self.record.dead_tokens
        dead[token] = now
        self._directory.invalidate(token, now)
        while len(dead) > MAX_DEAD_TOKENS:
            oldest = next(iter(dead))
            del dead[oldest]
            self._directory.forget(oldest)


def _decode(body: str) -> dict[str, Any]:
    document = json.loads(body)
    return document if isinstance(document, dict) else {}
