"""`Idempotency-Key` over REST."""

import concurrent.futures
import uuid

import httpx
import pytest

from tests.e2e.conftest import Audience
from tests.team import Team


def keyed(client: httpx.Client, key: str, title: str = "once") -> httpx.Response:
    return client.post("/api/push-notification", json={"title": title}, headers={"Idempotency-Key": key})


def test_copies_at_once_and_later_show_one_notification_and_get_one_answer(audience: Audience) -> None:
    key = str(uuid.uuid4())
    with concurrent.futures.ThreadPoolExecutor(6) as callers:
        answers = list(callers.map(lambda _: keyed(audience.key, key), range(6)))
    answers.append(keyed(audience.key, key))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in answers].count(None) == 1
    audience.phone.shows("once")


def test_another_body_under_the_key_is_a_conflict(audience: Audience) -> None:
    key = str(uuid.uuid4())
    assert keyed(audience.key, key).status_code == 200
    refused = keyed(audience.key, key, "twice")
    assert refused.status_code == 409
    assert refused.json()["error"] == "Idempotency key reused"


def test_ignored_fields_are_no_part_of_the_request_and_each_answer_names_its_own(audience: Audience) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    extras = [{"sparkle": 1}, {"sparkle": 2}, {"glitter": [], "message": None}, {}]
    answers = [
        audience.key.post("/api/push-notification", json={"title": "once", **extra}, headers=headers)
        for extra in extras
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true", "true", "true"]
    assert [answer.headers.get("Ignored-Fields") for answer in answers] == ["sparkle", "sparkle", "glitter", None]


def test_what_strict_handling_refuses_uses_up_no_key(audience: Audience) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    body = {"title": "strict", "sparkle": 1}
    strict = headers | {"Prefer": "handling=strict"}
    assert audience.key.post("/api/push-notification", json=body, headers=strict).status_code == 400
    answer = audience.key.post("/api/push-notification", json=body, headers=headers)
    assert (answer.status_code, answer.headers.get("Idempotency-Replayed")) == (200, None)


def test_a_put_heeds_the_key_too(audience: Audience) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    state = {"title": "Backup", "type": "progress", "percentage": 5}
    path = "/api/live-activity/stream/keyed"
    first, second = (audience.key.put(path, json={"content_state": state}, headers=headers) for _ in range(2))
    assert first.json()["operation"] == "started"
    assert second.json() == first.json()
    assert audience.key.delete(path).status_code == 200


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é"])
def test_a_malformed_key_is_refused_by_name(team: Team, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode())]
    refused = team.owner.post("/api/channels", json={"slug": "never"}, headers=headers)
    assert refused.status_code == 400
    assert "Idempotency-Key" in refused.json()["message"]


def test_a_key_given_twice_is_refused(team: Team) -> None:
    headers = [(b"Idempotency-Key", b"a"), (b"Idempotency-Key", b"b")]
    assert team.owner.post("/api/channels", json={"slug": "never"}, headers=headers).status_code == 400
