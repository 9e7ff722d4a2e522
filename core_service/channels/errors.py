"""Why a target is refused."""

from collections.abc import Sequence

from service_kit.errors import DomainError, Kind


class ChannelScopeViolation(DomainError):
    """A channel-scoped key asks for a channel outside its scope. The sentence is the documented one."""

    kind, reason, error = Kind.FORBIDDEN, "CHANNEL_SCOPE", "Invalid channel targeting"

    def __init__(self) -> None:
        super().__init__(
            "This API key can only target assigned channels. "
            "Requested channels include channels outside this key scope."
        )


class NoRecipients(DomainError):
    """There is no device to send to. The sentence is the documented one; `devices` names what was looked for."""

    kind, reason, error = Kind.NOT_FOUND, "NO_RECIPIENTS", "No recipients found"

    def __init__(self, effective_channel_slugs: Sequence[str] | None, devices: str = "devices") -> None:
        super().__init__(
            f"No {devices} matched the effective channel target",
            effective_channel_slugs=None if effective_channel_slugs is None else list(effective_channel_slugs),
        )
