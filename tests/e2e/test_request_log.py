"""Every request with credentials leaves a row for the account's owners, refused ones too, and no secret."""

import re
import uuid
from typing import Any

import httpx

from tests.e2e.conftest import Audience
from tests.http_client import plain_http_client
from tests.stack import Stack
from tests.team import Team, push
from tests.waiting import eventually

JSON = dict[str, Any]


def found(team: Team, request_id: str) -> JSON:
    """The request of this id, once it is in the log."""
    return dict(
        eventually(
            f"{request_id} is logged",
            lambda: team.owner.get(f"/api/requests/{request_id}"),
            until=lambda answer: answer.status_code == 200,
        ).json()["request"]
    )


def listed(team: Team, **filters: Any) -> list[JSON]:
    """The newest requests, by these filters."""
    answer = team.owner.get("/api/requests", params=filters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["requests"])


def sent(key: httpx.Client, headers: dict[str, str], **body: Any) -> httpx.Response:
    """A push notification with these headers."""
    return key.post("/api/push-notification", json=body, headers=headers)


def test_a_push_is_in_the_log_and_leads_to_its_notification_and_back(
    team: Team, stack: Stack, audience: Audience
) -> None:
    title = f"logged {uuid.uuid4().hex}"
    answer = push(audience.key, title=title, mood="good")
    assert answer.headers["ignored-fields"] == "mood"
    [(notification_id,)] = stack.sql("SELECT id FROM notifications WHERE title = %s", title)
    row = found(team, answer.headers["x-request-id"])
    assert (row["method"], row["route"], row["path"]) == ("POST", "/api/push-notification", "/api/push-notification")
    assert (row["status"], row["caller"], row["ignored_fields"]) == (200, "api_key", "mood")
    assert row["notification_id"] == str(notification_id)
    assert 0 <= row["latency_ms"] < 20_000
    assert row["client_address"] == "127.0.0.1"
    assert not {"reason", "error", "message", "field", "body"} & set(row)
    key = team.owner.get("/api/api-keys?page_size=1000").json()["api_keys"]
    assert [one["name"] for one in key if one["id"] == row["caller_id"]] == [row["caller_name"]]
    assert [one["request_id"] for one in listed(team, notification_id=str(notification_id))] == [row["request_id"]]


def test_an_activity_leads_to_all_that_was_asked_of_it(team: Team, audience: Audience) -> None:
    state = {"title": "Deploy", "type": "progress", "percentage": 5}
    key = uuid.uuid4().hex
    path = f"/api/live-activity/stream/{key}"
    put = audience.key.put(path, json={"content_state": state})
    assert put.status_code == 200, put.text
    end = audience.key.request("DELETE", path, json={})
    assert end.status_code == 200, end.text
    activity_id = put.json()["activity_id"]
    row = found(team, put.headers["x-request-id"])
    assert (row["activity_id"], row["stream_key"]) == (activity_id, key)
    assert row["route"] == "/api/live-activity/stream/{stream_key}"
    found(team, end.headers["x-request-id"])
    about = [one["request_id"] for one in listed(team, activity_id=activity_id, api_key_id=row["caller_id"])]
    assert about == [end.headers["x-request-id"], put.headers["x-request-id"]]


def test_every_refusal_is_in_the_log_with_its_fault(team: Team, audience: Audience) -> None:
    nothing = str(uuid.uuid4())
    key, owner = audience.key, team.owner
    once = {"Idempotency-Key": uuid.uuid4().hex}
    assert sent(key, once, title="once").status_code == 200
    cases: dict[int, tuple[httpx.Response, JSON]] = {
        400: (push(key, title=""), {"reason": "INVALID_REQUEST", "field": "title", "body": '{"title": ""}'}),
        403: (key.get("/api/requests"), {"reason": "FORBIDDEN"}),
        404: (owner.get(f"/api/push-notifications/{nothing}"), {"reason": "NOT_FOUND", "notification_id": nothing}),
        405: (key.get("/api/push-notification"), {"error": "Method not allowed"}),
        409: (sent(key, once, title="twice"), {"reason": "IDEMPOTENCY_KEY_REUSED"}),
        413: (push(key, title="x" * 5000), {"reason": "PAYLOAD_TOO_LARGE"}),
        415: (
            key.post("/api/push-notification", content=b"title=x", headers={"Content-Type": "text/plain"}),
            {"error": "Unsupported media type"},
        ),
    }
    for status, (answer, expected) in cases.items():
        assert answer.status_code == status, answer.text
        row = found(team, answer.headers["x-request-id"])
        assert row["status"] == status
        assert {name: row.get(name) for name in expected} == expected
        assert row["error"] == answer.json()["error"]
        assert row["message"] == answer.json()["message"]
    unknown = key.get("/api/push-notifs/ABCD1234?code=ABCD1234")
    row = found(team, unknown.headers["x-request-id"])
    assert (row["status"], row["route"], row["path"]) == (404, "", "/api/push-notifs/*")


def test_a_revoked_key_that_is_refused_is_in_the_log_of_its_account(team: Team) -> None:
    made = team.ask("POST", "/api/api-keys", name="old pipeline", scope="all")
    key = plain_http_client(team.base_url, Authorization=f"Bearer {made['secret']}")
    assert team.owner.delete(f"/api/api-keys/{made['api_key']['id']}").status_code == 200
    refused = push(key, title="late")
    assert refused.status_code == 401
    row = found(team, refused.headers["x-request-id"])
    assert (row["status"], row["caller_name"], row["caller_revoked"]) == (401, "old pipeline", True)
    assert row["caller_id"] == made["api_key"]["id"]
    [same] = listed(team, api_key_id=made["api_key"]["id"])
    assert same["request_id"] == row["request_id"]
    assert same["status"] == 401


def test_no_secret_is_in_the_log_wherever_a_request_had_it(team: Team, stack: Stack, audience: Audience) -> None:
    owner = team.owner
    hidden = [f"hunter2-{uuid.uuid4().hex}" for _ in range(6)]
    code = team.ask("POST", "/api/pairing-codes")["pairing_code"]
    secret = audience.key.headers["authorization"].removeprefix("Bearer ")
    invite = f"inv_{uuid.uuid4().hex}{uuid.uuid4().hex[:11]}"
    answers = [
        owner.post("/api/account/password", json={"current_password": hidden[0], "new_passwort": hidden[1]}),
        owner.post("/api/account/password", content=f'{{"current_password": "{hidden[0]}"'),
        push(audience.key, title="", my_password=hidden[2], message=f"with Bearer {secret}"),
        push(audience.key, titel="", redirection=f"https://a.test/?token={hidden[3]}&x=1"),
        owner.post("/api/device/pair", json={"pairing_code": code.replace("-", ""), "nam": code}),
        audience.key.get(f"/api/channels?password={hidden[4]}"),
        audience.key.get(f"/api/{hidden[5]}/{code}?pairing_code={code}"),
        owner.post("/api/invite/accept", json={"token": invite, "password": hidden[0]}),
        owner.post("/api/push-notification", content=f'{{"title": 5, "api_key": "{hidden[1]}", '),
    ]
    for answer in answers:
        assert answer.status_code >= 400, answer.text
        found(team, answer.headers["x-request-id"])
    rows = stack.sql("SELECT to_jsonb(r)::text FROM requests r")
    kept = "\n".join(row for (row,) in rows)
    for one in (*hidden, secret, code, code.replace("-", ""), invite):
        assert one not in kept
    assert "[redacted]" in kept


def test_an_id_that_the_client_chooses_is_found_by_it_the_newest_first(team: Team, audience: Audience) -> None:
    chosen = f"build-{uuid.uuid4().hex}"
    first = sent(audience.key, {"X-Request-Id": chosen}, title="first")
    assert first.headers["x-request-id"] == chosen
    found(team, chosen)
    assert sent(audience.key, {"X-Request-Id": chosen}, title="").status_code == 400
    rows = eventually("both are logged", lambda: listed(team, request_id=chosen), until=lambda rows: len(rows) == 2)
    assert [row["status"] for row in rows] == [400, 200]
    assert found(team, chosen)["status"] == 400


def test_each_filter_finds_the_request_and_a_wrong_one_does_not(team: Team, audience: Audience) -> None:
    answer = push(audience.key, title="")
    row = found(team, answer.headers["x-request-id"])
    key_id, at = row["caller_id"], row["occurred_at"]
    own: JSON = {"api_key_id": key_id}
    for filters in (
        {}, {"status_class": 4}, {"status": 400}, {"path": "Push-Notif"}, {"since": at},
        {"request_id": row["request_id"]}, {"until": "2999-01-01T00:00:00Z"},
    ):  # fmt: skip
        rows = listed(team, **own, **filters)
        assert [one["request_id"] for one in rows] == [row["request_id"]], filters
        assert "body" not in rows[0]
    for filters in (
        {"status_class": 2}, {"status": 404}, {"path": "/api/badge"}, {"until": "2020-01-01T00:00:00Z"},
        {"since": "2999-01-01T00:00:00Z"}, {"request_id": uuid.uuid4().hex}, {"activity_id": "nothing"},
    ):  # fmt: skip
        assert listed(team, **own, **filters) == [], filters
    assert team.owner.get("/api/requests", params={"status_class": 9}).status_code == 400


def test_only_owners_read_the_log(team: Team, audience: Audience) -> None:
    member = team.join(f"{team.unique('reader')}@team.test", "a long password")
    of_member = plain_http_client(team.base_url, Authorization=f"Bearer {member['session_token']}")
    for caller in (of_member, audience.key):
        for path in ("/api/requests", f"/api/requests/{uuid.uuid4().hex}"):
            assert caller.get(path).status_code == 403
    row = found(team, of_member.get("/api/requests").headers["x-request-id"])
    assert (row["caller"], row["status"]) == ("user", 403)
    assert re.fullmatch(r"reader.*@team\.test", row["caller_name"])
    assert team.owner.get(f"/api/requests/{uuid.uuid4().hex}").status_code == 404
    stranger = plain_http_client(team.base_url)
    assert stranger.get("/api/requests").status_code == 401


def test_refusals_of_strangers_are_counted_by_address_and_leave_no_rows(team: Team, stack: Stack) -> None:
    stranger = plain_http_client(team.base_url, Authorization="Bearer ask_" + "z" * 43)
    before = stack.sql("SELECT COALESCE(sum(requests), 0) FROM refused_strangers WHERE status = 401")[0][0]
    ids = [stranger.get("/api/channels").headers["x-request-id"] for _ in range(5)]
    ids += [plain_http_client(team.base_url).get("/api/channels").headers["x-request-id"] for _ in range(5)]
    eventually(
        "they are counted",
        lambda: stack.sql("SELECT COALESCE(sum(requests), 0) FROM refused_strangers WHERE status = 401")[0][0],
        until=lambda count: count >= before + 10,
    )
    assert stack.sql("SELECT address FROM refused_strangers WHERE status = 401 GROUP BY address") == [("127.0.0.1",)]
    assert stack.sql("SELECT count(*) FROM requests WHERE id = ANY(%s::uuid[])", ids) == [(0,)]
