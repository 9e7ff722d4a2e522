"""Why a request with an `Idempotency-Key` is refused."""

from service_kit.errors import DomainError, Kind


class KeyReused(DomainError):
    """The key was used for another request."""

    kind, reason, error = Kind.CONFLICT, "IDEMPOTENCY_KEY_REUSED", "Idempotency key reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for another request within 24 hours. Give each request a key of its own, "
            "and repeat a request as it was."
        )
