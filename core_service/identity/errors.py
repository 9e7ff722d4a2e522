"""Why a caller is refused."""

from service_kit.errors import DomainError, Kind


class Unauthenticated(DomainError):
    """No credentials, or none that are valid."""

    kind, reason, error = Kind.UNAUTHENTICATED, "UNAUTHENTICATED", "Unauthorized"


class Forbidden(DomainError):
    """Valid credentials that do not allow this."""

    kind, reason, error = Kind.FORBIDDEN, "FORBIDDEN", "Forbidden"


class RateLimited(DomainError):
    """The account's requests per minute are used up."""

    kind, reason, error = Kind.EXHAUSTED, "RATE_LIMITED", "Rate limit exceeded"

    def __init__(self, *, limit: int, retry_after_seconds: int) -> None:
        super().__init__(
            "Too many requests, please try again later.", limit=limit, retry_after_seconds=retry_after_seconds
        )


class TooManyAttempts(DomainError):
    """Too many wrong guesses, or too many of an action with a limit."""

    kind, reason, error = Kind.EXHAUSTED, "TOO_MANY_ATTEMPTS", "Too many attempts"

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(
            f"Too many attempts. Try again in {retry_after_seconds} seconds.",
            retry_after_seconds=retry_after_seconds,
        )
