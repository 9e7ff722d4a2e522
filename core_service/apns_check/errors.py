"""Why APNs is not asked."""

from service_kit.errors import DomainError, Kind


class AskedTooSoon(DomainError):
    """The account asked a moment ago."""

    kind, reason, error = Kind.EXHAUSTED, "TOO_MANY_ATTEMPTS", "Too many attempts"

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(
            f"APNs was asked just now. Ask again in {retry_after_seconds} seconds.",
            retry_after_seconds=retry_after_seconds,
        )
