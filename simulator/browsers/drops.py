"""Reasons why a message that the push service accepted was not shown in the browser. Real ones do not report them."""

from enum import StrEnum


class Drop(StrEnum):
    """The reasons, as they are counted in a browser's `dropped`."""

    OLD_SUBSCRIPTION = "old_subscription"
    """For a subscription that the browser has no more, and whose end it did not tell the push service."""
    UNDECRYPTABLE = "undecryptable"
    """Encrypted for other keys, or not encrypted properly."""
    UNDECODABLE = "undecodable"
    """No JSON with a notification that has a title: the worker shows that something has come in."""
    WORKER_FAILED = "worker_failed"
    """The settings let the page's worker show nothing."""
    OLDER_VERSION = "older_version"
    """The screen shows a newer version already."""
    DISMISSED = "dismissed"
    """A change of a Live Activity that the person has dismissed."""
