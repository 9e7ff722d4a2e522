"""Why a notification is refused."""

from core_service.identity.errors import Forbidden
from service_kit.errors import DomainError, Kind


class DeviceUnreachable(DomainError):
    """The only device of the notification has no push token that works."""

    kind, reason, error = Kind.NOT_FOUND, "NO_RECIPIENTS", "No recipients found"

    def __init__(self) -> None:
        super().__init__("This device has no push token that works. Open its app, and allow notifications.")


class TooOld(DomainError):
    """The notification was sent too long ago to be replaced."""

    kind, reason, error = Kind.CONFLICT, "TOO_OLD", "Too old to replace"

    def __init__(self, days: int) -> None:
        super().__init__(
            f"A push notification can be replaced for {days} day{'s' * (days != 1)} after it was sent. Send a new one."
        )


class BeyondScope(Forbidden):
    """The notification was sent to more than the key's channels."""

    def __init__(self) -> None:
        super().__init__("This API key cannot replace this push notification")
