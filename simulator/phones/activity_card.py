"""One Live Activity on the screen, and its changes by time and pushes.

Source of the limits: Apple, "Displaying live data with Live Activities": 8 hours active, then up to 4 hours more on the
Lock Screen.
"""

from typing import Any, Literal

from pydantic import BaseModel

from simulator.phones.content_state import ContentState

ACTIVE_SECONDS = 8 * 3600.0
"""Seconds that an activity may be active before iOS ends it."""
LINGER_SECONDS = 4 * 3600.0
"""Seconds that it may stay on the screen after its end."""
MAX_ALERTS = 20


class ActivityCard(BaseModel):
    """A Live Activity as a person sees it, and as the app knows it. Times are UNIX seconds of the phones' clock."""

    activity_id: str
    state: Literal["active", "ended"] = "active"
    content_state: dict[str, Any]
    """The API's keys, without the button."""
    actions: list[dict[str, Any]] = []
    timestamp: int
    """`aps.timestamp` of the last push applied."""
    started_at: float
    updated_at: float
    ended_at: float | None = None
    dismiss_at: float | None = None
    """When it leaves the screen; None while it is active."""
    update_token: str | None = None
    """None once the activity is over."""
    channel_id: str | None = None
    """The broadcast channel that it listens to, in the place of an update token (iOS 18)."""
    report: Literal["due", "taken", "refused"] = "due"
    """Whether the server has the update token; `refused`: the server does not know the activity for this phone."""
    updates: int = 0
    """Updates applied."""
    alerts: list[dict[str, str | None]] = []
    """The alerts that the phone showed with them, newest last."""
    relevance_score: float | None = None
    stale_at: float | None = None
    duplicate_starts: int = 0
    """Start pushes for this activity while it was on the screen: the app ends their cards at once."""

    def stale(self, now: float) -> bool:
        """Whether the card is shown as out of date."""
        return self.state == "active" and self.stale_at is not None and now >= self.stale_at

    def show(self, content: ContentState, timestamp: int, now: float) -> None:
        """Shows a state. The caller has checked that it is newer."""
        self.content_state = content.shown()
        self.actions = content.actions()
        self.timestamp = timestamp
        self.updated_at = now

    def say(self, alert: dict[str, str | None] | None) -> None:
        """Records the alert that the phone showed; None for none."""
        if alert is not None:
            self.alerts = [*self.alerts, alert][-MAX_ALERTS:]

    def end(self, now: float, dismissal: float | None) -> None:
        """Ends the activity; it leaves the screen at `dismissal`, but at most 4 hours after its end (also the default).

        One that has ended before leaves earlier if `dismissal` says so, never later.
        """
        if self.state == "active":
            self.state, self.ended_at, self.dismiss_at = "ended", now, now + LINGER_SECONDS
        if dismissal is not None and self.dismiss_at is not None:
            self.dismiss_at = min(self.dismiss_at, dismissal)

    def lapse(self, now: float) -> float | None:
        """Ends an active one whose 8 hours are over, and returns the moment of its end; otherwise None."""
        over_at = self.started_at + ACTIVE_SECONDS
        if self.state != "active" or now < over_at:
            return None
        self.end(over_at, None)
        return over_at

    def gone(self, now: float) -> bool:
        """Whether it has left the screen."""
        return self.dismiss_at is not None and now >= self.dismiss_at

    def next_change(self) -> float:
        """The next moment at which its state changes by time alone."""
        return self.started_at + ACTIVE_SECONDS if self.dismiss_at is None else self.dismiss_at
