"""Why a number for the app's icon is refused."""

from collections.abc import Sequence

from service_kit.errors import DomainError, Kind


class BadgeDeviceDisconnected(DomainError):
    """No device that the number is for can be reached. It is recorded all the same."""

    kind, reason, error = Kind.PRECONDITION, "BADGE_DEVICE_DISCONNECTED", "App icon badge not updated"

    def __init__(self, number: int, devices_targeted: int, effective_channel_slugs: Sequence[str]) -> None:
        super().__init__(
            "No push token of these devices works. A device gets the newest number once its app reports another token: "
            "open the app, and allow notifications.",
            code="badge_device_disconnected",
            badge=number,
            devices_targeted=devices_targeted,
            devices_updated=0,
            users_updated=0,
            devices_notified=0,
            effective_channel_slugs=list(effective_channel_slugs),
        )
