"""A device's state in plain words, and what to do about it."""

from dataclasses import dataclass

from smith.core.v1.device_pb2 import (
    APNS_ENVIRONMENT_SANDBOX,
    DEVICE_STATE_DEAD,
    DEVICE_STATE_WAITING,
    PUSH_TOKEN_STATE_ACTIVE,
    PUSH_TOKEN_STATE_DEAD,
    Device,
)


@dataclass(frozen=True)
class Words:
    """What to tell of a device."""

    label: str
    tone: str
    """As of a badge."""
    advice: str = ""
    """Empty if nothing needs doing."""


READY = Words("Ready", "good")
WAITING = Words("Waiting for the app", "info", "Open the app on the phone and allow notifications.")
ALERTS_ONLY = Words(
    "Notifications only",
    "good",
    "Live Activities can start once the app has reported for them: open it, on iOS 17.2 or later.",
)
CANNOT_START = Words(
    "Live Activities lost",
    "warn",
    "Notifications arrive, but Apple refuses to start Live Activities. Open the app on the phone to renew its token.",
)
GONE = Words("App removed", "bad", "The app was deleted. Install and open it again, or remove the device.")
WRONG = Words(
    "Token refused",
    "bad",
    "Apple does not know the token in this environment. Open the app; if that does not help, its build reports"
    " the wrong one.",
)
EXPIRED = Words("Token expired", "bad", "Open the app on the phone: it reports a new token by itself.")
REFUSED = {"Unregistered": GONE, "BadDeviceToken": WRONG, "ExpiredToken": EXPIRED}
REFUSED_OTHERWISE = Words("Unreachable", "bad", "Apple refuses its token. Open the app on the phone to renew it.")


def words_of(device: Device) -> Words:
    """What to tell of the device."""
    if device.state == DEVICE_STATE_WAITING:
        return WAITING
    if device.state == DEVICE_STATE_DEAD:
        if device.push_token_state == PUSH_TOKEN_STATE_DEAD:
            return REFUSED.get(device.push_token_reason, REFUSED_OTHERWISE)
        return CANNOT_START
    return READY if device.push_to_start_token_state == PUSH_TOKEN_STATE_ACTIVE else ALERTS_ONLY


def kind_of(device: Device) -> str:
    """What kind of phone it is, as far as it has told."""
    parts = [f"iOS {device.os_version}"] if device.os_version else []
    if device.environment == APNS_ENVIRONMENT_SANDBOX:
        parts.append("development build")
    return " · ".join(parts)
