"""How often a webhook is called, and when again."""

import datetime as dt

import pytest

from core_service.webhooks.attempts import Next, WebhookResult, WebhookVerdict, after
from core_service.webhooks.models import RunState

YOUNG, OLD = dt.timedelta(seconds=5), dt.timedelta(minutes=10)
RUNNING, SUCCEEDED, FAILED = RunState.RUNNING, RunState.SUCCEEDED, RunState.FAILED


@pytest.mark.parametrize(
    ("result", "attempts", "age", "expected"),
    [
        (WebhookResult(WebhookVerdict.SUCCEEDED), 0, YOUNG, Next(SUCCEEDED, 1)),
        (WebhookResult(WebhookVerdict.SUCCEEDED), 2, OLD, Next(SUCCEEDED, 3)),
        (WebhookResult(WebhookVerdict.FAILED), 0, YOUNG, Next(FAILED, 1)),
        (WebhookResult(WebhookVerdict.RETRY), 0, YOUNG, Next(RUNNING, 1, 1.0)),
        (WebhookResult(WebhookVerdict.RETRY), 1, YOUNG, Next(RUNNING, 2, 5.0)),
        (WebhookResult(WebhookVerdict.RETRY), 2, YOUNG, Next(FAILED, 3)),
        (WebhookResult(WebhookVerdict.RETRY, retry_after_seconds=20), 0, YOUNG, Next(RUNNING, 1, 20.0)),
        (WebhookResult(WebhookVerdict.RETRY, retry_after_seconds=3600), 1, YOUNG, Next(RUNNING, 2, 60.0)),
        (WebhookResult(WebhookVerdict.RETRY, attempted=False), 0, YOUNG, Next(RUNNING, 0, 1.0)),
        (WebhookResult(WebhookVerdict.RETRY, attempted=False), 2, YOUNG, Next(RUNNING, 2, 1.0)),
        (WebhookResult(WebhookVerdict.RETRY, attempted=False), 2, OLD, Next(FAILED, 2)),
    ],
)
def test_three_calls_and_ten_minutes_are_the_bounds(
    result: WebhookResult, attempts: int, age: dt.timedelta, expected: Next
) -> None:
    assert after(result, attempts, age) == expected
