"""What accounts can refuse beyond the shared errors."""

from service_kit.errors import AlreadyExists, DomainError, Kind


class LastOwner(DomainError):
    """Without this person the account would have no owner."""

    kind, reason, error = Kind.CONFLICT, "LAST_OWNER", "Last owner"

    def __init__(self) -> None:
        super().__init__("The account would be left without an owner. Make somebody else an owner first.")


class AlreadyBootstrapped(AlreadyExists):
    """The server already has an account, and this person does not own it."""

    def __init__(self) -> None:
        super().__init__("This server has an account already, with other people; nothing was changed.")
