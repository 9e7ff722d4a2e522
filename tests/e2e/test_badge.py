"""The number on the app's icon, from a request to the phone."""

import concurrent.futures
import uuid
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Audience, second_account
from tests.stack import Stack
from tests.team import Phone, Team, push
from tests.waiting import eventually

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "badge is required"),
    ({"badge": None}, "badge is required"),
    ({"badge": "7"}, "badge must be an integer"),
    ({"badge": 1.5}, "badge must be an integer"),
    ({"badge": True}, "badge must be an integer"),
    ({"badge": -1}, "badge must be between 0 and 2147483647"),
    ({"badge": 2**31}, "badge must be between 0 and 2147483647"),
    ({"badge": 2**70}, "badge must be"),
    ({"badge": 1, "target": {"channels": []}}, "target.channels must contain at least one channel"),
    ({"badge": 1, "target": {"channels": "ops"}}, "target.channels must be an array of channel slugs"),
    (
        {"badge": 1, "target": {"channels": ["no-such"]}},
        "target.channels[0]: there is no channel with the slug",
    ),
    ({"badge": 1, "target": {"phones": ["a"]}}, "target.phones is not a known field"),
]


def badge(key: httpx.Client, number: Any, **more: Any) -> httpx.Response:
    """Sets the number."""
    return key.post("/api/badge", json={"badge": number, **more})


def has_number(phone: Phone, number: int) -> None:
    """Returns when the phone's icon has this number."""
    eventually(f"the icon has {number}", lambda: phone.read()["badge"], until=lambda shown: shown == number)


def test_the_icon_has_the_number_and_nothing_is_shown_or_rung(audience: Audience) -> None:
    answer = badge(audience.key, 5)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body.pop("timestamp").endswith("Z")
    assert body == {
        "success": True, "badge": 5, "devices_updated": 1, "users_updated": 1, "devices_notified": 1,
        "users_notified": 1, "effective_channel_slugs": [audience.slug], "devices_targeted": 1,
    }  # fmt: skip
    phone = audience.phone.read()
    assert (phone["badge"], phone["notifications"], phone["live_activities"]) == (5, [], [])
    assert badge(audience.key, 0).json()["badge"] == 0
    assert audience.phone.read()["badge"] == 0


def test_the_whole_account_is_told_by_an_empty_list(team: Team) -> None:
    phone = team.phone()
    assert badge(team.key(), 2).json()["effective_channel_slugs"] == []
    has_number(phone, 2)
    badge(team.key(), 0)


def test_a_push_and_a_number_each_set_the_icon_and_the_last_one_counts(audience: Audience) -> None:
    badge(audience.key, 3)
    push(audience.key, title="seven", badge=7)
    has_number(audience.phone, 7)
    badge(audience.key, 4)
    has_number(audience.phone, 4)
    push(audience.key, title="says nothing of the icon")
    audience.phone.shows("says nothing of the icon")
    assert audience.phone.read()["badge"] == 4


def test_a_phone_that_was_off_has_the_newest_number_when_it_is_back(audience: Audience) -> None:
    audience.phone.do("settings", offline=True)
    for number in (1, 2, 3):
        assert badge(audience.key, number).json()["devices_updated"] == 1, "APNs has taken it"
    assert audience.phone.read()["badge"] == 0
    audience.phone.do("settings", offline=False)
    has_number(audience.phone, 3)


def test_numbers_at_once_end_the_same_on_all_phones(team: Team, audience: Audience) -> None:
    other = team.phone(channel_id=audience.channel_id)
    with concurrent.futures.ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(lambda number: badge(audience.key, number), range(1, 7)))
    assert {answer.status_code for answer in answers} == {200}
    badge(audience.key, 99)
    for phone in (audience.phone, other):
        has_number(phone, 99)


def test_a_repeat_with_the_key_sets_nothing_again(audience: Audience) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first = audience.key.post("/api/badge", json={"badge": 3}, headers=headers)
    badge(audience.key, 5)
    again = audience.key.post("/api/badge", json={"badge": 3}, headers=headers)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert audience.phone.read()["badge"] == 5


def test_a_key_of_some_channels_reaches_no_others(team: Team, audience: Audience) -> None:
    slug, _ = team.channel()
    refused = badge(audience.key, 1, target={"channels": [slug]})
    assert (refused.status_code, refused.json()["error"]) == (403, "Invalid channel targeting")


def test_a_channel_without_phones_has_no_recipients(team: Team) -> None:
    slug, _ = team.channel()
    refused = badge(team.key(), 1, target={"channels": [slug]})
    assert (refused.status_code, refused.json()["effective_channel_slugs"]) == (404, [slug])


def test_a_phone_without_a_working_token_is_said_and_gets_the_newest_number_once_it_has_one(
    team: Team, audience: Audience
) -> None:
    audience.phone.do("settings", token_delay_seconds=None)
    audience.phone.do("rotate-token")
    for number in (3, 5):
        refused = badge(audience.key, number)
        assert refused.status_code == 422, refused.text
        assert refused.json().items() >= {
            "error": "App icon badge not updated", "code": "badge_device_disconnected", "badge": number,
            "devices_targeted": 1, "devices_updated": 0, "users_updated": 0, "devices_notified": 0,
            "effective_channel_slugs": [audience.slug],
        }.items()  # fmt: skip
    assert audience.phone.read()["badge"] == 0
    audience.phone.do("settings", token_delay_seconds=0)
    has_number(audience.phone, 5)


def test_a_number_is_in_the_delivery_log(team: Team, audience: Audience) -> None:
    badge(audience.key, 8)

    def logged() -> list[dict[str, Any]]:
        parameters = {"device_id": audience.phone.device_id, "events": "badge", "channel": audience.slug}
        return list(team.owner.get("/api/delivery-attempts", params=parameters).json()["delivery_attempts"])

    (line,) = eventually("the attempt is logged", logged)
    assert (line["event"], line["subject_title"], line["outcome"], line["priority"]) == ("badge", "8", "accepted", 10)
    assert uuid.UUID(line["badge_update_id"])
    assert "activity_id" not in line


@pytest.mark.parametrize(("body", "told"), REFUSED, ids=[str(body) for body, _ in REFUSED])
def test_what_breaks_a_rule_is_refused_by_field_and_rule(team: Team, body: dict[str, Any], told: str) -> None:
    refused = team.key().post("/api/badge", json=body)
    assert refused.status_code == 400, refused.text
    assert refused.json()["message"].startswith(told)
    assert refused.json()["field"]


def test_unknown_fields_are_ignored_and_named(audience: Audience) -> None:
    answer = badge(audience.key, 1, sparkle=True)
    assert (answer.status_code, answer.headers["Ignored-Fields"]) == (200, "sparkle")


def test_it_counts_against_the_rate_limit(stack: Stack) -> None:
    alone = second_account(stack)
    alone.phone()
    key = alone.key()
    left = [int(badge(key, 1).headers["RateLimit-Remaining"]) for _ in range(2)]
    assert left[1] == left[0] - 1
