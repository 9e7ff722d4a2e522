"""Reasons why a message that the push service accepted changed nothing in the browser. Real ones do not report them."""

from enum import StrEnum


class Drop(StrEnum):
    """The reasons, as they are counted in a browser's `dropped`."""

    OLD_SUBSCRIPTION = "old_subscription"
    """For a subscription that the browser has no more, and whose end it did not tell the push service."""
    UNDECRYPTABLE = "undecryptable"
    """Encrypted for other keys, or not encrypted properly."""
    UNDECODABLE = "undecodable"
    """No JSON with a notification that has a title."""
    OLDER_VERSION = "older_version"
    """The screen shows a newer version already."""
    DISMISSED = "dismissed"
    """A change of a Live Activity that the person has dismissed."""
    EXPIRED = "expired"
    """Held while the browser was away, and expired before it came back."""
