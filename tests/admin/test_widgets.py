"""The page of metrics, which phones show in widgets."""

import pytest
from nicegui.testing import User
from smith.core.v1 import metric_service_pb2 as pb

from admin_ui.widgets.words import value_words
from tests.admin.looking import fill, press, sees
from tests.core.harness import Account
from tests.waiting import eventually_async


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (pb.Metric(format=pb.METRIC_FORMAT_NUMBER), "–"),
        (pb.Metric(format=pb.METRIC_FORMAT_NUMBER, latest_value=1240.5), "1,240.5"),
        (pb.Metric(format=pb.METRIC_FORMAT_NUMBER, latest_value=1e20), "1e+20"),
        (pb.Metric(format=pb.METRIC_FORMAT_PERCENT, latest_value=99.9), "99.9 %"),
        (pb.Metric(format=pb.METRIC_FORMAT_CURRENCY, currency_code="EUR", latest_value=3), "3 EUR"),
        (pb.Metric(format=pb.METRIC_FORMAT_CURRENCY, currency_code="EUR", latest_value=-2430.5), "-2,430.50 EUR"),
        (pb.Metric(format=pb.METRIC_FORMAT_UNIT, unit="ms", latest_value=12), "12ms"),
        (
            pb.Metric(
                format=pb.METRIC_FORMAT_UNIT, unit="ms", unit_spacing=pb.METRIC_UNIT_SPACING_SPACE, latest_value=12
            ),
            "12 ms",
        ),
        (pb.Metric(format=pb.METRIC_FORMAT_STRING, latest_value_text="all good"), "all good"),
    ],
)
def test_a_value_is_written_by_its_format(metric: pb.Metric, words: str) -> None:
    assert value_words(metric) == words


async def test_a_metric_is_made_and_shows_what_backends_send(owner: User, account: Account) -> None:
    await owner.open("/widgets")
    await sees(owner, "No metrics yet")
    await press(owner, "Create metric")
    await fill(owner, "Name", "Sign-ups today")
    await fill(owner, "Key", "signups")
    await press(owner, "Create")

    async def is_there() -> bool:
        return [one.label for one in (await account.owner.ListMetrics()).metrics] == ["Sign-ups today"]

    await eventually_async("the metric", is_there)
    await account.owner.PutMetricValue(key="signups", value=42)
    await owner.open("/widgets")
    await sees(owner, "Sign-ups today", "signups", "42", "/api/metrics/signups/value")


async def test_a_refusal_is_shown_at_its_field(owner: User, account: Account) -> None:
    await account.owner.CreateMetric(key="signups")
    await owner.open("/widgets")
    await press(owner, "Create metric")
    await fill(owner, "Key", "sign ups")
    await press(owner, "Create")
    await sees(owner, "Key must be 1 to 64 letters, digits, dots, hyphens and underscores")


async def test_deleting_says_what_follows(owner: User, account: Account) -> None:
    await account.owner.CreateMetric(key="signups", label="Sign-ups")
    await owner.open("/widgets")
    await press(owner, "Delete Sign-ups")
    await sees(owner, "Widgets that show it become empty")
    await press(owner, "Delete metric")
    await sees(owner, "No metrics yet")
