"""What the drawn iPhone shows of what is on it: the rules, as tables."""

from typing import Any

import pytest

from admin_ui.activity_types.registry import TYPES
from admin_ui.components.island import in_order, shown_in_island
from admin_ui.components.notification_groups import grouped
from admin_ui.phones.demo_script import EXPLAINED, SCENES, SECONDS
from admin_ui.phones.drops import WORDS, left_out
from simulator.browsers.drops import Drop as BrowserDrop
from simulator.phones.activity_cards import MAX_ACTIVE
from simulator.phones.drops import Drop


def note(name: str, thread: str | None = None) -> dict[str, Any]:
    """A notification on the screen."""
    return {"id": name, "thread_id": thread}


@pytest.mark.parametrize(
    ("oldest_first", "groups"),
    [
        ([], []),
        ([note("a")], [("", ["a"])]),
        ([note("a"), note("b"), note("c")], [("", ["c", "b", "a"])]),
        ([note("a", ""), note("b")], [("", ["b", "a"])]),
        ([note("a", "builds"), note("b"), note("c", "builds")], [("builds", ["c", "a"]), ("", ["b"])]),
        ([note("a", "x"), note("b", "y"), note("c", "z")], [("z", ["c"]), ("y", ["b"]), ("x", ["a"])]),
    ],
)
def test_notifications_are_grouped_by_thread_and_else_by_their_app_newest_first(
    oldest_first: list[dict[str, Any]], groups: list[tuple[str, list[str]]]
) -> None:
    found = [(group.thread, [one["id"] for one in group.notifications]) for group in grouped(oldest_first)]
    assert found == groups


def card(name: str, relevance: float | None = None, state: str = "active", started: str = "1") -> dict[str, Any]:
    """A Live Activity on the phone."""
    return {"activity_id": name, "relevance_score": relevance, "state": state, "started_at": started}


@pytest.mark.parametrize(
    ("cards", "in_list", "in_island"),
    [
        ([], "", ""),
        ([card("a")], "a", "a"),
        ([card("b", started="2"), card("a")], "ab", "ab"),
        ([card("a", 50), card("b", 100), card("c", 75)], "bca", "bc"),
        ([card("a", state="ended"), card("b")], "ab", "b"),
        ([card("a", 100, "ended"), card("b"), card("c", 75), card("d", 50)], "acdb", "cd"),
    ],
)
def test_the_most_relevant_comes_first_and_the_island_has_room_for_two_that_are_active(
    cards: list[dict[str, Any]], in_list: str, in_island: str
) -> None:
    assert "".join(one["activity_id"] for one in in_order(cards)) == in_list
    assert "".join(one["activity_id"] for one in shown_in_island(cards)) == in_island


def test_every_reason_of_the_simulator_has_its_words() -> None:
    assert {reason.value for reason in (*Drop, *BrowserDrop)} == WORDS.keys()
    assert left_out({"too_many": 1, "over": 1200, "expired": 0, "from_the_future": 3}) == [
        ("1,200 pushes", WORDS["over"]),
        ("3 pushes", "From the future."),
        ("1 push", WORDS["too_many"]),
    ]


SHOWN = {"segmented_progress", "progress", "metrics", "timer", "stats", "value", "alert"}
"""All types but the legacy ones, whose place these have taken."""


class Recorder:
    """A player that notes what is on its phone."""

    def __init__(self) -> None:
        self.active: dict[str, str] = {}
        self.most = 0
        self.types: set[str] = set()
        self.pushes = 0
        self.views: list[bool] = []

    async def push(self, body: Any) -> None:
        self.pushes += 1

    async def start(self, key: str, body: Any) -> None:
        assert key not in self.active
        self.active[key] = body["content_state"]["type"]
        self.types.add(self.active[key])
        self.most = max(self.most, len(self.active))

    async def update(self, key: str, body: Any) -> None:
        assert self.active[key] == body["content_state"]["type"]

    async def end(self, key: str) -> None:
        del self.active[key]

    async def lock(self, *, locked: bool) -> None:
        self.views.append(locked)


async def test_the_demo_shows_each_type_and_a_push_in_twenty_seconds_within_what_ios_allows() -> None:
    player = Recorder()
    for scene in SCENES:
        for deed in scene.deeds:
            await deed(player)
    assert player.types == SHOWN <= TYPES.keys()
    assert (player.pushes, player.views) == (1, [False])
    assert player.most <= MAX_ACTIVE
    moments = [scene.at for scene in SCENES]
    assert moments == sorted(moments)
    assert 18 <= SECONDS <= 24
    # Two seconds to read each of them.
    ends = [scene.at for scene in EXPLAINED[1:]] + [SECONDS]
    assert min(end - scene.at for scene, end in zip(EXPLAINED, ends, strict=True)) >= 1.5
