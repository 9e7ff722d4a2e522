"""What reasons mean, and what to do: told from one place, for every reason that the delivery service knows."""

import datetime as dt

import pytest

from core_service.sending import misconfiguration, trouble
from core_service.status.account_alarms import queue_age
from delivery_service.apns import outcomes

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def of_kind(kind: int) -> list[str]:
    """The delivery service's reasons of this kind."""
    return sorted(reason for reason, verdict in outcomes.BY_REASON.items() if verdict.kind == kind)


@pytest.mark.parametrize("reason", of_kind(outcomes.RETRY))
def test_core_knows_every_reason_for_which_the_delivery_service_tries_again(reason: str) -> None:
    assert trouble.trouble(reason) is not trouble.UNKNOWN


@pytest.mark.parametrize("reason", of_kind(outcomes.MISCONFIGURED))
def test_core_knows_every_reason_that_the_delivery_service_blames_the_settings_for(reason: str) -> None:
    known = misconfiguration.BY_REASON[reason]
    assert known.explanation
    assert known.advice


def test_core_knows_no_reason_that_does_not_exist() -> None:
    ours = {reason for reason in trouble.BY_REASON if not reason.startswith(trouble.DELIVERY_PREFIX)}
    assert ours | misconfiguration.BY_REASON.keys() <= outcomes.BY_REASON.keys()


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
