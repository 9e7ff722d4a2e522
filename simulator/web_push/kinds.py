"""The three kinds of push services and browsers, and how they differ.

Sources: Apple, "Sending web push notifications in web apps and browsers"; MDN's browser-compat-data; Mozilla's
autopush documentation; and what real Firefox and Chromium did in tests.
"""

from dataclasses import dataclass
from enum import StrEnum

from simulator.web_push.vapid import VapidRules


class Kind(StrEnum):
    """Whose browser it is, and whose push service."""

    APPLE = "apple"
    """An app on an iPhone's home screen."""
    CHROME = "chrome"
    FIREFOX = "firefox"


@dataclass(frozen=True)
class Traits:
    """What a browser of a kind can do and does."""

    replaces: bool
    """Whether a notification takes the place of an earlier one with the same tag."""
    shows_by_itself: bool
    """Whether it shows a declarative message without asking the page's worker."""
    max_actions: int
    """Most buttons of a notification."""
    is_told_of_closing: bool
    """Whether the worker learns that a person has dismissed a notification."""
    closes_when_replacing: bool
    """Whether the worker is told so of replaced notifications too."""
    renews: bool
    """Whether the worker learns that the subscription is lost, and subscribes again without the page."""
    quiet_pushes: int
    """Pushes that may show nothing. What happens with the next one depends on the kind."""
    vapid: VapidRules


TRAITS = {
    Kind.APPLE: Traits(
        replaces=False, shows_by_itself=True, max_actions=0, is_told_of_closing=False, closes_when_replacing=False,
        renews=False, quiet_pushes=2, vapid=VapidRules(needs_subject=True, needs_reachable_subject=True),
    ),
    Kind.CHROME: Traits(
        replaces=True, shows_by_itself=False, max_actions=2, is_told_of_closing=True, closes_when_replacing=False,
        renews=True, quiet_pushes=1, vapid=VapidRules(needs_subject=False, needs_reachable_subject=False),
    ),
    Kind.FIREFOX: Traits(
        replaces=True, shows_by_itself=False, max_actions=2, is_told_of_closing=True, closes_when_replacing=True,
        renews=True, quiet_pushes=16, vapid=VapidRules(needs_subject=True, needs_reachable_subject=False),
    ),
}  # fmt: skip
