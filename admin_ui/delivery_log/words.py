"""Outcomes, recipients and senders in words, and as badges."""

from collections.abc import Mapping, Sequence

from smith.core.v1 import action_run_pb2 as runs
from smith.core.v1 import push_notification_pb2 as pushes
from smith.core.v1.live_activity_record_pb2 import LiveActivityPhaseCount
from smith.core.v1.webhook_call_pb2 import WebhookCall

from admin_ui.activities.words import PHASES, in_phase
from admin_ui.components.html import div
from admin_ui.components.layout import badge
from admin_ui.components.lists import and_more
from admin_ui.texts import _, ngettext

SHOWN_CHANNELS = 3
RUN_STATES: Mapping[int, tuple[str, str]] = {
    runs.ACTION_RUN_STATE_RUNNING: (_("In progress"), "warn"),
    runs.ACTION_RUN_STATE_SUCCEEDED: (_("Succeeded"), "good"),
    runs.ACTION_RUN_STATE_FAILED: (_("Failed"), "bad"),
}
"""Word and tone of a webhook call."""
DELIVERY_STATES: Mapping[int, tuple[str, str]] = {
    pushes.PUSH_NOTIFICATION_DELIVERY_STATE_DUE: (_("To come"), "warn"),
    pushes.PUSH_NOTIFICATION_DELIVERY_STATE_ACCEPTED: (_("Accepted"), "good"),
    pushes.PUSH_NOTIFICATION_DELIVERY_STATE_TOKEN_DEAD: (_("Token dead"), "bad"),
    pushes.PUSH_NOTIFICATION_DELIVERY_STATE_REJECTED: (_("Refused"), "bad"),
    pushes.PUSH_NOTIFICATION_DELIVERY_STATE_EXPIRED: (_("Expired"), "bad"),
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
        (counts.accepted, _("accepted"), "good"),
        (counts.owed, _("to come"), "warn"),
        (counts.failed, _("failed"), "bad"),
        (counts.expired, _("expired"), "bad"),
    )
    return [one for one in named if one[0]]


def phase_badges(phases: Sequence[LiveActivityPhaseCount]) -> None:
    """How many devices are in each phase of a Live Activity."""
    with div("cluster"):
        for one in phases:
            badge(in_phase(one.phase, one.devices), PHASES[one.phase][1])


def run_outcome(call: WebhookCall) -> str:
    """What became of a call, beyond its state: the answer's status, or why there is none, and the attempts."""
    run = call.action_run
    answer = f"HTTP {run.status_code}" if run.HasField("status_code") else run.reason
    tries = (
        ngettext("{count} attempt", "{count} attempts", run.attempts).format(count=run.attempts)
        if run.attempts > 1
        else ""
    )
    return " · ".join(part for part in (answer, tries) if part)


def recipients(channels: Sequence[str], *, is_one_device: bool = False) -> str:
    """Whom a message is for."""
    if is_one_device:
        return _("one device")
    if not channels:
        return _("everybody")
    more = len(channels) - SHOWN_CHANNELS
    shown = ", ".join(channels[:SHOWN_CHANNELS])
    return and_more(shown, more) if more > 0 else shown


def sender(sent: pushes.PushNotification) -> str:
    """Who sent it."""
    if sent.sender_name:
        return sent.sender_name
    if sent.HasField("api_key_id"):
        return _("an API key that is gone")
    # Alerts to who runs the server.
    return _("an unknown sender") if sent.HasField("user_id") else _("this server")
