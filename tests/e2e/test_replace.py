"""A notification's content is replaced over REST: what the phone shows, and what is refused."""

from typing import Any

import pytest

from tests.e2e.conftest import Audience
from tests.e2e.test_bad_input import REFUSED
from tests.team import Team, push
from tests.waiting import eventually

ALERTS = ("sound", "interruption_level")
"""What a replacement does not say."""


def test_the_new_content_takes_the_place_of_the_old_one_without_a_sound(audience: Audience) -> None:
    sent = push(audience.key, title="Checkout is down", message="500 errors", badge=3, sound="alarm.caf")
    (before,) = [one for one in audience.phone.notifications() if one["title"] == "Checkout is down"]
    path = f"/api/push-notification/{sent.json()['notification_id']}"
    replaced = audience.key.put(path, json={"title": "Checkout recovered", "badge": 0})
    assert replaced.status_code == 200, replaced.text
    answer = replaced.json()
    assert (answer["success"], answer["notification_id"]) == (True, sent.json()["notification_id"])
    assert (answer["devices_notified"], answer["users_notified"]) == (1, 1)
    after = audience.phone.shows("Checkout recovered")
    assert (before["sound"], after["sound"], after["interruption_level"]) == ("alarm.caf", None, "passive")
    assert (after["message"], after["updated_count"], after["received_at"]) == (None, 1, before["received_at"])
    assert after["id"] != before["id"], "it is another push"
    assert audience.phone.read()["badge"] == 0
    assert all(one["title"] != "Checkout is down" for one in audience.phone.notifications())


def test_every_attempt_of_every_content_is_in_the_delivery_log(team: Team, audience: Audience) -> None:
    notification_id = push(audience.key, title="one").json()["notification_id"]
    for title in ("two", "three"):
        audience.key.put(f"/api/push-notification/{notification_id}", json={"title": title})
        audience.phone.shows(title)

    def attempts() -> list[dict[str, Any]]:
        log = team.ask("GET", f"/api/delivery-attempts?notification_id={notification_id}")
        return list(log["delivery_attempts"])

    found = eventually("the attempts are written", attempts, until=lambda seen: len(seen) == 3)
    assert {one["outcome"] for one in found} == {"accepted"}
    assert len({one["apns_id"] for one in found}) == 3
    shown = team.ask("GET", f"/api/push-notifications/{notification_id}")["push_notification"]
    assert (shown["title"], shown["replacements"], shown["counts"]["accepted"]) == ("three", 2, 1)


@pytest.mark.parametrize(("body", "message"), [one for one in REFUSED if not any(name in one[0] for name in ALERTS)])
def test_a_broken_rule_is_named(team: Team, body: dict[str, Any], message: str) -> None:
    answer = team.owner.put("/api/push-notification/01a21d81-64e0-7426-bd90-803bcf3ab484", json=body)
    assert answer.status_code == 400
    assert message in answer.json()["message"]


def test_whom_it_is_for_cannot_be_changed_and_how_it_alerts_is_not_asked(audience: Audience) -> None:
    path = f"/api/push-notification/{push(audience.key, title='one').json()['notification_id']}"
    refused = audience.key.put(path, json={"title": "two", "target": {"channels": ["ops"]}})
    assert (refused.status_code, refused.json()["field"]) == (400, "target")
    taken = audience.key.put(path, json={"title": "two", "sound": "alarm.caf", "interruption_level": "active"})
    assert (taken.status_code, taken.headers["Ignored-Fields"]) == (200, "sound, interruption_level")
    assert audience.phone.shows("two")["interruption_level"] == "passive"


@pytest.mark.parametrize("notification_id", ["01a21d81-64e0-7426-bd90-803bcf3ab484", "x", "%20", "%00"])
def test_what_does_not_exist_is_404(team: Team, notification_id: str) -> None:
    answer = team.owner.put(f"/api/push-notification/{notification_id}", json={"title": "two"})
    assert (answer.status_code, answer.json()["error"]) == (404, "Not found")
