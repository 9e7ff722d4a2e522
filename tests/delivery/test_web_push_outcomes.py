"""One table says what the answers of all push services of browsers mean."""

import datetime as dt
import json
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smith.delivery.v1.reason_pb2 import Concern

from delivery_service.web_push.connection import Answer
from delivery_service.web_push.outcomes import of_answer, reason_of
from tests.delivery.harness import ACCEPTED, MISCONFIGURED, REJECTED, RETRY, TOKEN_DEAD

NOW = dt.datetime(2026, 11, 28, 6, 0, tzinfo=dt.UTC)
SENDER, TOKEN, DOUBTFUL = (
    Concern.CONCERN_SENDER, Concern.CONCERN_TOKEN, Concern.CONCERN_TOKEN_OR_SERVER,
)  # fmt: skip
REQUEST, LOAD, SERVICE, NETWORK = (
    Concern.CONCERN_REQUEST, Concern.CONCERN_LOAD, Concern.CONCERN_APNS, Concern.CONCERN_NETWORK,
)  # fmt: skip


def apple(reason: str) -> str:
    """How Apple says it."""
    return json.dumps({"reason": reason})


def mozilla(errno: int, message: str = "") -> str:
    """How Mozilla says it."""
    return json.dumps({"code": 0, "errno": errno, "error": "x", "message": message, "more_info": "http://…"})


GOOGLES_MISMATCH = (
    "the VAPID credentials in the authorization header do not correspond to the credentials used to create the "
    "subscriptions.\n"
)

TABLE = [
    (404, "", "SubscriptionGone", TOKEN_DEAD, TOKEN, 0),
    (410, apple("Unregistered"), "SubscriptionGone", TOKEN_DEAD, TOKEN, 0),
    (410, "push subscription has unsubscribed or expired.\n", "SubscriptionGone", TOKEN_DEAD, TOKEN, 0),
    (410, mozilla(106), "SubscriptionGone", TOKEN_DEAD, TOKEN, 0),
    (400, apple("VapidPkHashMismatch"), "VapidPkHashMismatch", TOKEN_DEAD, DOUBTFUL, 0),
    (403, apple("VapidPkHashMismatch"), "VapidPkHashMismatch", TOKEN_DEAD, DOUBTFUL, 0),
    (403, GOOGLES_MISMATCH, "VapidPkHashMismatch", TOKEN_DEAD, DOUBTFUL, 0),
    (400, "UnauthorizedRegistration", "VapidPkHashMismatch", TOKEN_DEAD, DOUBTFUL, 0),
    (401, "", "WebPushUnauthorized", TOKEN_DEAD, DOUBTFUL, 0),
    (401, mozilla(109, "Unauthorized"), "WebPushUnauthorized", TOKEN_DEAD, DOUBTFUL, 0),
    (403, "something new", "WebPushUnauthorized", TOKEN_DEAD, DOUBTFUL, 0),
    (403, apple("BadJwtToken"), "BadJwtToken", MISCONFIGURED, SENDER, 60_000),
    (400, apple("BadJwtToken"), "BadJwtToken", MISCONFIGURED, SENDER, 60_000),
    (403, "invalid JWT provided\n", "BadJwtToken", MISCONFIGURED, SENDER, 60_000),
    (400, apple("BadWebPushTopic"), "BadWebPushTopic", REJECTED, REQUEST, 0),
    (400, "", "WebPushRefused", REJECTED, REQUEST, 0),
    (405, "", "WebPushRefused", REJECTED, REQUEST, 0),
    (413, mozilla(104), "WebPushTooLarge", REJECTED, REQUEST, 0),
    (406, "", "WebPushSlowDown", RETRY, LOAD, 30_000),
    (429, "too many requests to same device", "WebPushSlowDown", RETRY, LOAD, 30_000),
    (408, "", "WebPushServiceError", RETRY, SERVICE, 60_000),
    (500, "", "WebPushServiceError", RETRY, SERVICE, 60_000),
    (503, "", "WebPushServiceError", RETRY, SERVICE, 60_000),
    (599, "", "WebPushServiceError", RETRY, SERVICE, 60_000),
    (301, "", "PushServiceRedirected", RETRY, NETWORK, 60_000),
    (307, "", "PushServiceRedirected", RETRY, NETWORK, 60_000),
    (799, "", "WebPushServiceError", RETRY, SERVICE, 60_000),
]


@pytest.mark.parametrize(("status", "body", "reason", "kind", "concern", "retry_after_ms"), TABLE)
def test_the_table(*, status: int, body: str, reason: str, kind: int, concern: int, retry_after_ms: int) -> None:
    outcome = of_answer(3, Answer(status, "", body.encode()), NOW, "fingerprint")
    assert (outcome.index, outcome.reason, outcome.kind, outcome.concern) == (3, reason, kind, concern)
    assert (outcome.retry_after_ms, outcome.status) == (retry_after_ms, status)
    assert outcome.configuration == ("fingerprint" if concern == DOUBTFUL else "")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_2xx_says_that_the_service_took_it(status: int) -> None:
    outcome = of_answer(0, Answer(status, "60", b"VapidPkHashMismatch"), NOW, "x")
    assert (outcome.kind, outcome.reason, outcome.status) == (ACCEPTED, "", status)


@pytest.mark.parametrize(("status", "maybe"), [(500, False), (502, True), (503, False), (504, True), (429, False)])
def test_what_a_gateway_had_passed_on_may_have_been_taken(status: int, maybe: bool) -> None:
    assert of_answer(0, Answer(status, "", b""), NOW, "").maybe_accepted is maybe


@pytest.mark.parametrize(
    ("header", "milliseconds"),
    [
        ("120", 120_000),
        ("0", 1000),
        (" 5 ", 5000),
        ("999999999999999999999", 3_600_000),
        (format_datetime(NOW + dt.timedelta(seconds=90), usegmt=True), 90_000),
        (format_datetime(NOW - dt.timedelta(days=1), usegmt=True), 1000),
        (format_datetime(NOW + dt.timedelta(days=9), usegmt=True), 3_600_000),
        ("Sat, 28 Nov 2026 06:00:30 -0000", 30_000),
        ("-5", 30_000),
        ("1.5", 30_000),
        ("soon", 30_000),
        ("٣", 30_000),
        ("", 30_000),
    ],
)
def test_retry_after_is_kept_between_a_second_and_an_hour(header: str, milliseconds: int) -> None:
    assert of_answer(0, Answer(429, header, b""), NOW, "").retry_after_ms == milliseconds


def test_what_will_not_be_tried_again_has_no_time_for_it() -> None:
    assert of_answer(0, Answer(410, "120", b""), NOW, "").retry_after_ms == 0


def test_a_sentence_of_one_service_has_no_meaning_with_a_status_that_does_not_refuse() -> None:
    assert reason_of(Answer(503, "", b"do not correspond")) == "WebPushServiceError"


@given(st.integers(min_value=0, max_value=999), st.text(max_size=40), st.binary(max_size=200))
def test_any_answer_has_an_outcome(status: int, header: str, body: bytes) -> None:
    outcome = of_answer(0, Answer(status, header, body), NOW, "")
    assert outcome.kind in (ACCEPTED, RETRY, TOKEN_DEAD, REJECTED, MISCONFIGURED)
    assert outcome.retry_after_ms <= 3_600_000


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3)))
def test_any_json_is_read_without_a_fault(said: object) -> None:
    assert reason_of(Answer(403, "", json.dumps({"reason": said}).encode()))
    assert reason_of(Answer(403, "", json.dumps(said).encode()))
