"""`Idempotency-Key` over REST."""

import concurrent.futures
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx
import pytest

from tests.e2e.conftest import Audience, team_of
from tests.stack import Stack
from tests.team import Phone, Team
from tests.waiting import eventually


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
    extras = [{"sparkle": 1}, {"sparkle": 2}, {"tags": [], "message": None}, {}]
    answers = [
        audience.key.post("/api/push-notification", json={"title": "once", **extra}, headers=headers)
        for extra in extras
    ]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers] == [None, "true", "true", "true"]
    assert [answer.headers.get("Ignored-Fields") for answer in answers] == ["sparkle", "sparkle", "tags", None]


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


@pytest.fixture(scope="module")
def doomed(make_stack: Callable[..., Stack]) -> Iterator[Stack]:
    """A server whose core is killed."""
    stack = make_stack()
    yield stack
    stack.stop()


def test_what_is_repeated_until_it_is_answered_is_there_once_though_core_is_killed(doomed: Stack) -> None:
    """Killed again and again, at whatever point of a request that happens to be."""
    team = team_of(doomed)
    team.ask("PATCH", "/api/account", rate_limit_per_minute=1_000_000)
    key, phone, over = team.key(), Phone(team.simulator, doomed.phone_id), threading.Event()
    made: dict[str, list[str]] = {"push": [], "channel": [], "api key": []}

    def insist(client: httpx.Client, path: str, body: dict[str, str]) -> httpx.Response:
        headers = {"Idempotency-Key": str(uuid.uuid4())}

        def answered() -> httpx.Response | None:
            with suppress(httpx.HTTPError):
                answer = client.post(path, json=body, headers=headers)
                assert answer.status_code in (200, 503), answer.text
                return answer if answer.status_code == 200 else None
            return None

        return eventually(f"{body} is answered", answered, 90)

    def work(number: int) -> None:
        while not over.is_set():
            name = team.unique(f"kill-{number}")
            insist(key, "/api/push-notification", {"title": name})
            made["push"].append(name)
            if number == 0:
                insist(team.owner, "/api/channels", {"slug": name})
                made["channel"].append(name)
                insist(team.owner, "/api/api-keys", {"name": name})
                made["api key"].append(name)

    with concurrent.futures.ThreadPoolExecutor(4) as workers:
        working = [workers.submit(work, number) for number in range(4)]
        for _ in range(4):
            before = len(made["push"])
            eventually("there is load", lambda before=before: len(made["push"]) >= before + 10, 60)
            doomed.kill("core")
            doomed.wait_answering(60)
            # What was begun may be done again when its lease is over: at once, here.
            doomed.sql("UPDATE idempotent_requests SET locked_until = now() WHERE answer IS NULL")
        over.set()
        for each in working:
            each.result()
    eventually("all are shown", lambda: set(made["push"]) <= set(phone.titles()), 60)
    assert [title for title in made["push"] if phone.titles().count(title) != 1] == []
    counts = dict(doomed.sql("SELECT title, count(*) FROM notifications GROUP BY title"))
    assert [title for title in made["push"] if counts[title] != 1] == []
    slugs = [channel["slug"] for channel in team.owner.get("/api/channels?page_size=1000").json()["channels"]]
    names = [one["name"] for one in team.owner.get("/api/api-keys?page_size=1000").json()["api_keys"]]
    assert [slug for slug in made["channel"] if slugs.count(slug) != 1] == []
    assert [name for name in made["api key"] if names.count(name) != 1] == []
