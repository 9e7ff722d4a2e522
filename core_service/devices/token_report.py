"""What the app may report about its tokens, and the rules for it."""

import re
from dataclasses import dataclass

from core_service.common.validation import require_text
from core_service.devices.models import Environment
from service_kit.errors import InvalidRequest

TOKEN = re.compile(r"([0-9A-Fa-f]{2}){8,200}")
"""Apple: "device tokens are of variable length; don't hardcode their size". Today's have 64 digits."""

BUNDLE_ID = re.compile(r"[A-Za-z0-9.-]{1,155}")
"""Apple's characters for CFBundleIdentifier, and App Store Connect's limit of length."""


@dataclass(frozen=True, slots=True)
class TokenReport:
    """The app's tokens and what must be known to use them. None leaves a value as it is."""

    push_token: str | None = None
    """APNs device token in hexadecimal digits."""
    push_to_start_token: str | None = None
    """ActivityKit push-to-start token in hexadecimal digits."""
    environment: Environment | None = None
    bundle_id: str | None = None
    os_version: str | None = None
    frequent_pushes_enabled: bool | None = None


def check(report: TokenReport) -> TokenReport:
    """The report in the form it is stored in.

    Raises InvalidRequest.
    """
    if report.bundle_id is not None and not BUNDLE_ID.fullmatch(report.bundle_id):
        raise InvalidRequest.at("bundle_id", "must be 1 to 155 letters, digits, hyphens and periods")
    if report.os_version is not None:
        require_text(report.os_version, "os_version", maximum=20)
    return TokenReport(
        push_token=_optional(report.push_token, "push_token"),
        push_to_start_token=_optional(report.push_to_start_token, "push_to_start_token"),
        environment=report.environment,
        bundle_id=report.bundle_id,
        os_version=report.os_version,
        frequent_pushes_enabled=report.frequent_pushes_enabled,
    )


def _optional(value: str | None, field: str) -> str | None:
    return None if value is None else require_token(value, field)


def require_token(value: str, field: str) -> str:
    """The token in lower case.

    Raises InvalidRequest if it is none.
    """
    if not TOKEN.fullmatch(value):
        raise InvalidRequest.at(field, "must be an even number of hexadecimal digits, 16 to 400")
    return value.lower()
