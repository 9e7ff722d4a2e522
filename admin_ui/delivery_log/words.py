"""Outcomes, recipients and senders in words, and as badges."""

from collections.abc import Mapping, Sequence

from smith.core.v1 import action_run_pb2 as runs
from smith.core.v1 import push_notification_pb2 as pushes
from smith.core.v1.live_activity_record_pb2 import LiveActivityPhaseCount
from smith.core.v1.webhook_call_pb2 import WebhookCall

from admin_ui.activities.words import PHASES
from admin_ui.components.html import div
from admin_ui.components.layout import badge

SHOWN_CHANNELS = 3
RUN_STATES: Mapping[int, tuple[str, str]] = {
    runs.ACTION_RUN_STATE_RUNNING: ("In progress", "warn"),
    runs.ACTION_RUN_STATE_SUCCEEDED: ("Succeeded", "good"),
    runs.ACTION_RUN_STATE_FAILED: ("Failed", "bad"),
}
"""Word and tone of a webhook call."""
DELIVERY_STATES: Mapping[int, tuple[str, str]] = {
    pushes.PUSH_NOTIFICATION_DELIVERY_STATE_DUE: ("To come", "warn"),
    pushes.PUSH_NOTIFICATION_DELIVERY_STATE_ACCEPTED: ("Accepted", "good"),
    pushes.PUSH_NOTIFICATION_DELIVERY_STATE_TOKEN_DEAD: ("Token dead", "bad"),
    pushes.PUSH_NOTIFICATION_DELIVERY_STATE_REJECTED: ("Refused", "bad"),
    pushes.PUSH_NOTIFICATION_DELIVERY_STATE_EXPIRED: ("Expired", "bad"),
}
"""Word and tone of a notification on one device."""


def outcome_badges(counts: pushes.PushNotificationCounts) -> None:
    """How many devices it reached, and how many not or not yet."""
    with div("cluster"):
        more = "+" if counts.partial else ""
        for number, word, tone in outcomes(counts):
            badge(f"{number:,}{more} {word}", tone)


def outcomes(counts: pushes.PushNotificationCounts) -> Sequence[tuple[int, str, str]]:
    """Number, word and tone of each outcome that a device has."""
    named = (
        (counts.accepted, "accepted", "good"),
        (counts.owed, "to come", "warn"),
        (counts.failed, "failed", "bad"),
        (counts.expired, "expired", "bad"),
    )
    return [one for one in named if one[0]]


def phase_badges(phases: Sequence[LiveActivityPhaseCount]) -> None:
    """How many devices are in each phase of a Live Activity."""
    with div("cluster"):
        for one in phases:
            word, tone = PHASES[one.phase]
            badge(f"{one.devices:,} {word.lower()}", tone)


def run_outcome(call: WebhookCall) -> str:
    """What became of a call, beyond its state: the answer's status, or why there is none, and the attempts."""
    run = call.action_run
    answer = f"HTTP {run.status_code}" if run.HasField("status_code") else run.reason
    tries = f"{run.attempts} attempts" if run.attempts > 1 else ""
    return " · ".join(part for part in (answer, tries) if part)


def recipients(channels: Sequence[str], *, is_one_device: bool = False) -> str:
    """Whom a message is for."""
    if is_one_device:
        return "one device"
    if not channels:
        return "everybody"
    more = len(channels) - SHOWN_CHANNELS
    return ", ".join(channels[:SHOWN_CHANNELS]) + (f" and {more} more" if more > 0 else "")


def sender(sent: pushes.PushNotification) -> str:
    """Who sent it."""
    if sent.sender_name:
        return sent.sender_name
    if sent.HasField("api_key_id"):
        return "an API key that is gone"
    # Alerts to who runs the server.
    return "an unknown sender" if sent.HasField("user_id") else "this server"
