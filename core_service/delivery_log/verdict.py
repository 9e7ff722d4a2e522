"""Why something is or is not on a device, in plain words: rules over what is known."""

import datetime as dt

from core_service.delivery_log.facts import ActivityFacts, DeviceFacts, NotificationFacts, Verdict, VerdictCode
from core_service.sending.port import ROUTE_STOPPED
from core_service.sending.reasons import QUEUED, is_servers_fault, of_route

SOON = dt.timedelta(seconds=2)
WAS_NOT_FOR_IT = (
    "It was not for this device: the device was not in the target, not paired, or had no token when it was sent."
)
ASSIGN = "Assign the device or its person to the channel, or "


def explain_notification(facts: NotificationFacts, device: DeviceFacts, now: dt.datetime) -> Verdict:
    """Why a push notification did, or did not, appear."""
    match facts.state:
        case None:
            return _not_a_recipient(device)
        case "accepted":
            text = f"{device.words.taker} accepted it at {at(facts.settled_at, now)}."
            return Verdict(VerdictCode.ACCEPTED, text, device.words.look)
        case "token_dead":
            return _dead_push_token(facts, device, now)
        case "rejected":
            return _rejected(facts.reason, device)
        case "expired":
            text = f"It was not worth delivering after {at(facts.expires_at, now)}, and could not be before."
            return Verdict(VerdictCode.EXPIRED, text)
    attempts = facts.attempts or 0
    # What only the server is to blame for is not counted as an attempt.
    kept = facts.reason is not None and (not attempts or is_servers_fault(facts.reason))
    return _owed(facts.reason, facts.due_at, attempts, now, device, kept=kept)


def explain_activity(facts: ActivityFacts, device: DeviceFacts, now: dt.datetime) -> Verdict:
    """Why a Live Activity, in its newest state, did or did not appear."""
    if facts.phase is None:
        return _not_a_recipient(device)
    verdict = _withdrawn(facts, device, now) or _paused(facts, now) or _by_phase(facts, device, now)
    if verdict is not None:
        return verdict
    if facts.phase == "requested":
        return _unstarted(facts, device, now)
    if facts.phase == "started" and device.service is None:
        return _without_update_token(facts, now)
    if facts.accepted_version != facts.version:
        return _in_browser(facts, device, now) or _owed_state(facts, device, now)
    accepted = Verdict(VerdictCode.ACCEPTED, f"{device.words.taker} accepted the newest state.", device.words.look)
    return _rejected(facts.reason, device) if _is_rejected(facts) else accepted


def _not_a_recipient(device: DeviceFacts) -> Verdict:
    if device.environment is None:
        # The app and a browser are the same until they report.
        advice = "see that the app has reported its tokens; on a browser, open the page and allow notifications."
    elif device.service is None:
        advice = "see that the app has reported its tokens."
    else:
        advice = "see that the browser allows notifications: open the page on it."
    return Verdict(VerdictCode.NOT_A_RECIPIENT, WAS_NOT_FOR_IT, ASSIGN + advice)


def _withdrawn(facts: ActivityFacts, device: DeviceFacts, now: dt.datetime) -> Verdict | None:
    """Whether the phone has ceased to be this device."""
    if facts.withdrawn_at is None:
        return None
    text = f"{_was_paired_again(facts.withdrawn_at, device, now)} The card is taken off its screen."
    return Verdict(VerdictCode.ENDED, text, _pair_again(device))


def _in_browser(facts: ActivityFacts, device: DeviceFacts, now: dt.datetime) -> Verdict | None:
    """What is different about a newest state that a browser has not been sent: it is not told of each, and its
    subscription is its only token."""
    if device.service is None or facts.leased:
        return None
    if device.push_token_dead_reason is not None:
        text = f"The browser's subscription is dead ({device.push_token_dead_reason}): it is not told of newer states."
        return Verdict(VerdictCode.TOKEN_DEAD, text, device.words.report)
    if facts.reason is not None or facts.failures:
        return None
    if not device.service.replaces and facts.next_at is None:
        text = "Its push service took what Safari is told of: the start, alerts and the end. The page shows each state."
        return Verdict(VerdictCode.ACCEPTED, text, device.words.look)
    if facts.next_at is not None and facts.next_at > now + SOON:
        text = f"It is sent at {at(facts.next_at, now)}: a browser's notification is not replaced at every moment."
        return Verdict(VerdictCode.RETRYING, text, "The page shows each state at once.")
    return None


def _paused(facts: ActivityFacts, now: dt.datetime) -> Verdict | None:
    """Whether the stream is; but not while the card cannot be taken off the phone."""
    if facts.paused_at is None or facts.failures:
        return None
    text = (
        f"The stream is paused since {at(facts.paused_at, now)}: it is off the phones, and newer states are held, "
        "until it is resumed."
    )
    return Verdict(VerdictCode.STREAM_PAUSED, text, "Resume the stream.")


def _by_phase(facts: ActivityFacts, device: DeviceFacts, now: dt.datetime) -> Verdict | None:
    """What is final."""
    never_shown = not facts.accepted_version and facts.started_at is None
    match facts.phase:
        case "dismissed":
            text = f"The person removed it from this {device.words.device}. No update brings it back."
            return Verdict(VerdictCode.DISMISSED, text, "A stream's next activity is shown again.")
        case "failed":
            return _rejected(facts.reason, device)
        case "ended" if _is_rejected(facts):
            return _rejected(facts.reason, device)
        case "ended":
            when = f" since {at(facts.ended_at, now)}" if facts.ended_at else ""
            text = f"It is over{when}, and was before it could be started on this device."
            return Verdict(VerdictCode.ENDED, text if never_shown else f"It is over on this device{when}.")
    if facts.ended_at is None and facts.expires_at <= now:
        what = "It was over" if never_shown else device.words.ended_by
        text = f"{what} at {at(facts.expires_at, now)}, 8 hours after its start."
        return Verdict(VerdictCode.EXPIRED, text, "Use a stream: its activities are renewed in time.")
    return None


def _is_rejected(facts: ActivityFacts) -> bool:
    """Whether the version that counts as accepted is one that APNs will never accept."""
    return facts.reason is not None and not facts.failures


def _dead_push_token(facts: NotificationFacts, device: DeviceFacts, now: dt.datetime) -> Verdict:
    if not device.has_push_token and device.tokens_taken_at is not None:
        text = _was_paired_again(device.tokens_taken_at, device, now)
        return Verdict(VerdictCode.TOKEN_DEAD, text, _pair_again(device))
    why, since, words = facts.reason or "it has none that works", at(facts.settled_at, now), device.words
    if device.has_push_token and device.push_token_dead_reason is None:
        text = f"The {words.token} that the device had was dead ({why}) at {since}. {words.has_another}"
        return Verdict(VerdictCode.TOKEN_DEAD, text, "What is sent from now on goes to that one.")
    text = f"The device's {words.token} is dead ({why}) since {since}: {words.lost}."
    return Verdict(VerdictCode.TOKEN_DEAD, text, words.report)


def _was_paired_again(moment: dt.datetime, device: DeviceFacts, now: dt.datetime) -> str:
    what = device.words.device
    return f"At {at(moment, now)} the {what} was paired again: since then it is another device."


def _pair_again(device: DeviceFacts) -> str:
    what = device.words.device
    return (
        f"Nothing is sent to this device any more. If the {what} is to be reached here again, pair it again; else "
        "remove this device."
    )


def _without_update_token(facts: ActivityFacts, now: dt.datetime) -> Verdict:
    if facts.by_broadcast:
        return _by_broadcast(facts)
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


def _by_broadcast(facts: ActivityFacts) -> Verdict:
    if facts.accepted_version != facts.version:
        return Verdict(VerdictCode.RETRYING, "It is being sent by broadcast, one message for all phones.")
    text = (
        "Apple took the newest state by broadcast, for all phones that show the activity. Apple does not say which "
        "phones it has reached."
    )
    advice = "If the phone shows an older state, open the app: it asks for the newest."
    return Verdict(VerdictCode.ACCEPTED, text, advice)


def _unstarted(facts: ActivityFacts, device: DeviceFacts, now: dt.datetime) -> Verdict:
    if facts.reason is not None and is_servers_fault(facts.reason):
        return _owed_state(facts, device, now)
    words = device.words
    if not device.has_start_token and device.tokens_taken_at is not None:
        text = _was_paired_again(device.tokens_taken_at, device, now)
        return Verdict(VerdictCode.WAITING_FOR_START_TOKEN, text, _pair_again(device))
    if not device.has_start_token or device.start_token_dead_reason is not None:
        why = f"is dead ({device.start_token_dead_reason})" if device.start_token_dead_reason else "is not known"
        text = f"The device's {words.start_token} {why}: the start waits {words.start_waits}."
        return Verdict(VerdictCode.WAITING_FOR_START_TOKEN, text, words.report)
    return _owed_state(facts, device, now)


def _owed_state(facts: ActivityFacts, device: DeviceFacts, now: dt.datetime) -> Verdict:
    kept = facts.reason is not None and is_servers_fault(facts.reason)
    return _owed(facts.reason, facts.next_at, facts.failures or 0, now, device, kept=kept)


def _owed(
    reason: str | None, due_at: dt.datetime | None, attempts: int, now: dt.datetime, device: DeviceFacts, *, kept: bool
) -> Verdict:
    """`kept`: only the server is to blame for the last attempt."""
    if reason is None or due_at is None:
        return Verdict(VerdictCode.RETRYING, "It is being sent.")
    if kept:
        explanation, advice = of_route(reason)
        why = "sending is stopped." if reason == ROUTE_STOPPED else f"{reason}: {explanation}"
        text = f"{device.words.taker} refuses this server, and everything stays queued: {why}"
        return Verdict(VerdictCode.MISCONFIGURED, text, f"{advice} {QUEUED}")
    if not attempts:
        # The reason is that of a state before.
        return Verdict(VerdictCode.RETRYING, "It is being sent.")
    text = f"It is tried again at {at(due_at, now)}, after {attempts} failed attempts, the last with {reason}."
    return Verdict(VerdictCode.RETRYING, text)


def _rejected(reason: str | None, device: DeviceFacts) -> Verdict:
    return Verdict(VerdictCode.REJECTED, f"{device.words.taker} will never take it: {reason or 'it gave no reason'}.")


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
