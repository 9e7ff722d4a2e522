"""A phone that has as many Live Activities as it may: what its screen shows, and what REST answers."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.backend import Backend, progress
from tests.stack import Stack
from tests.team import Team
from tests.waiting import eventually

pytestmark = pytest.mark.thorough

PER_DEVICE = 2


@pytest.fixture(scope="module")
def crowded(make_stack: Callable[..., Stack]) -> Iterator[Team]:
    """The account of a server whose phones have room for two."""
    stack = make_stack(SMITH_MAX_LIVE_ACTIVITIES_PER_DEVICE=str(PER_DEVICE), SMITH_LIVE_ACTIVITY_OVERFLOW="end_oldest")
    team = Team.of(stack)
    team.ask("PATCH", "/api/account", max_live_activities=100)
    yield team
    stack.discard()


def test_the_oldest_card_gives_way_to_the_next_on_the_screen_too(crowded: Team) -> None:
    slug, channel_id = crowded.channel()
    phone, backend = crowded.phone(channel_id=channel_id), Backend(crowded.key(slug))
    shown = [backend.start(progress(number))["activity_id"] for number in range(PER_DEVICE)]
    for number in range(PER_DEVICE, PER_DEVICE + 3):
        phone.live(shown[-1])
        answer = backend.start(progress(number))
        assert answer["ended_activity_id"] == shown[-PER_DEVICE]
        shown.append(answer["activity_id"])
        phone.shows_no_activity(answer["ended_activity_id"])
        phone.shows_activity(answer["activity_id"], percentage=number)
    newest = shown[-PER_DEVICE:]
    eventually(
        "both are shown", lambda: [card["activity_id"] for card in phone.cards()], until=lambda ids: ids == newest
    )


def test_a_stream_whose_card_gave_way_comes_back_and_is_told_what_it_has_ended(crowded: Team) -> None:
    slug, channel_id = crowded.channel()
    phone, backend = crowded.phone(channel_id=channel_id), Backend(crowded.key(slug))
    first = backend.put("gives-way", progress(1))["activity_id"]
    second = backend.start(progress(2))["activity_id"]
    assert backend.start(progress(3))["ended_activity_id"] == first
    again = backend.put("gives-way", progress(4))
    assert (again["operation"], again["ended_activity_id"]) == ("started", second)
    phone.shows_activity(again["activity_id"], percentage=4)
    backend.leave_nothing()


def test_a_refusal_names_how_many_phones_have_no_room(crowded: Team) -> None:
    slug, channel_id = crowded.channel()
    other_slug, other_id = crowded.channel()
    phone = crowded.phone(channel_id=channel_id)
    crowded.phone(channel_id=other_id)
    crowded.assign_device(other_id, phone)
    owner, narrow = Backend(crowded.key(slug)), Backend(crowded.key(other_slug))
    for number in range(PER_DEVICE):
        owner.start(progress(number))
    refused = narrow.call("POST", "start", {"content_state": progress(9)})
    assert refused.status_code == 429
    assert refused.json() == {
        "error": "Live Activity limit reached",
        "message": "Only 2 concurrent Live Activities are allowed per device, and there is no room on 1 of the 2 "
        "targeted devices. There is no single one that could be ended to make room",
        "limit": 2,
        "active": 2,
        "blocked_devices": 1,
        "targeted_devices": 2,
    }
    owner.leave_nothing()
