"""Why a notification is refused."""

from service_kit.errors import DomainError, Kind


class DeviceUnreachable(DomainError):
    """The only device of the notification has no push token that works."""

    kind, reason, error = Kind.NOT_FOUND, "NO_RECIPIENTS", "No recipients found"

    def __init__(self) -> None:
        super().__init__("This device has no push token that works. Open its app, and allow notifications.")
