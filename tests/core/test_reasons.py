"""What reasons mean, and what to do about them: told from one place, the table of the delivery service."""

import datetime as dt

import pytest
from smith.core.v1.delivery_attempt_pb2 import DeliveryConcern
from smith.delivery.v1 import reason_pb2

from core_service.apns_check.explanation import CheckAnswer, CheckResult, explain
from core_service.sending.port import Concern, OutcomeKind
from core_service.sending.reasons import BY_WORD, UNKNOWN, Meaning, is_servers_fault, meaning, of_route
from core_service.status.account_alarms import queue_age
from service_kit.enum_words import by_word

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
TABLE = sorted(BY_WORD.items())


@pytest.mark.parametrize(("reason", "known"), TABLE, ids=[reason for reason, _ in TABLE])
def test_every_reason_says_what_it_means_and_what_to_do_if_somebody_can_do_something(
    reason: str, known: Meaning
) -> None:
    assert known.explanation.endswith(".")
    if known.verdict in (OutcomeKind.RETRY, OutcomeKind.MISCONFIGURED, OutcomeKind.TOKEN_DEAD):
        assert known.advice.endswith(".")
    assert (known.retry_after_seconds > 0) == (known.verdict in (OutcomeKind.RETRY, OutcomeKind.MISCONFIGURED))


@pytest.mark.parametrize("reason", [reason for reason, known in TABLE if known.verdict is OutcomeKind.MISCONFIGURED])
def test_what_the_settings_are_to_blame_for_concerns_the_sender_or_the_topic(reason: str) -> None:
    assert meaning(reason).concern in (Concern.SENDER, Concern.TOPIC)
    assert is_servers_fault(reason)
    assert of_route(reason) == (meaning(reason).explanation, meaning(reason).advice)


def test_only_a_token_that_may_be_good_is_explained_otherwise_if_many_are_refused() -> None:
    otherwise = {reason for reason, known in TABLE if known.of_route[0] != known.explanation}
    assert otherwise == {reason for reason, known in TABLE if known.concern is Concern.TOKEN_OR_SERVER}
    assert otherwise == {
        "BadDeviceToken", "DeviceTokenNotForTopic", "VapidPkHashMismatch", "WebPushUnauthorized",
    }  # fmt: skip


def test_the_enums_of_concerns_are_one() -> None:
    names = {number: name.removeprefix("CONCERN_") for name, number in reason_pb2.Concern.items()}
    assert names == {number: name.removeprefix("DELIVERY_CONCERN_") for name, number in DeliveryConcern.items()}
    assert set(names.values()) - {"UNSPECIFIED"} == {concern.name for concern in Concern}


def test_no_word_stands_for_two_reasons() -> None:
    options = [said for value in reason_pb2.Reason.DESCRIPTOR.values[1:] for _, said in value.GetOptions().ListFields()]
    words = sum(1 + len(said.also) for said in options)
    assert len(by_word(reason_pb2.Reason.DESCRIPTOR, reason_pb2.Concern.DESCRIPTOR)) == words


@pytest.mark.parametrize(
    ("reason", "result", "advice"),
    [
        ("DeviceTokenNotForTopic", CheckResult.MISCONFIGURED, "letter by letter"),
        ("MissingBundleId", CheckResult.MISCONFIGURED, "Set SMITH_APNS_TOPIC"),
        ("MalformedBundleId", CheckResult.MISCONFIGURED, "letters, digits, hyphens and periods"),
        ("InternalServerError", CheckResult.UNCLEAR, "Check again in 15 minutes."),
        ("TooManyRequests", CheckResult.UNCLEAR, "Check again in a minute."),
        ("TooManyProviderTokenUpdates", CheckResult.UNCLEAR, "Another program seems to use the same key"),
        ("SomethingNew", CheckResult.UNCLEAR, "Check again"),
        ("ConnectFailed", CheckResult.UNREACHABLE, "port 443 of Apple's hosts"),
    ],
)
def test_a_check_of_the_credentials_draws_its_conclusion_from_the_table(
    reason: str, result: CheckResult, advice: str
) -> None:
    answered = result is not CheckResult.UNREACHABLE
    told = explain(CheckAnswer(reason, "com.example.app", misconfigured=False, answered=answered, latency_ms=1))
    assert told.result is result
    assert advice in told.advice


def test_a_refusal_of_the_sender_that_is_not_in_the_table_is_said_to_be_one() -> None:
    told = explain(CheckAnswer("SomethingNew", "com.example.app", misconfigured=True, answered=True, latency_ms=1))
    assert told.result is CheckResult.MISCONFIGURED
    assert meaning("SomethingNew") is UNKNOWN
    assert (
        told.meaning
        == of_route("SomethingNew")[0]
        == "APNs refuses this sender for a reason that this server does not know."
    )


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("ConnectFailed", "port 443 of Apple's hosts"),
        ("AnswerTimeout", "port 443 of Apple's hosts"),
        ("DeliveryUnavailable", "the delivery service runs"),
        ("DeliveryInterrupted", "the delivery service runs"),
        (None, "the delivery service runs"),
        ("ServiceUnavailable", "Apple asks to wait"),
        ("DeliveryResourceExhausted", "SMITH_APNS_MAX_IN_FLIGHT"),
        ("SomethingNew", "Its log says more"),
    ],
)
def test_what_is_owed_for_long_comes_with_the_advice_that_fits_its_reason(reason: str | None, advice: str) -> None:
    alarm = queue_age(NOW - dt.timedelta(minutes=10), reason, NOW)
    assert alarm is not None
    assert alarm.explanation.startswith("The oldest push has been owed for 10 minutes. ")
    assert advice in alarm.advice


def test_what_is_owed_for_a_moment_is_no_alarm() -> None:
    assert queue_age(NOW - dt.timedelta(minutes=4), "ConnectFailed", NOW) is None
