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
from smith.delivery.v1.reason_pb2 import Concern, Reason

from service_kit.enum_words import by_word


@dataclass(frozen=True)
class Words:
    """The words about a device's state."""

    label: str
    tone: str
    """Tone of the badge, see `components.layout.badge`."""
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
REFUSED = {
    word: Words(said.label, "bad", said.advice)
    for word, (_, said) in by_word(Reason.DESCRIPTOR, Concern.DESCRIPTOR).items()
    if said.label
}
"""By why Apple refuses the device's token."""
REFUSED_OTHERWISE = Words("Unreachable", "bad", "Apple refuses its token. Open the app on the phone to renew it.")


def words_of(device: Device) -> Words:
    """The words about the device's state."""
    if device.state == DEVICE_STATE_WAITING:
        return WAITING
    if device.state == DEVICE_STATE_DEAD:
        if device.push_token_state == PUSH_TOKEN_STATE_DEAD:
            return REFUSED.get(device.push_token_reason, REFUSED_OTHERWISE)
        return CANNOT_START
    return READY if device.push_to_start_token_state == PUSH_TOKEN_STATE_ACTIVE else ALERTS_ONLY


def kind_of(device: Device) -> str:
    """The phone's model and iOS version, as far as its app has reported them."""
    parts = [f"iOS {device.os_version}"] if device.os_version else []
    if device.environment == APNS_ENVIRONMENT_SANDBOX:
        parts.append("development build")
    return " · ".join(parts)
