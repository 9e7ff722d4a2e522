"""What a broken rule is refused with, in addition to the shared errors."""

from service_kit.errors import DomainError, Kind


class InvalidTarget(DomainError):
    """`target.channels` breaks a rule or names an unknown channel."""

    kind, reason, error = Kind.INVALID, "INVALID_TARGET", "Invalid channel targeting"
