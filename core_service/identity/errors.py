"""Why a caller is refused."""

import datetime as dt

from service_kit.errors import DomainError, Kind


class Unauthenticated(DomainError):
    """No credentials, or none that are valid."""

    kind, reason, error = Kind.UNAUTHENTICATED, "UNAUTHENTICATED", "Unauthorized"


class Forbidden(DomainError):
    """Valid credentials that do not allow this."""

    kind, reason, error = Kind.FORBIDDEN, "FORBIDDEN", "Forbidden"


class SecondFactorNeeded(DomainError):
    """The password is right, and the person has a second factor. `challenge` is the secret with which the sign-in is
    finished."""

    kind, reason, error = Kind.FORBIDDEN, "SECOND_FACTOR_NEEDED", "Second factor needed"

    def __init__(self, *, challenge: str, expires_at: dt.datetime) -> None:
        super().__init__(
            "This person signs in with a second factor. Send `challenge` and a `code` of the authenticator app, or a "
            "recovery code, to POST /api/sessions/second-factor.",
            challenge=challenge,
            expires_at=expires_at.isoformat(timespec="seconds"),
        )


class SecondFactorRequired(DomainError):
    """The account requires a second factor, and the person has none."""

    kind, reason, error = Kind.FORBIDDEN, "SECOND_FACTOR_REQUIRED", "Second factor required"

    def __init__(self) -> None:
        super().__init__(
            "This workspace requires a second factor. Set one up in the web admin first: an authenticator app or a "
            "passkey."
        )


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
    words = "Too many attempts. Try again in {time}."

    def __init__(self, *, retry_after_seconds: int) -> None:
        time = "1 second" if retry_after_seconds == 1 else f"{retry_after_seconds} seconds"
        super().__init__(self.words.format(time=time), retry_after_seconds=retry_after_seconds)
