"""Metrics that backends set are what a phone's widgets show."""

from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Audience
from tests.team import Team

KEY = "key must be 1 to 64 letters, digits, dots, hyphens and underscores, a letter or digit first"
MOMENT = "timestamp must be an RFC 3339 date and time such as 2025-08-12T12:00:00.000Z"
FLOATS = "value must be a number of a size that a floating-point number can hold"

DEFINITIONS: list[tuple[dict[str, Any], str]] = [
    *[({"key": key}, KEY) for key in ("", "a b", "-x", ".x", "x" * 65, "x/y", "ü", None)],
    ({}, KEY),
    ({"key": 5}, "key must be a string"),
    ({"label": ""}, "label must be 1 to 80 characters"),
    ({"label": " "}, "label must be 1 to 80 characters"),
    ({"label": "l" * 81}, "label must be 1 to 80 characters"),
    ({"label": 5}, "label must be a string"),
    ({"label": "nul \x00"}, "label must not contain the character U+0000"),
    ({"format": "money"}, "format must be one of number, currency, percent, unit, string"),
    ({"format": "currency"}, "currency_code is required for format currency"),
    (
        {"format": "currency", "currency_code": "EURO"},
        "currency_code must be a currency code of three letters, such as EUR",
    ),
    ({"format": "percent", "currency_code": "EUR"}, "currency_code is for format currency only"),
    ({"format": "unit"}, "unit is required for format unit"),
    ({"format": "unit", "unit": ""}, "unit must be 1 to 16 characters"),
    ({"format": "unit", "unit": "u" * 17}, "unit must be 1 to 16 characters"),
    ({"format": "unit", "unit": "ms", "unit_spacing": "wide"}, "unit_spacing must be one of none, space"),
    ({"unit": "ms"}, "unit is for format unit only"),
    ({"unit_spacing": "space"}, "unit_spacing is for format unit only"),
    ({"value": 5}, "value is not a known field"),
]
VALUES: list[tuple[str, dict[str, Any], str]] = [
    ("number", {}, "value is required"),
    ("number", {"value": None}, "value is required"),
    ("number", {"value": True}, "value must be a number or a string"),
    ("number", {"value": [1]}, "value must be a number or a string"),
    ("number", {"value": {}}, "value must be a number or a string"),
    ("number", {"value": "5"}, "value must be a number"),
    ("number", {"value": 10**400}, FLOATS),
    ("number", {"value": 1, "timestamp": "yesterday"}, MOMENT),
    ("number", {"value": 1, "timestamp": "2026-11-28"}, MOMENT),
    ("number", {"value": 1, "timestamp": "2026-11-28T00:00:00"}, MOMENT),
    ("number", {"value": 1, "timestamp": 1_795_830_968}, MOMENT),
    ("number", {"value": 1, "timestamp": "99999-01-01T00:00:00Z"}, MOMENT),
    ("number", {"value": 1, "timestamp": "1900-01-01T00:00:00Z"}, "timestamp must be a time from 1970 to 9999"),
    ("number", {"value": 1, "timestamp": "9000-01-01T00:00:00Z"}, "timestamp must be at most 5 minutes ahead"),
    ("string", {"value": 5}, "value must be a text"),
    ("string", {"value": ""}, "value must be 1 to 64 characters"),
    ("string", {"value": "x" * 65}, "value must be 1 to 64 characters"),
    ("string", {"value": "nul \x00"}, "value must not contain the character U+0000"),
]


def assert_refused(answer: httpx.Response, message: str) -> None:
    """Fails unless the answer says this, and names the field with which it begins."""
    assert answer.status_code == 400, answer.text
    assert answer.json()["message"].startswith(message)
    assert answer.json()["field"] == message.split(" ", maxsplit=1)[0]


def test_a_widget_shows_the_value_that_a_backend_has_set(team: Team, audience: Audience) -> None:
    key = team.unique("signups")
    team.ask("POST", "/api/metrics", key=key, label="Sign-ups", format="unit", unit="ms", unit_spacing="space")
    backend = team.key()
    set_value = backend.post(f"/api/metrics/{key}/value", json={"value": 12.5})
    assert (set_value.status_code, set_value.json()) == (200, {"success": True})
    audience.phone.do("refresh-widgets")
    shown = next(one for one in audience.phone.read()["widgets"] if one["key"] == key)
    assert (shown["label"], shown["latest_value"], shown["unit"]) == ("Sign-ups", 12.5, "ms")
    assert backend.post("/api/metrics/no-such-metric/value", json={"value": 1}).status_code == 404


def test_a_text_is_for_a_metric_of_texts(team: Team) -> None:
    key = team.unique("state")
    team.ask("POST", "/api/metrics", key=key, format="string")
    backend, path = team.key(), f"/api/metrics/{key}/value"
    assert backend.post(path, json={"value": "all good"}).status_code == 200
    refused = backend.post(path, json={"value": 5})
    assert (refused.status_code, refused.json()["message"]) == (400, "value must be a text")
    found = next(one for one in team.ask("GET", "/api/metrics")["metrics"] if one["key"] == key)
    assert found["latest_value"] == "all good"


def metrics_of(team: Team) -> list[dict[str, Any]]:
    """All that are defined, with their values."""
    return list(team.ask("GET", "/api/metrics")["metrics"])


@pytest.mark.parametrize(("body", "message"), DEFINITIONS, ids=[f"{n}: {m}" for n, (_, m) in enumerate(DEFINITIONS)])
def test_a_broken_rule_of_a_definition_is_named_and_nothing_is_defined(
    team: Team, body: dict[str, Any], message: str
) -> None:
    before = metrics_of(team)
    named = {} if "key" in body or not body else {"key": "refused"}
    assert_refused(team.owner.post("/api/metrics", json=named | body), message)
    assert metrics_of(team) == before


@pytest.mark.parametrize(("kind", "body", "message"), VALUES, ids=[f"{n}: {m}" for n, (_, _, m) in enumerate(VALUES)])
def test_a_broken_rule_of_a_value_is_named_and_the_value_stays(
    team: Team, kind: str, body: dict[str, Any], message: str
) -> None:
    key = team.unique("measured")
    team.ask("POST", "/api/metrics", key=key, format=kind)
    backend, path = team.key(), f"/api/metrics/{key}/value"
    assert backend.post(path, json={"value": "fine" if kind == "string" else 7}).status_code == 200
    before = metrics_of(team)
    assert_refused(backend.post(path, json=body), message)
    assert metrics_of(team) == before
    team.ask("DELETE", f"/api/metrics/{key}")


def test_an_infinite_value_is_no_json(team: Team) -> None:
    headers = {"Content-Type": "application/json"}
    for number in ("NaN", "Infinity"):
        answer = team.key().post("/api/metrics/any/value", content=f'{{"value": {number}}}', headers=headers)
        assert answer.status_code == 400, answer.text
        assert answer.json()["message"].startswith("The body is not valid JSON")


@pytest.mark.parametrize("key", ["no-such-metric", "no such", "x" * 65, "ü", "%00"])
def test_a_value_for_what_is_not_defined_is_not_found(team: Team, key: str) -> None:
    assert team.key().post(f"/api/metrics/{key}/value", json={"value": 1}).status_code == 404
