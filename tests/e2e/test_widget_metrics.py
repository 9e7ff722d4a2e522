"""Metrics that backends set are what a phone's widgets show."""

from tests.e2e.conftest import Audience
from tests.team import Team


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
