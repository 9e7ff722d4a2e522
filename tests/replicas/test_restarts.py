"""Whatever is restarted, killed or away under load: nothing is lost, shown twice, or answered with anything but 200 and
503."""

import signal
import time
from collections import Counter

import grpc
import pytest

from tests.replicas.backends import Load
from tests.replicas.direct import Watch, metadata_of, push_through
from tests.replicas.layout import EMAIL, NAMES, Layout
from tests.team import Team, push
from tests.waiting import LONG, eventually

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(600)]

CATCH_UP_SECONDS = 2 * LONG
BROKEN = {"ConnectError", "ReadError", "WriteError", "RemoteProtocolError"}
"""How a connection fails whose other end has gone."""


def assert_nothing_lost(load: Load) -> None:
    """Every promised push is on the screen, each once, and every stream has one card, with its last state."""
    promised = set(load.promised)
    eventually(
        "no push is missing",
        lambda: promised - set(load.phone.titles()),
        CATCH_UP_SECONDS,
        until=lambda missing: not missing,
    )
    counts = Counter(load.phone.titles())
    assert {title: counts[title] for title in counts if counts[title] != 1} == {}

    def shown() -> list[tuple[str, str]]:
        cards = [card["content_state"] for card in load.phone.cards() if card["state"] == "active"]
        return sorted((state["title"], state["subtitle"]) for state in cards)

    wanted = sorted((key, str(number)) for key, number in load.shown_last.items())
    eventually("every stream shows its last state", shown, CATCH_UP_SECONDS, until=lambda found: found == wanted)


def test_a_rolling_restart_loses_nothing_and_breaks_no_request(layout: Layout, team: Team) -> None:
    before = layout.simulator.stats()
    with Load(team, layout.gateways, "restart") as load:
        for name in NAMES:
            layout.restart(name, signal.SIGTERM)
            load.more(10)
    assert_nothing_lost(load)
    # Backends have checked that there was no status but these.
    assert set(load.answered) <= {200, 503, *BROKEN}
    # A process that stops finishes what it has begun: nothing was sent again to be on the safe side.
    assert layout.simulator.stats()["duplicates_by_apns_id"] == before["duplicates_by_apns_id"]


def test_killing_everything_in_turn_loses_nothing(layout: Layout, team: Team) -> None:
    with Load(team, layout.gateways, "kill") as load:
        for name in NAMES:
            layout.restart(name, signal.SIGKILL)
            load.more(10)
    assert_nothing_lost(load)
    assert set(load.answered) <= {200, 503, *BROKEN}
    assert layout.simulator.stats()["duplicate_starts"] == 0


def test_without_redis_pushes_go_on_and_with_it_events_cross_again(layout: Layout, team: Team) -> None:
    """Rate limits are not kept meanwhile, and no person can sign in: guessing must not be free."""
    slug, channel_id = team.channel()
    phone, key = team.phone(channel_id=channel_id), team.key(slug)
    layout.redis.stop()
    try:
        assert {push(key, title=f"without {number}").status_code for number in range(4)} == {200}
        guess = {"email": EMAIL, "password": "a guess"}
        assert {team.anybody.post("/api/sessions", json=guess).status_code for _ in range(4)} == {503}
        eventually("all are shown", phone.titles, until=lambda titles: len(titles) == 4)
    finally:
        layout.redis.start()
    metadata = metadata_of(key)
    with grpc.insecure_channel(layout.cores[0]) as near, grpc.insecure_channel(layout.cores[1]) as far:
        for watched, other in ((near, far), (far, near)):
            with Watch(watched, metadata_of(team.key())) as watch:
                eventually("events cross again", lambda: hears(watch, push_through(other, metadata, slug)))  # noqa: B023


def hears(watch: Watch, notification_id: str) -> bool:
    """Whether the notification is heard of soon."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and notification_id not in watch.heard:
        time.sleep(0.02)
    return notification_id in watch.heard
