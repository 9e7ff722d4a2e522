"""A request becomes a notification on the phone, with every documented field."""

import base64
import datetime as dt
import json
import re

import pytest

from tests.e2e.conftest import Audience
from tests.team import Team, push


def test_a_push_is_on_the_screen_within_a_second_of_the_request(audience: Audience) -> None:
    sent = push(audience.key, title="New subscription 💸", message="Customer upgraded to Pro plan")
    assert sent.status_code == 200
    shown = audience.phone.shows("New subscription 💸", seconds=1)
    assert shown["message"] == "Customer upgraded to Pro plan"
    assert shown["notification_id"] == sent.json()["notification_id"]


def test_the_answer_has_the_documented_shape(audience: Audience) -> None:
    answer = push(audience.key, title="shape").json()
    assert answer.keys() == {
        "success",
        "devices_notified",
        "users_notified",
        "effective_channel_slugs",
        "timestamp",
        "notification_id",
    }
    assert answer["success"] is True
    assert (answer["devices_notified"], answer["users_notified"]) == (1, 1)
    assert answer["effective_channel_slugs"] == [audience.slug]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["timestamp"])
    age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(answer["timestamp"])
    assert abs(age) < dt.timedelta(minutes=1)


def test_a_push_to_the_whole_account_names_no_channels(team: Team) -> None:
    team.phone()
    answer = push(team.key(), title="everybody").json()
    assert answer["devices_notified"] >= 1
    assert "effective_channel_slugs" not in answer


def test_every_text_field_and_the_badge_reach_the_screen(audience: Audience) -> None:
    push(
        audience.key,
        title="all fields",
        message="body",
        subtitle="second line",
        redirection="https://crm.example.com/customers/cus_9f3a1d?tab=plan#top",
        payload={"build": 9007199254740993, "ratio": 0.1, "nested": {"list": [1, None, True, "x"]}},
        badge=7,
        sound="chime.caf",
    )
    shown = audience.phone.shows("all fields")
    assert shown["message"] == "body"
    assert shown["subtitle"] == "second line"
    assert shown["redirection"] == "https://crm.example.com/customers/cus_9f3a1d?tab=plan#top"
    assert shown["payload"] == {"build": 9007199254740993, "ratio": 0.1, "nested": {"list": [1, None, True, "x"]}}
    assert shown["badge"] == 7
    assert shown["sound"] == "chime.caf"
    assert audience.phone.read()["badge"] == 7


@pytest.mark.parametrize("level", ["passive", "active", "time-sensitive"])
def test_the_phone_is_told_how_much_a_push_may_interrupt(audience: Audience, level: str) -> None:
    push(audience.key, title=f"level {level}", interruption_level=level)
    shown = audience.phone.shows(f"level {level}")
    assert shown["interruption_level"] == level
    assert shown["sound"] == (None if level == "passive" else "default"), "a passive push makes no sound"


@pytest.mark.parametrize(
    "link",
    [
        "http://grafana.lan:3000/d/1",
        "HTTP://192.168.0.7/",
        "shortcuts://run-shortcut?name=Lights%20off",
        "spotify:track:4uLU6hMCjMI75M1A2tKUQC",
        "termius://",
        "x-safari-https://example.com",
        "mailto:ops@example.com",
    ],
)
def test_a_tap_may_open_a_web_page_a_shortcut_or_another_app(audience: Audience, link: str) -> None:
    action = {"title": "Open", "type": "open_url", "url": link}
    assert push(audience.key, title=f"link {link}", redirection=link, actions=[action]).status_code == 200
    shown = audience.phone.shows(f"link {link}")
    assert (shown["redirection"], shown["actions"][0]["url"]) == (link, link)


def test_an_icon_reaches_the_phone(audience: Audience) -> None:
    push(audience.key, title="icon", icon="https://cdn.example.com/logo.png")
    assert audience.phone.shows("icon")["icon"] == "https://cdn.example.com/logo.png"


def test_tags_and_metadata_stay_on_the_server(team: Team, audience: Audience) -> None:
    tags, metadata = ["billing", "user:382"], {"amount": 1200.0, "plan": "pro", "trial": False, "ratio": 0.25}
    sent = push(audience.key, title="noted", tags=[*tags, "BILLING"], metadata=metadata)
    assert sent.json()["tags"] == tags, "letter case does not make another tag"
    assert "billing" not in json.dumps(audience.phone.shows("noted"))
    content = team.ask("GET", f"/api/push-notifications/{sent.json()['notification_id']}")["content"]
    assert content["tags"] == tags
    assert json.dumps(content["metadata"]) == '{"amount": 1200, "plan": "pro", "trial": false, "ratio": 0.25}'


def test_a_push_without_tags_is_answered_without_tags(audience: Audience) -> None:
    for tags in ({}, {"tags": []}, {"tags": None}):
        assert "tags" not in push(audience.key, title="untagged", **tags).json()


def test_pushes_are_found_by_their_tags(team: Team, audience: Audience) -> None:
    for title, tags in {"both": ["Tea", "milk"], "one": ["tea"], "neither": ["water"]}.items():
        push(audience.key, title=f"found {title}", tags=tags)

    def found(**filters: object) -> list[str]:
        answer = team.owner.get("/api/push-notifications", params={"search": "found ", **filters}).json()
        return sorted(one["title"] for one in answer["push_notifications"])

    assert found(tags=["tea"]) == ["found both", "found one"]
    assert found(tags=["TEA", "milk"]) == ["found both"]
    assert found(tags=["milk", "water"], tag_mode="any") == ["found both", "found neither"]
    assert found(tags=["coffee"]) == []


def test_media_reaches_the_screen_and_is_what_a_tap_opens(audience: Audience) -> None:
    push(audience.key, title="media", media="https://cdn.example.com/output/homepage.png")
    assert audience.phone.shows("media")["media"] == "https://cdn.example.com/output/homepage.png"


def test_a_phone_gets_a_webhook_action_by_id_only(audience: Audience) -> None:
    push(
        audience.key,
        title="actions",
        actions=[
            {"title": "Open CRM", "type": "open_url", "url": "https://crm.example.com/c/1"},
            {
                "title": "Retry Build",
                "type": "webhook",
                "url": "https://hooks.example.com/secret-path",
                "method": "POST",
                "body": {"build_id": "8842", "token": "s3cret-value"},
            },
            {"title": "Ping", "type": "webhook", "url": "https://hooks.example.com/ping", "method": "GET"},
            {"title": "Default", "type": "webhook", "url": "https://hooks.example.com/default"},
        ],
    )
    shown = audience.phone.shows("actions")
    assert [(a["title"], a["type"]) for a in shown["actions"]] == [
        ("Open CRM", "open_url"),
        ("Retry Build", "webhook"),
        ("Ping", "webhook"),
        ("Default", "webhook"),
    ]
    assert shown["actions"][0]["url"] == "https://crm.example.com/c/1"
    assert len({a["id"] for a in shown["actions"]}) == 4
    assert "hooks.example.com" not in json.dumps(shown)
    assert "s3cret-value" not in json.dumps(shown)


def test_camel_case_names_are_accepted(team: Team, audience: Audience) -> None:
    team.simulator.delete("/apns/stats")
    assert push(audience.key, title="camel", target={"channels": [audience.slug]}).status_code == 200
    audience.phone.shows("camel")


def test_the_push_travels_with_the_headers_that_apns_asks_for(team: Team, audience: Audience) -> None:
    sent = push(audience.key, title="headers").json()
    audience.phone.shows("headers")
    token = audience.phone.read()["push_token"]
    request = team.simulator.get("/apns/requests", params={"token": token, "limit": 1}).json()["requests"][0]
    headers = request["headers"]
    assert headers["apns-push-type"] == "alert"
    assert headers["apns-topic"] == "com.activitysmith.simulator"
    assert headers["apns-priority"] == "10"
    assert headers["apns-collapse-id"] == sent["notification_id"]
    assert int(headers["apns-expiration"]) > dt.datetime.now(dt.UTC).timestamp()
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", headers["apns-id"])
    header, claims, _ = headers["authorization"].removeprefix("bearer ").split(".")
    assert _decode(header)["alg"] == "ES256"
    assert _decode(claims)["iss"] == "SIMULATED1"


def test_a_push_of_exactly_4096_bytes_is_delivered_and_one_byte_more_is_refused(team: Team, audience: Audience) -> None:
    refused = push(audience.key, title="size", message="x" * 4096).json()
    fitting = 4096 - (refused["bytes"] - refused["limit"])
    assert push(audience.key, title="size", message="x" * fitting).status_code == 200
    assert audience.phone.shows("size")["message"] == "x" * fitting
    assert push(audience.key, title="size", message="x" * (fitting + 1)).status_code == 413
    token = audience.phone.read()["push_token"]
    request = team.simulator.get("/apns/requests", params={"token": token, "limit": 1}).json()["requests"][0]
    assert len(request["body"].encode()) == 4096


@pytest.mark.parametrize("title", ["emoji 👩‍👩‍👧‍👦", 'quotes " and \\ backslash', "line\nbreak", "עברית", "�"])
def test_any_text_survives_the_journey(audience: Audience, title: str) -> None:
    assert push(audience.key, title=title).status_code == 200
    audience.phone.shows(title)


def _decode(part: str) -> dict[str, object]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))
