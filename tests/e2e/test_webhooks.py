"""Somebody taps a button, and the server calls its webhook: once, as it was sent, by a phone that was sent it."""

import base64
import concurrent.futures
import json
from decimal import Decimal

import httpx
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.e2e.backend import steps
from tests.e2e.conftest import Audience, LiveAudience
from tests.e2e.hook import JSON, Hook
from tests.stack import Stack
from tests.team import Phone, Team, push
from tests.waiting import eventually


@pytest.fixture
def hook(stack: Stack, team: Team) -> Hook:
    """A webhook of this test's own."""
    return Hook(stack, team)


def tap(phone: Phone, action_id: str) -> JSON:
    """What the app learns of the run."""
    return dict(phone.do("tap", action_id=action_id).json()["action_run"])


def settled(team: Team, run: JSON) -> JSON:
    """The run once it has ended. A phone waits eight seconds for that, and the pauses between three attempts take six:
    on a busy machine it may be told that the webhook is still being called."""

    def read() -> JSON:
        runs = team.owner.get("/api/action-runs", params={"page_size": 100}).json()["action_runs"]
        return next(dict(one) for one in runs if one["id"] == run["id"])

    return eventually("the run has ended", read, until=lambda one: one["state"] != "running")


def send(audience: Audience, action: JSON, title: str = "Build failed") -> str:
    """The id of the button on the phone's screen."""
    assert push(audience.key, title=title, actions=[action]).status_code == 200
    return str(audience.phone.shows(title)["actions"][0]["id"])


def run_over_rest(device: httpx.Client, action_id: str, **headers: str) -> httpx.Response:
    return device.post(f"/api/device/actions/{action_id}/run", json={}, headers=headers)


def test_a_tap_on_a_notification_calls_its_webhook_with_the_body_as_it_was_sent(
    team: Team, audience: Audience, hook: Hook
) -> None:
    run = tap(audience.phone, send(audience, hook.action()))
    assert (run["state"], run["attempts"], run["status_code"]) == ("succeeded", 1, 200)
    assert run["response_body"] == '{"received":true}'
    assert run["device_id"] == audience.phone.device_id
    [call] = hook.calls()
    assert call["method"] == "POST"
    assert call["body"] == '{"build_id":9007199254740993,"ratio":0.1,"name":"é","deep":[{"a":null}]}'
    assert call["headers"]["idempotency-key"] == run["id"]
    secret = team.ask("GET", "/api/webhook-secret")["webhook_secret"]
    Webhook(secret).verify(call["body"], call["headers"])


EXACT = [
    '{"beyond 2^53":9007199254740993,"beyond 2^64":-18446744073709551617,"long":' + "7" * 308 + "}",
    '{"e":1E+300,"tiny":1E-400,"zero":-0.0,"point":1.0,"digits":0.10000000000000000000000000000000000001}',
    '{"text":"\\u0000\\b\\"\\\\ é 👍🏽 \u2028","":{"":[]},"a":[[],{},null,true,false,""]}',
    '{"deep":' + "[" * 31 + "]" * 31 + "}",
]


@pytest.mark.parametrize("body", EXACT)
def test_a_body_means_to_the_receiver_what_it_meant_to_the_sender(audience: Audience, hook: Hook, body: str) -> None:
    """Every number with its digits, every string with its characters, in their order."""
    button = f'{{"title": "Go", "type": "webhook", "url": "{hook.url}", "body": {body}}}'
    sent = audience.key.post(
        "/api/push-notification",
        content=f'{{"title": "exact", "actions": [{button}]}}'.encode(),
        headers={"Content-Type": "application/json"},
    )
    assert sent.status_code == 200, sent.text
    assert tap(audience.phone, audience.phone.shows("exact")["actions"][0]["id"])["state"] == "succeeded"
    [call] = hook.calls()
    received, meant = (json.loads(text, parse_int=str, parse_float=Decimal) for text in (call["body"], body))
    assert repr(received) == repr(meant)


@pytest.mark.parametrize(
    "body", ['{"a":1,"a":2}', '{"a":"\\ud800"}', '{"a":NaN}', '{"a":1e9999999999999999999}', "[]", '{"a":' + "[" * 40]
)
def test_a_body_of_which_two_readers_could_make_two_things_is_refused(audience: Audience, body: str) -> None:
    button = f'{{"title": "Go", "type": "webhook", "url": "https://example.com/", "body": {body}}}'
    refused = audience.key.post(
        "/api/push-notification",
        content=f'{{"title": "exact", "actions": [{button}]}}'.encode(),
        headers={"Content-Type": "application/json"},
    )
    assert refused.status_code == 400, refused.text


def test_a_get_webhook_has_no_body_and_a_post_without_one_an_empty_object(audience: Audience, hook: Hook) -> None:
    tap(audience.phone, send(audience, hook.action(method="GET"), "get"))
    without = {"title": "Restart", "type": "webhook", "url": hook.url}
    tap(audience.phone, send(audience, without, "post"))
    assert [(call["method"], call["body"]) for call in hook.calls()] == [("GET", ""), ("POST", "{}")]


def test_a_double_tap_on_a_notification_runs_it_once(audience: Audience, hook: Hook) -> None:
    action_id = send(audience, hook.action())
    hook.answers({"status": 200, "delay_seconds": 0.3})
    with concurrent.futures.ThreadPoolExecutor(4) as fingers:
        runs = list(fingers.map(lambda _: tap(audience.phone, action_id), range(4)))
    runs.append(tap(audience.phone, action_id))
    assert len({run["id"] for run in runs}) == 1
    assert {run["state"] for run in runs} == {"succeeded"}
    assert len(hook.calls()) == 1


def test_the_button_of_a_live_activity_runs_and_may_be_tapped_again_later(
    stack: Stack, live: LiveAudience, hook: Hook
) -> None:
    activity_id = live.backend.start(steps(), action=hook.action())["activity_id"]
    live.phone.live(activity_id)
    card = live.phone.shows_activity(activity_id)
    action_id = card["actions"][0]["id"]
    first, again = tap(live.phone, action_id), tap(live.phone, action_id)
    assert first["state"] == "succeeded"
    assert again["id"] == first["id"]
    stack.sql("UPDATE action_runs SET settled_at = settled_at - interval '1 minute' WHERE id = %s", first["id"])
    assert tap(live.phone, action_id)["id"] != first["id"]
    assert [call["body"] for call in hook.calls()] == [hook.calls()[0]["body"]] * 2
    assert '"build_id":9007199254740993' in hook.calls()[0]["body"]


def test_only_a_device_that_was_sent_the_action_may_run_it(
    team: Team, neighbours: Team, audience: Audience, hook: Hook
) -> None:
    action_id = send(audience, hook.action())
    for account in (team, neighbours):
        code = account.ask("POST", "/api/pairing-codes")["pairing_code"]
        body = {"pairing_code": code, "name": "other"}
        other = account.client(account.anybody.post("/api/device/pair", json=body).json()["device_token"])
        assert run_over_rest(other, action_id).status_code == 404
    assert run_over_rest(audience.key, action_id).status_code == 403
    assert hook.calls() == []


def test_a_button_that_opens_a_url_is_not_run(team: Team, stack: Stack) -> None:
    slug, channel_id = team.channel()
    app = team.app(channel_id)
    opening = {"title": "Open", "type": "open_url", "url": "https://example.com/"}
    push(team.key(slug), title="open", actions=[opening])
    [(action_id,)] = stack.sql(
        "SELECT a.id FROM notification_actions a JOIN deliveries d USING (notification_id) WHERE d.device_id = %s",
        app.device_id,
    )
    refused = run_over_rest(app.http, str(action_id))
    assert refused.status_code == 400
    assert "action_id" in refused.json()["message"]


@pytest.mark.parametrize(
    ("answers", "state", "calls"),
    [
        ([{"status": 500}, {"status": 503}, {"status": 201}], "succeeded", 3),
        ([{"status": 429, "headers": {"Retry-After": "1"}}, {"status": 200}], "succeeded", 2),
        ([{"status": 400, "body": "no such job"}], "failed", 1),
        ([{"status": 302, "headers": {"Location": "https://127.0.0.1/"}}], "failed", 1),
    ],
)
def test_what_may_pass_is_tried_three_times_and_what_cannot_once(
    team: Team, audience: Audience, hook: Hook, *, answers: list[JSON], state: str, calls: int
) -> None:
    hook.answers(*answers)
    run = settled(team, tap(audience.phone, send(audience, hook.action(), f"{state} after {calls}")))
    assert (run["state"], run["attempts"]) == (state, calls)
    made = hook.calls()
    assert len(made) == calls
    assert {call["headers"]["idempotency-key"] for call in made} == {run["id"]}
    if state == "failed":
        assert run["reason"] in ("HttpStatus", "RedirectRefused")
        assert run["message"]


def test_a_webhook_on_a_private_address_is_refused_and_the_phone_told(audience: Audience) -> None:
    action = {"title": "Steal", "type": "webhook", "url": "https://169.254.169.254/latest/meta-data/", "method": "GET"}
    run = tap(audience.phone, send(audience, action))
    assert (run["state"], run["reason"]) == ("failed", "AddressRefused")


def test_a_replaced_key_signs_beside_the_new_one(team: Team, audience: Audience, hook: Hook) -> None:
    old = team.ask("GET", "/api/webhook-secret")["webhook_secret"]
    new = team.ask("POST", "/api/webhook-secret/rotate")["webhook_secret"]
    assert new != old
    assert len(base64.b64decode(new.removeprefix("whsec_"))) == 32
    tap(audience.phone, send(audience, hook.action()))
    [call] = hook.calls()
    for secret in (old, new):
        Webhook(secret).verify(call["body"], call["headers"])
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"x" * 32).decode()).verify(call["body"], call["headers"])


def test_the_owner_sees_what_became_of_the_calls(team: Team, audience: Audience, hook: Hook) -> None:
    hook.answers({"status": 404, "body": "gone"})
    run = tap(audience.phone, send(audience, hook.action()))
    listed = team.owner.get("/api/action-runs", params={"page_size": 1, "state": "failed"}).json()
    assert listed["action_runs"] == [run]
    assert run["response_body"] == "gone"
    assert team.owner.get("/api/action-runs", params={"page_token": listed["next_page_token"]}).status_code == 200
