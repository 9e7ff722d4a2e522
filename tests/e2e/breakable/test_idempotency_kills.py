"""`Idempotency-Key` while core is killed."""

import concurrent.futures
import threading
import uuid
from contextlib import suppress

import httpx
import pytest

from tests.stack import Stack
from tests.team import Phone, Team
from tests.waiting import LONG, eventually

pytestmark = pytest.mark.thorough


def test_what_is_repeated_until_it_is_answered_is_there_once_though_core_is_killed(
    breakable: Stack, team: Team, phone: Phone
) -> None:
    """Killed again and again, at whatever point of a request that happens to be."""
    team.ask("PATCH", "/api/account", rate_limit_per_minute=1_000_000)
    key, over = team.key(), threading.Event()
    made: dict[str, list[str]] = {"push": [], "channel": [], "api key": []}

    def insist(client: httpx.Client, path: str, body: dict[str, str]) -> httpx.Response:
        headers = {"Idempotency-Key": str(uuid.uuid4())}

        def answered() -> httpx.Response | None:
            with suppress(httpx.HTTPError):
                answer = client.post(path, json=body, headers=headers)
                assert answer.status_code in (200, 503), answer.text
                return answer if answer.status_code == 200 else None
            return None

        return eventually(f"{body} is answered", answered, 2 * LONG)

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
            eventually("there is load", lambda before=before: len(made["push"]) >= before + 10)
            breakable.kill("core")
            breakable.wait_answering()
            # What was begun may be done again when its lease is over: at once, here.
            breakable.sql("UPDATE idempotent_requests SET locked_until = now() WHERE answer IS NULL")
        over.set()
        for each in working:
            each.result()
    eventually("all are shown", lambda: set(made["push"]) <= set(phone.titles()))
    assert [title for title in made["push"] if phone.titles().count(title) != 1] == []
    counts = dict(breakable.sql("SELECT title, count(*) FROM notifications GROUP BY title"))
    assert [title for title in made["push"] if counts[title] != 1] == []
    slugs = [channel["slug"] for channel in team.owner.get("/api/channels?page_size=1000").json()["channels"]]
    names = [one["name"] for one in team.owner.get("/api/api-keys?page_size=1000").json()["api_keys"]]
    assert [slug for slug in made["channel"] if slugs.count(slug) != 1] == []
    assert [name for name in made["api key"] if names.count(name) != 1] == []
