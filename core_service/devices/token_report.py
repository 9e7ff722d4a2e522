"""What the app may report about its tokens, and the rules for it."""

from dataclasses import dataclass

from core_service.devices.models import Environment


@dataclass(frozen=True, slots=True)
class TokenReport:
    """The app's tokens and what must be known to use them. None leaves a value as it is."""

    push_token: str | None = None
    """APNs device token in lower-case hexadecimal digits. Apple: "device tokens are of variable length; don't
    hardcode their size". Today's have 64 digits."""
    push_to_start_token: str | None = None
    """ActivityKit push-to-start token in lower-case hexadecimal digits."""
    environment: Environment | None = None
    bundle_id: str | None = None
    os_version: str | None = None
    frequent_pushes_enabled: bool | None = None
