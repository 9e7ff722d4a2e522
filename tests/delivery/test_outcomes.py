"""The table of outcomes says the right thing about every answer that APNs is known to give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smith.delivery.v1.reason_pb2 import Reason

from delivery_service.apns.header_blocks import status_of
from delivery_service.apns.outcomes import BY_WORD, MEANINGS, reason_of
from delivery_service.problem_log import INTERVAL, MAX_PROBLEMS, ProblemLog
from tests.delivery.harness import MISCONFIGURED, REJECTED, RETRY, TOKEN_DEAD

MINUTES = 60_000

APPLE = [
    ("400", "BadDeviceToken", TOKEN_DEAD, 0),
    ("400", "DeviceTokenNotForTopic", REJECTED, 0),
    ("410", "Unregistered", TOKEN_DEAD, 0),
    ("410", "ExpiredToken", TOKEN_DEAD, 0),
    ("429", "TooManyRequests", RETRY, 30_000),
    ("500", "InternalServerError", RETRY, 15 * MINUTES),
    ("503", "ServiceUnavailable", RETRY, 15 * MINUTES),
    ("503", "Shutdown", RETRY, 1_000),
    ("400", "IdleTimeout", RETRY, 1_000),
    ("429", "TooManyProviderTokenUpdates", RETRY, MINUTES),
    ("403", "ExpiredProviderToken", MISCONFIGURED, MINUTES),
    ("403", "InvalidProviderToken", MISCONFIGURED, MINUTES),
    ("403", "MissingProviderToken", MISCONFIGURED, MINUTES),
    ("403", "UnrelatedKeyIdInToken", MISCONFIGURED, MINUTES),
    ("403", "BadEnvironmentKeyIdInToken", MISCONFIGURED, MINUTES),
    ("403", "BadEnvironmentKeyInToken", MISCONFIGURED, MINUTES),
    ("403", "BadCertificate", MISCONFIGURED, MINUTES),
    ("403", "BadCertificateEnvironment", MISCONFIGURED, MINUTES),
    ("403", "Forbidden", MISCONFIGURED, MINUTES),
    ("400", "MissingTopic", MISCONFIGURED, MINUTES),
    ("400", "BadTopic", MISCONFIGURED, MINUTES),
    ("400", "TopicDisallowed", MISCONFIGURED, MINUTES),
    ("400", "BadCollapseId", REJECTED, 0),
    ("400", "BadExpirationDate", REJECTED, 0),
    ("400", "BadMessageId", REJECTED, 0),
    ("400", "BadPriority", REJECTED, 0),
    ("400", "DuplicateHeaders", REJECTED, 0),
    ("400", "InvalidPushType", REJECTED, 0),
    ("400", "MissingDeviceToken", REJECTED, 0),
    ("400", "PayloadEmpty", REJECTED, 0),
    ("404", "BadPath", REJECTED, 0),
    ("405", "MethodNotAllowed", REJECTED, 0),
    ("413", "PayloadTooLarge", REJECTED, 0),
]
UNKNOWN = [
    ("410", "", TOKEN_DEAD, 0),
    ("429", "NewReason", RETRY, 30_000),
    ("403", "NewReason", MISCONFIGURED, MINUTES),
    ("418", "", REJECTED, 0),
    ("502", "Http502", RETRY, 15 * MINUTES),
    ("", "NoStatus", RETRY, MINUTES),
    ("302", "", RETRY, MINUTES),
]
OURS = [
    ("", "ConnectFailed", RETRY, 1_000),
    ("", "ConnectionLost", RETRY, 1_000),
    ("", "AnswerTimeout", RETRY, 1_000),
    ("", "NoFreeStream", RETRY, 1_000),
    ("", "ProviderKeyMissing", MISCONFIGURED, MINUTES),
]


@pytest.mark.parametrize(("status", "reason", "kind", "retry_after_ms"), [*APPLE, *UNKNOWN, *OURS])
def test_the_table(status: str, reason: str, kind: int, retry_after_ms: int) -> None:
    meaning = MEANINGS[reason_of(status, reason)]
    assert (meaning.kind, meaning.retry_after_ms) == (kind, retry_after_ms)


@pytest.mark.parametrize("reason", ["TooManyRequests", "Unregistered"])
@pytest.mark.parametrize("status", ["400", "410", "429", "503"])
def test_the_reason_decides_and_not_the_status(status: str, reason: str) -> None:
    assert reason_of(status, reason) == BY_WORD[reason]


@pytest.mark.parametrize("reason", list(MEANINGS), ids=Reason.Name)
def test_every_line_says_why_and_waits_only_where_there_is_a_next_attempt(reason: "Reason.ValueType") -> None:
    meaning = MEANINGS[reason]
    assert meaning.explanation.endswith((".", "?"))
    assert (meaning.retry_after_ms > 0) == (meaning.kind in (RETRY, MISCONFIGURED))


@given(st.text(max_size=5), st.text(max_size=80))
def test_any_answer_has_a_verdict(status: str, reason: str) -> None:
    assert MEANINGS[reason_of(status, reason)].kind in (RETRY, TOKEN_DEAD, REJECTED, MISCONFIGURED)


@pytest.mark.parametrize(
    ("value", "status"), [(b"503", "503"), (b"\xb2", ""), (b"99999999999", ""), (b"-1", ""), (b"", "")]
)
def test_whatever_stands_for_a_status_is_a_status_or_none(value: bytes, status: str) -> None:
    """Its number goes into a message and a column."""
    assert status_of([(b":status", value)]) == status


def test_a_lasting_problem_is_logged_once_a_minute_with_its_number(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    problems = ProblemLog(lambda: now[0])
    for _ in range(5):
        problems.report("a", "trouble")
    now[0] += INTERVAL
    problems.report("a", "trouble")
    assert [record.getMessage() for record in caplog.records] == [
        "trouble",
        "trouble (5 times since the last such line)",
    ]


def test_problems_do_not_pile_up_in_memory() -> None:
    problems = ProblemLog()
    for number in range(MAX_PROBLEMS * 2):
        problems.report(str(number), "trouble")
    assert len(problems._problems) == MAX_PROBLEMS
