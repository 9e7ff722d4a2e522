"""Why a push has no answer. Each names a reason of the table in outcomes.py."""


class PushFailed(Exception):
    """The push has no answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSent(PushFailed):
    """APNs certainly did not process the push: it may go out again at once, over another connection."""


class MaybeSent(PushFailed):
    """APNs may or may not have processed the push: a repeat may show twice, save for its collapse id."""


class NoConnection(PushFailed):
    """There was no connection to send it over. Trying at once again would not help."""
