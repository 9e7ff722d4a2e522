"""Why a call about a Live Activity is refused. The sentences are the documented ones where there are any."""

from service_kit.errors import DomainError, Kind, NotFound


class LimitReached(DomainError):
    """As many activities are active as the account may have at once."""

    kind, reason, error = Kind.EXHAUSTED, "LIVE_ACTIVITY_LIMIT", "Live Activity limit reached"

    def __init__(self, limit: int, active: int) -> None:
        super().__init__(f"Only {limit} concurrent Live Activities are allowed per account", limit=limit, active=active)


class DeviceLimitReached(DomainError):
    """A device that it is for shows as many activities as a device may at once."""

    kind, reason, error = LimitReached.kind, LimitReached.reason, LimitReached.error

    def __init__(self, limit: int, active: int, *, blocked: int, targeted: int, ends_oldest: bool) -> None:
        """`active` is the most that a targeted device shows; `blocked` of the `targeted` devices have no room.
        `ends_oldest`: one activity less on each of them could have been enough."""
        message, facts = f"Only {limit} concurrent Live Activities are allowed per device", {}
        if blocked < targeted:
            message += f", and there is no room on {blocked} of the {targeted} targeted devices"
            facts = {"blocked_devices": blocked, "targeted_devices": targeted}
        if ends_oldest:
            message += ". There is no single one that could be ended to make room"
        super().__init__(message, limit=limit, active=active, **facts)


class ActivityEnded(DomainError):
    """The activity takes no more updates."""

    kind, reason, error = Kind.INVALID, "LIVE_ACTIVITY_ENDED", "Live Activity ended"

    def __init__(self) -> None:
        super().__init__("This Live Activity has ended and cannot be updated. Start a new one.")


class NotYours(DomainError):
    """Another account's activity, or one beyond the key's channels. `what` is what was tried: update or end."""

    kind, reason, error = Kind.FORBIDDEN, "FORBIDDEN", "Forbidden"

    def __init__(self, what: str) -> None:
        super().__init__(f"This API key cannot {what} this Live Activity")


class ActivityNotFound(NotFound):
    """No activity has this id."""

    error = "Live Activity not found"

    def __init__(self) -> None:
        super().__init__("No Live Activity found for activity_id")


class InvalidStreamKey(DomainError):
    """The key breaks its syntax."""

    kind, reason, error = Kind.INVALID, "INVALID_STREAM_KEY", "Invalid stream_key"


class StreamNotFound(NotFound):
    """The account has no such stream."""

    error = "Live Activity stream not found"

    def __init__(self, stream_key: str) -> None:
        super().__init__(f"No Live Activity stream found for stream_key: {stream_key}")
