"""What people are told about why something is, or is not, on a phone."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from core_service.delivery_log.facts import ActivityFacts, DeviceFacts, NotificationFacts, Verdict, VerdictCode
from core_service.delivery_log.verdict import at, explain_activity, explain_notification

NOW = dt.datetime(2026, 11, 24, 12, 5, 0, tzinfo=dt.UTC)
EARLIER = dt.datetime(2026, 11, 24, 12, 1, 3, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 11, 24, 12, 16, 3, tzinfo=dt.UTC)
WELL = DeviceFacts(True, None, True, None)
UNREACHABLE = DeviceFacts(True, "Unregistered", True, None)
TAKEN = DeviceFacts(False, None, False, None, EARLIER)
WELL_REPORTED = dataclasses.replace(WELL, environment="sandbox")
BROWSER = DeviceFacts(True, None, True, None, None, "web_mozilla")
SAFARI = DeviceFacts(True, None, True, None, None, "web_apple")
UNSUBSCRIBED = DeviceFacts(True, "Http410", True, "Http410", None, "web_google")
TAKEN_BROWSER = DeviceFacts(False, None, False, None, EARLIER, "web_google")


def notification(device: DeviceFacts = UNREACHABLE, **facts: Any) -> Verdict:
    usual = NotificationFacts(LATER, "due", LATER, 0, None, None)
    return explain_notification(dataclasses.replace(usual, **facts), device, NOW)


def activity(device: DeviceFacts = WELL, **facts: Any) -> Verdict:
    usual = ActivityFacts(3, None, LATER, None, "live", 3, False, None, 0, None, EARLIER)
    return explain_activity(dataclasses.replace(usual, **facts), device, NOW)


# fmt: off
VERDICTS = [
    (notification(state=None), "NOT_A_RECIPIENT", "not in the target"),
    (notification(state="accepted", settled_at=EARLIER), "ACCEPTED", "APNs accepted it at 12:01:03 UTC."),
    (notification(state="token_dead", reason="Unregistered", settled_at=EARLIER), "TOKEN_DEAD",
     "dead (Unregistered) since 12:01:03"),
    (notification(state="rejected", reason="PayloadTooLarge"), "REJECTED", "never take it: PayloadTooLarge"),
    (notification(state="expired", expires_at=EARLIER), "EXPIRED", "not worth delivering after 12:01:03 UTC"),
    (notification(), "RETRYING", "It is being sent."),
    (notification(reason="ServiceUnavailable", attempts=3), "RETRYING",
     "again at 12:16:03 UTC, after 3 failed attempts, the last with Serv"),
    (notification(reason="InvalidProviderToken"), "MISCONFIGURED", "stays queued: InvalidProviderToken: The APNs key"),
    (notification(reason="BadEnvironmentKeyInToken"), "MISCONFIGURED", "The APNs key belongs to the other environment"),
    (notification(reason="LineStopped"), "MISCONFIGURED", "everything stays queued: sending is stopped."),
    (activity(phase=None), "NOT_A_RECIPIENT", "not in the target"),
    (activity(), "ACCEPTED", "APNs accepted the newest state."),
    (activity(accepted_version=2, reason="TooManyRequests", next_at=LATER, failures=1), "RETRYING",
     "again at 12:16:03 UTC"),
    (activity(accepted_version=2), "RETRYING", "It is being sent."),
    (activity(accepted_version=2, reason="ExpiredProviderToken", next_at=LATER), "MISCONFIGURED",
     "The clock of the delivery"),
    (activity(phase="started"), "WAITING_FOR_UPDATE_TOKEN",
     "and the app has not returned an update token for 3 min: likely waiting for Allow"),
    (activity(phase="requested", next_at=None), "RETRYING", "It is being sent."),
    (activity(DeviceFacts(True, None, False, None), phase="requested"), "WAITING_FOR_START_TOKEN", "is not known"),
    (activity(DeviceFacts(True, None, True, "Unregistered"), phase="requested"), "WAITING_FOR_START_TOKEN",
     "dead (Unregistered)"),
    (activity(phase="requested", reason="TopicDisallowed", next_at=LATER), "MISCONFIGURED",
     "may not send to this bundle id"),
    (notification(WELL, state="token_dead", reason="Unregistered", settled_at=EARLIER), "TOKEN_DEAD",
     "was dead (Unregistered) at 12:01:03 UTC. It has reported another since."),
    (notification(reason="BadDeviceToken"), "MISCONFIGURED", "the environment is probably wrong"),
    (notification(reason="BadDeviceToken", attempts=1), "RETRYING", "after 1 failed attempts, the last with BadDevice"),
    (notification(reason="Http403"), "MISCONFIGURED", "for a reason that this server does not know"),
    (activity(reason="PayloadTooLarge"), "REJECTED", "never take it: PayloadTooLarge"),
    (activity(accepted_version=2, reason="PayloadTooLarge", next_at=LATER), "RETRYING", "It is being sent."),
    (activity(phase="started", reason="Unregistered", failures=1), "TOKEN_DEAD",
     "update token on this phone is dead (Unregistered)"),
    (activity(phase="ended", ended_at=EARLIER, reason="PayloadTooLarge"), "REJECTED", "PayloadTooLarge"),
    (activity(phase="ended", ended_at=EARLIER, accepted_version=0, started_at=None), "ENDED",
     "before it could be started on this device"),
    (activity(phase="requested", expires_at=EARLIER, accepted_version=0, started_at=None), "EXPIRED",
     "It was over at 12:01:03 UTC"),
    (activity(phase="ended", ended_at=EARLIER, paused_at=EARLIER), "STREAM_PAUSED", "paused since 12:01:03 UTC"),
    (activity(phase="live", ended_at=EARLIER, paused_at=EARLIER, accepted_version=2, reason="TooManyRequests",
              failures=1, next_at=LATER), "RETRYING", "again at 12:16:03 UTC"),
    (activity(phase="dismissed"), "DISMISSED", "The person removed it"),
    (activity(phase="failed", reason="PayloadTooLarge"), "REJECTED", "never take it: PayloadTooLarge"),
    (activity(phase="ended", ended_at=EARLIER), "ENDED", "over on this device since 12:01:03 UTC"),
    (notification(TAKEN, state="token_dead", settled_at=EARLIER), "TOKEN_DEAD",
     "At 12:01:03 UTC the phone was paired again: since then it is another device."),
    (activity(TAKEN, phase="requested"), "WAITING_FOR_START_TOKEN", "the phone was paired again"),
    (activity(TAKEN, phase="ended", withdrawn_at=EARLIER), "ENDED", "The card is taken off its screen."),
    (activity(expires_at=EARLIER), "EXPIRED", "iOS ended it at 12:01:03 UTC"),
    (activity(paused_at=EARLIER), "STREAM_PAUSED", "paused since 12:01:03 UTC"),
    (notification(BROWSER, state="accepted", settled_at=EARLIER), "ACCEPTED",
     "The browser's push service accepted it at 12:01:03 UTC."),
    (notification(UNSUBSCRIBED, state="token_dead", reason="Http410", settled_at=EARLIER), "TOKEN_DEAD",
     "The device's subscription is dead (Http410) since 12:01:03 UTC: notifications were forbidden"),
    (notification(BROWSER, state="token_dead", reason="Http410", settled_at=EARLIER), "TOKEN_DEAD",
     "The subscription that the device had was dead (Http410) at 12:01:03 UTC. It has subscribed again since."),
    (notification(TAKEN_BROWSER, state="token_dead", settled_at=EARLIER), "TOKEN_DEAD",
     "At 12:01:03 UTC the browser was paired again"),
    (notification(BROWSER, state="rejected", reason="Http413"), "REJECTED", "push service will never take it: Http413"),
    (notification(BROWSER, reason="LineStopped"), "MISCONFIGURED", "The browser's push service refuses this server"),
    (activity(BROWSER), "ACCEPTED", "The browser's push service accepted the newest state."),
    (activity(BROWSER, phase="dismissed"), "DISMISSED", "The person removed it from this browser."),
    (activity(BROWSER, expires_at=EARLIER), "EXPIRED", "It ended at 12:01:03 UTC, 8 hours after its start."),
    (activity(UNSUBSCRIBED, phase="requested"), "WAITING_FOR_START_TOKEN",
     "subscription is dead (Http410): the start waits until the browser subscribes again"),
    (activity(UNSUBSCRIBED, phase="started", accepted_version=2), "TOKEN_DEAD", "is not told of newer states"),
    (activity(BROWSER, accepted_version=2, next_at=LATER), "RETRYING", "It is sent at 12:16:03 UTC: a browser's"),
    (activity(BROWSER, accepted_version=2, next_at=NOW), "RETRYING", "It is being sent."),
    (activity(SAFARI, accepted_version=2, next_at=None), "ACCEPTED", "The page shows each state."),
    (activity(SAFARI, accepted_version=2, next_at=LATER, reason="Http500", failures=1), "RETRYING",
     "again at 12:16:03 UTC"),
]
# fmt: on


@pytest.mark.parametrize(("verdict", "code", "words"), VERDICTS)
def test_it_is_said_in_plain_words(verdict: Verdict, code: str, words: str) -> None:
    assert verdict.code is VerdictCode[code]
    assert words in verdict.explanation


@pytest.mark.parametrize(
    ("verdict", "advice"),
    [
        (notification(DeviceFacts(False, None, False, None), state=None), "open the page and allow notifications"),
        (notification(WELL_REPORTED, state=None), "the app has reported its tokens."),
        (notification(BROWSER, state=None), "the browser allows notifications: open the page on it."),
        (notification(UNSUBSCRIBED, state="token_dead"), "Open the page on the browser"),
        (notification(BROWSER, state="accepted"), "is the browser running"),
        (notification(TAKEN_BROWSER, state="token_dead"), "If the browser is to be reached here again"),
    ],
)
def test_it_is_said_what_helps_on_a_device_of_this_kind(verdict: Verdict, advice: str) -> None:
    assert advice in verdict.advice


def test_every_verdict_can_be_given() -> None:
    assert {verdict.code for verdict, _, _ in VERDICTS} == set(VerdictCode)


def test_another_days_time_has_its_day() -> None:
    assert at(EARLIER, NOW) == "12:01:03 UTC"
    assert at(EARLIER - dt.timedelta(days=1), NOW) == "2026-11-23 12:01:03 UTC"
