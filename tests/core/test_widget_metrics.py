"""Metrics of widgets: their definitions, and that the value measured last is what a phone reads."""

import asyncio
import datetime as dt
from typing import Any

import pytest
from smith.core.v1.api_key_pb2 import API_KEY_SCOPE_CHANNELS

from tests.core.harness import Account, outcomes, refused_with

NOW = dt.datetime.now(dt.UTC)

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"key": ""}, "key must be 1 to 64 letters"),
    ({"key": "a" * 65}, "key must be 1 to 64 letters"),
    ({"key": "-a"}, "key must be 1 to 64 letters"),
    ({"key": "a b"}, "key must be 1 to 64 letters"),
    ({"label": " "}, "label must be 1 to 80 characters"),
    ({"label": "l" * 81}, "label must be 1 to 80 characters"),
    ({"format": 2}, "currency_code is required for format currency"),
    ({"format": 2, "currency_code": "EURO"}, "currency_code must be a currency code of three letters"),
    ({"format": 4}, "unit is required for format unit"),
    ({"format": 4, "unit": "u" * 17}, "unit must be 1 to 16 characters"),
    ({"unit": "ms"}, "unit is for format unit only"),
    ({"format": 3, "currency_code": "EUR"}, "currency_code is for format currency only"),
    ({"unit_spacing": 2}, "unit_spacing is for format unit only"),
    ({"format": 9}, "format must be one of number, currency, percent, unit, string"),
]


def at(minutes: float) -> dt.datetime:
    """A moment so many minutes from when these tests were loaded."""
    return NOW + dt.timedelta(minutes=minutes)


async def value_of(account: Account, key: str) -> Any:
    """The metric's value as a phone of the account reads it; None before the first."""
    phone = await account.add_phone()
    (metric,) = [one for one in (await phone.caller.ListDeviceMetrics()).metrics if one.key == key]
    if metric.HasField("latest_value_text"):
        return metric.latest_value_text
    return metric.latest_value if metric.HasField("latest_value") else None


async def test_a_metric_is_a_number_named_after_its_key_unless_said_otherwise(account: Account) -> None:
    metric = (await account.owner.CreateMetric(key="Sign.Ups")).metric
    assert (metric.key, metric.label, metric.format) == ("sign.ups", "sign.ups", 1)
    money = (await account.owner.CreateMetric(key="m", label=" Revenue ", format=2, currency_code="eur")).metric
    assert (money.label, money.currency_code) == ("Revenue", "EUR")
    unit = (await account.owner.CreateMetric(key="u", format=4, unit="ms")).metric
    assert (unit.unit, unit.unit_spacing) == ("ms", 1)
    assert [one.key for one in (await account.owner.ListMetrics()).metrics] == ["m", "sign.ups", "u"]


@pytest.mark.parametrize(("asked", "rule"), WRONG, ids=[rule for _, rule in WRONG])
async def test_a_definition_that_breaks_a_rule_is_refused(account: Account, asked: dict[str, Any], rule: str) -> None:
    assert rule in await refused_with("INVALID_REQUEST", account.owner.CreateMetric(**{"key": "k"} | asked))


async def test_a_key_is_taken_once_in_an_account(account: Account, stranger: Account) -> None:
    creations = (account.owner.CreateMetric(key="race") for _ in range(8))
    assert await outcomes(*creations) == {"OK": 1, "ALREADY_EXISTS": 7}
    await stranger.owner.CreateMetric(key="race")


async def test_an_account_may_have_200_metrics(account: Account) -> None:
    # A few at a time: each call has a deadline of its own, also on a busy machine.
    for start in range(0, 200, 5):
        await asyncio.gather(*(account.owner.CreateMetric(key=f"k{n}") for n in range(start, start + 5)))
    rule = await refused_with("INVALID_REQUEST", account.owner.CreateMetric(key="more"))
    assert rule == "An account may have at most 200 metrics. Delete one first."


async def test_a_phone_reads_what_a_backend_has_set(account: Account, stranger: Account) -> None:
    for owner in (account.owner, stranger.owner):
        await owner.CreateMetric(key="signups")
    _, secret = await account.add_key()
    backend = account.core.caller(secret)
    assert await value_of(account, "signups") is None
    await backend.PutMetricValue(key="SignUps", value=42)
    assert await value_of(account, "signups") == 42
    assert await value_of(stranger, "signups") is None


async def test_the_value_measured_last_stays(account: Account) -> None:
    await account.owner.CreateMetric(key="k")
    for value, minutes in ((1, -10), (2, -5), (3, -7)):
        await account.owner.PutMetricValue(key="k", value=value, timestamp=at(minutes))
    assert await value_of(account, "k") == 2
    await account.owner.PutMetricValue(key="k", value=4, timestamp=at(-5))
    assert await value_of(account, "k") == 4, "of two at the same time, the one that came last"


async def test_a_measurement_from_the_future_does_not_keep_out_others(account: Account) -> None:
    await account.owner.CreateMetric(key="k")
    # From now: an hour after these tests were loaded may be over.
    to_come = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    late = account.owner.PutMetricValue(key="k", value=1, timestamp=to_come)
    assert "at most 5 minutes ahead" in await refused_with("INVALID_REQUEST", late)
    assert await value_of(account, "k") is None


async def test_a_metric_of_texts_takes_texts_and_others_numbers(account: Account) -> None:
    await account.owner.CreateMetric(key="state", format=5)
    await account.owner.CreateMetric(key="count")
    await account.owner.PutMetricValue(key="state", value_text="all good")
    assert await value_of(account, "state") == "all good"
    number = account.owner.PutMetricValue(key="state", value=1)
    assert await refused_with("INVALID_REQUEST", number) == "value must be a text"
    words = account.owner.PutMetricValue(key="count", value_text="1")
    assert await refused_with("INVALID_REQUEST", words) == "value must be a number"
    both = account.owner.PutMetricValue(key="count", value=1, value_text="1")
    assert "cannot be combined" in await refused_with("INVALID_REQUEST", both)
    assert await refused_with("INVALID_REQUEST", account.owner.PutMetricValue(key="count")) == "value is required"


async def test_a_new_definition_replaces_the_old_and_keeps_a_value_of_its_kind(account: Account) -> None:
    await account.owner.CreateMetric(key="k", label="Old", format=4, unit="ms")
    await account.owner.PutMetricValue(key="k", value=7)
    changed = (await account.owner.UpdateMetric(key="k", format=3)).metric
    assert (changed.label, changed.format, changed.unit) == ("k", 3, "")
    assert await value_of(account, "k") == 7
    await account.owner.UpdateMetric(key="k", format=5)
    assert await value_of(account, "k") is None, "a number is no text"


async def test_a_deleted_metric_is_gone(account: Account) -> None:
    await account.owner.CreateMetric(key="k")
    await account.owner.DeleteMetric(key="k")
    for call in (account.owner.DeleteMetric(key="k"), account.owner.PutMetricValue(key="k", value=1)):
        assert await refused_with("NOT_FOUND", call) == "There is no such metric in the account."


async def test_a_key_that_is_limited_to_channels_sets_no_value(account: Account) -> None:
    await account.owner.CreateMetric(key="k")
    await account.add_channel("ops")
    _, secret = await account.add_key(scope=API_KEY_SCOPE_CHANNELS, channels=["ops"])
    await refused_with("FORBIDDEN", account.core.caller(secret).PutMetricValue(key="k", value=1))
