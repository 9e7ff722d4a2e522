"""How many Live Activities an account may have at once: the documented limit, counted truthfully."""

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.backend import Backend, progress, steps
from tests.e2e.conftest import Audience, LiveAudience, second_account
from tests.stack import Stack
from tests.team import Team
from tests.waiting import eventually

LIMIT = 4


@pytest.fixture(scope="module")
def limited(stack: Stack) -> Team:
    """An account of the shared server, with the limit that it comes with."""
    return second_account(stack)


@pytest.fixture
def live(limited: Team) -> Iterator[LiveAudience]:
    """A channel, a phone and a backend, in an account without Live Activities."""
    slug, channel_id = limited.channel()
    one = Audience(slug, channel_id, limited.phone(channel_id=channel_id), limited.key(slug))
    yield LiveAudience(one.slug, one.channel_id, one.phone, one.key, backend := Backend(one.key))
    backend.leave_nothing()
    # What no phone shows does not count, whatever a test has left behind.
    one.phone.remove()
    limited.ask("PATCH", "/api/account", max_live_activities=0)


def fill(live: LiveAudience, count: int = LIMIT) -> list[str]:
    """Starts as many as there may be; returns their ids."""
    return [live.backend.start(progress(number))["activity_id"] for number in range(count)]


def start_once_there_is_room(live: LiveAudience) -> str:
    """Starts one more as soon as that is allowed, which must be soon; returns its id."""
    body = {"content_state": progress(50)}
    answer = eventually(
        "one more may start",
        lambda: live.backend.call("POST", "start", body),
        until=lambda told: told.status_code == 200,
    )
    return str(answer.json()["activity_id"])


def assert_full(answer: httpx.Response, limit: int = LIMIT, active: int = LIMIT) -> None:
    """The documented 429."""
    assert answer.status_code == 429, answer.text
    assert answer.json() == {
        "error": "Live Activity limit reached",
        "message": f"Only {limit} concurrent Live Activities are allowed per account",
        "limit": limit,
        "active": active,
    }


def test_the_fifth_is_refused_as_documented(live: LiveAudience) -> None:
    activities = fill(live)
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}))
    assert_full(live.backend.call("PUT", "stream/one-more", {"content_state": steps()}))
    assert live.backend.call("DELETE", "stream/one-more").status_code == 404, "a refused PUT leaves no stream"
    for activity_id in activities:
        live.phone.shows_activity(activity_id)
    assert len(live.phone.cards()) == LIMIT


def test_at_the_limit_everything_but_starting_goes_on(live: LiveAudience) -> None:
    first, *_ = fill(live, LIMIT - 1)
    stream = live.backend.put("full", progress(1))["activity_id"]
    for activity_id in (first, stream):
        live.phone.live(activity_id)
    live.backend.update(first, progress(99))
    assert live.backend.put("full", progress(2))["operation"] == "updated"
    assert live.backend.put("full", progress(2))["operation"] == "noop"
    rotated = live.backend.put("full", steps(2))
    assert rotated["operation"] == "rotated", "one takes the place of the other"
    live.phone.shows_activity(first, percentage=99)
    live.phone.shows_activity(rotated["activity_id"], current_step=2)
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}))


@pytest.mark.parametrize("way", ["end", "DELETE"])
def test_what_has_ended_leaves_the_count(live: LiveAudience, way: str) -> None:
    first, *_ = fill(live, LIMIT - 1)
    live.backend.put("leaves", progress(1))
    if way == "end":
        live.backend.end(first, progress(100))
    else:
        live.backend.delete("leaves")
    live.backend.start(progress(50))
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}))


def test_what_is_dismissed_on_all_phones_leaves_the_count(limited: Team, live: LiveAudience) -> None:
    first, *_ = fill(live, LIMIT - 1)
    second_phone = limited.phone(channel_id=live.channel_id)
    both = live.backend.start(progress(7))["activity_id"]
    for phone in (live.phone, second_phone):
        phone.live(both)
    live.phone.dismiss(both)
    eventually(
        "the server knows",
        lambda: live.backend.update(both, progress(8)),
        until=lambda told: told["devices_notified"] + told["devices_queued"] == 1,
    )
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}))
    second_phone.dismiss(both)
    start_once_there_is_room(live)
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}))
    live.phone.shows_activity(first)
    second_phone.remove()


def test_a_dismissed_stream_counts_again_with_its_next_activity(live: LiveAudience) -> None:
    fill(live, LIMIT - 1)
    dismissed = live.backend.put("dismissed", progress(1))["activity_id"]
    live.phone.live(dismissed)
    live.phone.dismiss(dismissed)
    start_once_there_is_room(live)
    assert live.backend.put("dismissed", progress(2))["activity_id"] == dismissed
    live.backend.delete("dismissed")
    assert_full(live.backend.call("PUT", "stream/dismissed", {"content_state": progress(3)}))


def test_what_is_on_no_phone_any_more_leaves_the_count(limited: Team, live: LiveAudience) -> None:
    leaving = limited.phone(channel_id=limited.channel()[1])
    slug, channel_id = limited.channel()
    limited.assign_device(channel_id, leaving)
    fill(live, LIMIT - 1)
    Backend(limited.key(slug)).start(progress(1))
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}))
    leaving.remove()
    start_once_there_is_room(live)


def test_starts_that_reach_no_device_do_not_count(limited: Team, live: LiveAudience) -> None:
    empty = Backend(limited.key(limited.channel()[0]))
    for _ in range(LIMIT + 1):
        assert empty.call("POST", "start", {"content_state": steps()}).status_code == 404
        assert empty.call("PUT", "stream/nobody", {"content_state": steps()}).status_code == 404
    fill(live)


def test_what_is_owed_to_a_phone_counts(live: LiveAudience) -> None:
    live.phone.do("settings", token_delay_seconds=None)
    live.phone.do("rotate-start-token")
    fill(live)
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}))


def test_a_paused_stream_gives_up_its_place_and_needs_one_to_resume(limited: Team, live: LiveAudience) -> None:
    others = fill(live, LIMIT - 1)
    live.backend.put("paused", progress(1))
    limited.ask("POST", "/api/live-activity/stream/paused/pause")
    live.backend.start(progress(50))
    assert live.backend.put("paused", progress(2))["operation"] == "paused"
    assert_full(limited.owner.post("/api/live-activity/stream/paused/resume"))
    assert live.backend.put("paused", progress(3))["operation"] == "paused", "it is paused still"
    live.backend.end(others[0], progress(100))
    resumed = limited.ask("POST", "/api/live-activity/stream/paused/resume")["activity_id"]
    live.phone.shows_activity(resumed, percentage=3)


def test_of_twenty_concurrent_starts_four_succeed(live: LiveAudience) -> None:
    answers = live.backend.together([("POST", "start", {"content_state": progress(number)}) for number in range(20)])
    assert sorted(answer.status_code for answer in answers) == [200] * LIMIT + [429] * (20 - LIMIT)
    for answer in answers:
        if answer.status_code == 429:
            assert_full(answer)
        else:
            live.phone.shows_activity(answer.json()["activity_id"])
    assert len(live.phone.cards()) == LIMIT


def test_of_twenty_concurrent_new_streams_and_starts_four_succeed(live: LiveAudience) -> None:
    calls = [("PUT", f"stream/s-{number}", {"content_state": progress(number)}) for number in range(10)]
    calls += [("POST", "start", {"content_state": progress(number)}) for number in range(10)]
    answers = live.backend.together(calls)
    assert sorted(answer.status_code for answer in answers) == [200] * LIMIT + [429] * (20 - LIMIT)
    eventually("four are shown", lambda: len(live.phone.cards()) == LIMIT)


def test_ends_and_starts_at_once_never_exceed_the_limit(live: LiveAudience) -> None:
    activities = fill(live)
    for activity_id in activities:
        live.phone.live(activity_id)
    ends = [
        ("POST", "end", {"activity_id": one, "content_state": progress(100, auto_dismiss_minutes=0)})
        for one in activities
    ]
    starts = [("POST", "start", {"content_state": progress(number)}) for number in range(12)]
    answers = live.backend.together([*ends, *starts])
    assert {answer.status_code for answer in answers[:LIMIT]} == {200}
    started = [answer for answer in answers[LIMIT:] if answer.status_code == 200]
    assert len(started) <= LIMIT
    fill(live, LIMIT - len(started))
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}))
    eventually("four are shown", lambda: len(live.phone.cards()) == LIMIT)


def test_a_changed_limit_holds_from_the_next_request_on(limited: Team, live: LiveAudience) -> None:
    limited.ask("PATCH", "/api/account", max_live_activities=1)
    fill(live, 1)
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}), limit=1, active=1)
    limited.ask("PATCH", "/api/account", max_live_activities=3)
    fill(live, 2)
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}), limit=3, active=3)
    limited.ask("PATCH", "/api/account", max_live_activities=2)
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}), limit=2, active=3)
    limited.ask("PATCH", "/api/account", max_live_activities=0)
    fill(live, 1)
    assert_full(live.backend.call("POST", "start", {"content_state": steps()}))


@pytest.mark.parametrize("limit", [-1, 10_001, 2**31, "4", 1.5])
def test_a_limit_is_a_sensible_number(limited: Team, limit: object) -> None:
    refused = limited.owner.patch("/api/account", json={"max_live_activities": limit})
    assert refused.status_code == 400
    assert "max_live_activities" in refused.json()["message"]


def test_another_account_has_its_own_count(stack: Stack, live: LiveAudience) -> None:
    fill(live)
    neighbours = second_account(stack)
    slug, channel_id = neighbours.channel()
    phone = neighbours.phone(channel_id=channel_id)
    theirs = Backend(neighbours.key(slug))
    activity_id = theirs.start(progress(1))["activity_id"]
    phone.shows_activity(activity_id)
    theirs.leave_nothing()
