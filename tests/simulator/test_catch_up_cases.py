"""The simulated iPhone and the app in `ios/` catch up alike: both are held to one table of cases.

`ios/SmithKit/Tests/SmithKitTests/CatchUp/CatchUpTests.swift` reads the same file.
"""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from simulator.apns.directory import TokenDirectory
from simulator.phones.activity_card import LINGER_SECONDS, ActivityCard
from simulator.phones.catch_up import catch_up
from simulator.phones.records import LiveActivitiesRecord
from tests.simulator.test_activity_rules import activities, clock_of

TABLE = Path(__file__).parents[2] / "ios/SmithKit/Tests/SmithKitTests/Fixtures/catch_up.json"
CASES: list[dict[str, Any]] = json.loads(TABLE.read_text())
SIMULATED = [case for case in CASES if "not_simulated" not in case]
"""The others say why they cannot be."""
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC).timestamp()
TIMESTAMP = 1795435000
"""Of all answers of the table."""


def shown(case: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What of each activity is on the screen before, by activity."""
    return {
        one["activity_id"]: {
            "title": "Before",
            "timestamp": one["timestamp"],
            "stale_at": None,
            "state": "ended" if one.get("ended") else "active",
            "dismiss_at": NOW + LINGER_SECONDS if one.get("ended") else None,
            "channel": None,
        }
        for one in case["screen"]
    }


def expected(case: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is to be on the screen after the table's steps."""
    screen, of = shown(case), {one["card"]: one["activity_id"] for one in case["screen"]}
    for step in case["steps"]:
        match step["step"]:
            case "start":
                started = {"state": "active", "dismiss_at": None, "stale_at": None, "channel": step.get("channel")}
                screen[step["activity_id"]] = started
            case "end" if step["dismiss_at"] is None:
                del screen[of[step["card"]]]
                continue
            case "end":
                ends = {"state": "ended", "dismiss_at": seconds(step["dismiss_at"])}
                screen[of[step["card"]]] |= ends | ({"timestamp": TIMESTAMP} if "title" in step else {})
            case "leave":
                continue
        card = screen[step["activity_id"] if step["step"] == "start" else of[step["card"]]]
        card |= {name: step[name] for name in ("title", "timestamp") if name in step}
        card |= {"stale_at": seconds(step["stale_at"])} if "stale_at" in step else {}
    return screen


def seconds(text: str) -> float:
    """UNIX seconds of a time as the REST API writes it."""
    return dt.datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize("case", SIMULATED, ids=lambda case: case["name"])
def test_the_screen_becomes_what_the_server_says(case: dict[str, Any]) -> None:
    record = LiveActivitiesRecord(
        cards=[
            ActivityCard(
                activity_id=activity_id,
                content_state={"title": card["title"], "type": "progress"},
                timestamp=card["timestamp"],
                started_at=NOW - 3600,
                updated_at=NOW - 3600,
                state=card["state"],
                ended_at=NOW - 60 if card["state"] == "ended" else None,
                dismiss_at=card["dismiss_at"],
            )
            for activity_id, card in shown(case).items()
        ],
        dismissed=case.get("dismissed", []),
    )
    cards = activities(clock_of(lambda: NOW), TokenDirectory(), record).cards

    catch_up(cards, case["answer"])

    after = {
        card.activity_id: {
            "title": card.content_state["title"],
            "timestamp": card.timestamp,
            "stale_at": card.stale_at,
            "state": card.state,
            "dismiss_at": card.dismiss_at,
            "channel": card.channel_id,
        }
        for card in cards.cards()
    }
    assert after == expected(case)


def test_most_cases_are_held_to_both() -> None:
    assert len(SIMULATED) > 2 / 3 * len(CASES)
