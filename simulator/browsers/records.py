"""A browser's data and settings, as they are saved."""

from pydantic import BaseModel, ConfigDict

from simulator.browsers.shown import Shown
from simulator.web_push.kinds import Kind
from simulator.web_push.subscriptions import SubscriptionRecord


class BrowserSettings(BaseModel):
    """How the browser behaves."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    offline: bool = False
    """Without network, or not running: the push service holds its messages, and the page cannot reach the server."""
    notifications_enabled: bool = True
    """Whether the person allows the page to notify. Taking that back ends the subscription."""
    page_open: bool = False
    """Whether the page is open and visible, which excuses pushes that show nothing; not on an iPhone."""
    worker_fails: bool = False
    """Whether the page's worker shows nothing, as if it had a fault: to see what the browser makes of that."""


class BrowserRecord(BaseModel):
    """Everything of a browser that outlives the process."""

    id: str
    kind: Kind
    name: str
    device_id: str
    device_token: str
    """The device's secret at the gateway."""
    page_url: str
    subscription: SubscriptionRecord | None = None
    """None while it has none."""
    keys: str | None = None
    """The subscription's private key and secret."""
    past: list[SubscriptionRecord] = []
    """Earlier subscriptions that the push service still knows, newest last."""
    reported: bool = False
    """Whether the server was told the present subscription."""
    dismissed: list[str] = []
    """Activities that the person dismissed and that are not reported to the server yet."""
    away: list[str] = []
    """Activities that the person dismissed, newest last: the worker does not bring them back."""
    versions: dict[str, int] = {}
    """The newest version of each notification and activity that was shown, newest last."""
    quiet: int = 0
    """Pushes that showed nothing, since the person last opened the page."""
    badge: int = 0
    shown: list[Shown] = []
    """What is on the screen, in the order in which it first appeared."""
    close_events: int = 0
    """How often the worker was told that a notification was closed."""
    dropped: dict[str, int] = {}
    """Pushes that changed nothing, by reason."""
    settings: BrowserSettings = BrowserSettings()
