"""What a broken rule of a field is refused with, beyond the shared errors."""

from service_kit.errors import DomainError, Kind


class InvalidTarget(DomainError):
    """`target.channels` breaks a rule or names an unknown channel."""

    kind, reason, error = Kind.INVALID, "INVALID_TARGET", "Invalid channel targeting"
