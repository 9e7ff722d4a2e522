"""Why something is or is not on a phone, in plain words: rules over what is known."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from core_service.sending.port import ROUTE_STOPPED
from core_service.sending.reasons import QUEUED, is_servers_fault, of_route


class VerdictCode(StrEnum):
    """What can be said about a subject on a device."""

    ACCEPTED = "accepted"
    RETRYING = "retrying"
    WAITING_FOR_UPDATE_TOKEN = "waiting_for_update_token"  # noqa: S105 - a name, no secret
    WAITING_FOR_START_TOKEN = "waiting_for_start_token"  # noqa: S105 - a name, no secret
    STREAM_PAUSED = "stream_paused"
    TOKEN_DEAD = "token_dead"  # noqa: S105 - a name, no secret
    REJECTED = "rejected"
    EXPIRED = "expired"
    DISMISSED = "dismissed"
    ENDED = "ended"
    MISCONFIGURED = "misconfigured"
    NOT_A_RECIPIENT = "not_a_recipient"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said, and what a person could do about it."""

    code: VerdictCode
    explanation: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What is known of a device's tokens."""

    has_push_token: bool
    push_token_dead_reason: str | None
    has_start_token: bool
    start_token_dead_reason: str | None
    tokens_taken_at: dt.datetime | None = None
    """Since when the phone is another device, which has its tokens."""


@dataclass(frozen=True, slots=True)
class NotificationFacts:
    """What is known of a notification on a device; `state` is None if it was not for the device."""

    expires_at: dt.datetime
    state: str | None
    due_at: dt.datetime | None
    attempts: int | None
    reason: str | None
    settled_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    """What is known of a Live Activity on a device; `phase` is None if it was not for the device."""

    version: int
    ended_at: dt.datetime | None
    expires_at: dt.datetime
    paused_at: dt.datetime | None
    """Since when the stream is paused whose newest activity it is."""
    phase: str | None
    accepted_version: int | None
    leased: bool | None
    next_at: dt.datetime | None
    failures: int | None
    reason: str | None
    started_at: dt.datetime | None
    withdrawn_at: dt.datetime | None = None
    """When the phone ceased to be this device."""


REPORT_TOKENS = "Open the app on the phone: it reports its tokens at each launch."
LOOK_AT_THE_PHONE = (
    "Whether it is shown is between APNs and the phone: is the phone online, are notifications allowed for the app, "
    "is a Focus on?"
)
PAIRED_AGAIN = (
    "Nothing is sent to this device any more. If the phone is to be reached here again, pair it again; else remove "
    "this device."
)
NOT_A_RECIPIENT = Verdict(
    VerdictCode.NOT_A_RECIPIENT,
    "It was not for this device: the device was not in the target, not paired, or had no token when it was sent.",
    "Assign the device or its person to the channel, or see that the app has reported its tokens.",
)


def explain_notification(facts: NotificationFacts, device: DeviceFacts, now: dt.datetime) -> Verdict:
    """Why a push notification did, or did not, appear."""
    match facts.state:
        case None:
            return NOT_A_RECIPIENT
        case "accepted":
            return Verdict(VerdictCode.ACCEPTED, f"APNs accepted it at {at(facts.settled_at, now)}.", LOOK_AT_THE_PHONE)
        case "token_dead":
            return _dead_push_token(facts, device, now)
        case "rejected":
            return _rejected(facts.reason)
        case "expired":
            text = f"It was not worth delivering after {at(facts.expires_at, now)}, and could not be before."
            return Verdict(VerdictCode.EXPIRED, text)
    attempts = facts.attempts or 0
    # What only the server is to blame for is not counted as an attempt.
    kept = facts.reason is not None and (not attempts or is_servers_fault(facts.reason))
    return _owed(facts.reason, facts.due_at, attempts, now, kept=kept)


def explain_activity(facts: ActivityFacts, device: DeviceFacts, now: dt.datetime) -> Verdict:
    """Why a Live Activity, in its newest state, did or did not appear."""
    if facts.phase is None:
        return NOT_A_RECIPIENT
    verdict = _withdrawn(facts, now) or _paused(facts, now) or _by_phase(facts, now)
    if verdict is not None:
        return verdict
    if facts.phase == "requested":
        return _unstarted(facts, device, now)
    if facts.phase == "started":
        return _without_update_token(facts, now)
    if facts.accepted_version != facts.version:
        return _owed_state(facts, now)
    accepted = Verdict(VerdictCode.ACCEPTED, "APNs accepted the newest state.", LOOK_AT_THE_PHONE)
    return _rejected(facts.reason) if _is_rejected(facts) else accepted


def _withdrawn(facts: ActivityFacts, now: dt.datetime) -> Verdict | None:
    """Whether the phone has ceased to be this device."""
    if facts.withdrawn_at is None:
        return None
    text = f"{_paired_again(facts.withdrawn_at, now)} The card is taken off its screen."
    return Verdict(VerdictCode.ENDED, text, PAIRED_AGAIN)


def _paused(facts: ActivityFacts, now: dt.datetime) -> Verdict | None:
    """Whether the stream is; but not while the card cannot be taken off the phone."""
    if facts.paused_at is None or facts.failures:
        return None
    text = (
        f"The stream is paused since {at(facts.paused_at, now)}: it is off the phones, and newer states are held, "
        "until it is resumed."
    )
    return Verdict(VerdictCode.STREAM_PAUSED, text, "Resume the stream.")


def _by_phase(facts: ActivityFacts, now: dt.datetime) -> Verdict | None:
    """What is final."""
    never_shown = not facts.accepted_version and facts.started_at is None
    match facts.phase:
        case "dismissed":
            text = "The person removed it from this phone. No update brings it back."
            return Verdict(VerdictCode.DISMISSED, text, "A stream's next activity is shown again.")
        case "failed":
            return _rejected(facts.reason)
        case "ended" if _is_rejected(facts):
            return _rejected(facts.reason)
        case "ended":
            when = f" since {at(facts.ended_at, now)}" if facts.ended_at else ""
            text = f"It is over{when}, and was before it could be started on this device."
            return Verdict(VerdictCode.ENDED, text if never_shown else f"It is over on this device{when}.")
    if facts.ended_at is None and facts.expires_at <= now:
        what = "It was over" if never_shown else "iOS ended it"
        text = f"{what} at {at(facts.expires_at, now)}, 8 hours after its start."
        return Verdict(VerdictCode.EXPIRED, text, "Use a stream: its activities are renewed in time.")
    return None


def _is_rejected(facts: ActivityFacts) -> bool:
    """Whether the version that counts as accepted is one that APNs will never accept."""
    return facts.reason is not None and not facts.failures


def _dead_push_token(facts: NotificationFacts, device: DeviceFacts, now: dt.datetime) -> Verdict:
    if not device.has_push_token and device.tokens_taken_at is not None:
        return Verdict(VerdictCode.TOKEN_DEAD, _paired_again(device.tokens_taken_at, now), PAIRED_AGAIN)
    why, since = facts.reason or "it has none that works", at(facts.settled_at, now)
    if device.has_push_token and device.push_token_dead_reason is None:
        text = f"The push token that the device had was dead ({why}) at {since}. It has reported another since."
        return Verdict(VerdictCode.TOKEN_DEAD, text, "What is sent from now on goes to that one.")
    text = f"The device's push token is dead ({why}) since {since}: the app was removed, or has another."
    return Verdict(VerdictCode.TOKEN_DEAD, text, REPORT_TOKENS)


def _paired_again(moment: dt.datetime, now: dt.datetime) -> str:
    return f"At {at(moment, now)} the phone was paired again: since then it is another device."


def _without_update_token(facts: ActivityFacts, now: dt.datetime) -> Verdict:
    if facts.reason is not None:
        text = (
            f"APNs says that its update token on this phone is dead ({facts.reason}): the card or the app was removed. "
            "Newer states are held until the app reports another."
        )
        return Verdict(VerdictCode.TOKEN_DEAD, text, "If the card is there still, open the app.")
    since = f"APNs accepted the start at {at(facts.started_at, now)}" if facts.started_at else "It was started"
    waited = f" for {_duration(now - facts.started_at)}" if facts.started_at else ""
    text = f"{since}, and the app has not returned an update token{waited}: likely waiting for Allow."
    advice = "On the phone, allow Live Activities for the app; iOS asks when the first one appears."
    return Verdict(VerdictCode.WAITING_FOR_UPDATE_TOKEN, text, advice)


def _unstarted(facts: ActivityFacts, device: DeviceFacts, now: dt.datetime) -> Verdict:
    if facts.reason is not None and is_servers_fault(facts.reason):
        return _owed_state(facts, now)
    if not device.has_start_token and device.tokens_taken_at is not None:
        text = _paired_again(device.tokens_taken_at, now)
        return Verdict(VerdictCode.WAITING_FOR_START_TOKEN, text, PAIRED_AGAIN)
    if not device.has_start_token or device.start_token_dead_reason is not None:
        why = f"is dead ({device.start_token_dead_reason})" if device.start_token_dead_reason else "is not known"
        text = f"The device's push-to-start token {why}: the start waits until the app reports one."
        return Verdict(VerdictCode.WAITING_FOR_START_TOKEN, text, REPORT_TOKENS)
    return _owed_state(facts, now)


def _owed_state(facts: ActivityFacts, now: dt.datetime) -> Verdict:
    kept = facts.reason is not None and is_servers_fault(facts.reason)
    return _owed(facts.reason, facts.next_at, facts.failures or 0, now, kept=kept)


def _owed(reason: str | None, due_at: dt.datetime | None, attempts: int, now: dt.datetime, *, kept: bool) -> Verdict:
    """`kept`: only the server is to blame for the last attempt."""
    if reason is None or due_at is None:
        return Verdict(VerdictCode.RETRYING, "It is being sent.")
    if kept:
        explanation, advice = of_route(reason)
        why = "sending is stopped." if reason == ROUTE_STOPPED else f"{reason}: {explanation}"
        text = f"APNs refuses this server, and everything stays queued: {why}"
        return Verdict(VerdictCode.MISCONFIGURED, text, f"{advice} {QUEUED}")
    if not attempts:
        # The reason is that of a state before.
        return Verdict(VerdictCode.RETRYING, "It is being sent.")
    text = f"It is tried again at {at(due_at, now)}, after {attempts} failed attempts, the last with {reason}."
    return Verdict(VerdictCode.RETRYING, text)


def _rejected(reason: str | None) -> Verdict:
    return Verdict(VerdictCode.REJECTED, f"APNs will never take it: {reason or 'it gave no reason'}.")


def at(moment: dt.datetime | None, now: dt.datetime) -> str:
    """The time for people, in UTC, with the day if it is not today's."""
    if moment is None:
        return "an unknown time"
    moment, now = moment.astimezone(dt.UTC), now.astimezone(dt.UTC)
    return moment.strftime("%H:%M:%S UTC" if moment.date() == now.date() else "%Y-%m-%d %H:%M:%S UTC")


def _duration(length: dt.timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes >= 120:
        return f"{minutes // 60} h"
    return f"{minutes} min" if minutes else f"{max(0, int(length.total_seconds()))} s"
