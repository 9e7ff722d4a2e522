"""Why a push cannot be sent at all."""

from service_kit.errors import DomainError, Kind

LIMIT_BYTES = 4096
"""Apple's limit for the body of an alert or Live Activity push."""


class PayloadTooLarge(DomainError):
    """The push would be larger than APNs takes."""

    kind, reason, error = Kind.INVALID, "PAYLOAD_TOO_LARGE", "Payload too large"

    def __init__(self, *, part: str, part_bytes: int, total_bytes: int) -> None:
        super().__init__(
            f"The push would be {total_bytes} bytes long and APNs takes {LIMIT_BYTES}. "
            f"The longest part is {part} with {part_bytes} bytes: shorten it by {total_bytes - LIMIT_BYTES} "
            "bytes or more.",
            part=part,
            bytes=total_bytes,
            limit=LIMIT_BYTES,
        )
