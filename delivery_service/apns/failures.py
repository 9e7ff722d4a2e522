"""Failures of pushes without an answer. Each has a reason from the table in outcomes.py."""


class PushFailed(Exception):
    """The push has no answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSent(PushFailed):
    """APNs certainly did not process the push: it may go out again at once, over another connection."""


class MaybeSent(PushFailed):
    """APNs may have processed the push. A repeat may show twice unless the push has a collapse id."""


class NoConnection(PushFailed):
    """There was no connection for the push. An immediate repeat would not help."""
