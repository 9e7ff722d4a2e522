"""The page at `/phone/` reads content states as the web admin does: the same figures, colors, bars and buttons."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from smith.core.v1.live_activity_pb2 import LiveActivityColor

from admin_ui.activity_types.alert import Message
from admin_ui.activity_types.card_type import Bar, Body, Numeral
from admin_ui.activity_types.metrics import Tiles
from admin_ui.activity_types.registry import TYPES, Reading, read
from admin_ui.activity_types.segmented_progress import Segments
from admin_ui.activity_types.timer import Window, clock_words
from admin_ui.activity_types.value import Large
from service_kit.json_mapping.contract import enum_names

ROOT = Path(__file__).parents[2]
PHONE, ADMIN = ROOT / "gateway" / "phone", ROOT / "admin_ui" / "static" / "lock_screen.css"
NOW = 1_800_000_000.0
STEPS: dict[str, Any] = {"title": "Deploy", "number_of_steps": 5, "current_step": 3}
STATES: list[dict[str, Any]] = [
    {"title": "Backup", "subtitle": "db-1", "type": "progress", "percentage": 42, "color": "green"},
    {"title": "Backup", "type": "progress", "percentage": 42.126, "badge": {"title": "Prod", "color": "magenta"}},
    {"title": "Backup", "type": "progress", "value": 3, "upper_limit": 12, "icon": {"symbol": "cloud"}},
    {"title": "Backup", "type": "progress", "percentage": 140, "color": "beige"},
    {"title": "Backup", "type": "progress", "value": 1e16, "upper_limit": 0.5},
    {"title": "Backup", "type": "progress"},
    {**STEPS, "type": "segmented_progress", "step_color": "orange", "step_colors": ["green", "beige"]},
    {**STEPS, "type": "segmented_progress", "current_step": 9},
    {**STEPS, "type": "segmented_progress", "number_of_steps": 40},
    {"title": "Deploy", "type": "segmented_progress"},
    {**STEPS, "type": "counter"},
    {**STEPS, "type": "countdown", "color": "purple"},
    {**STEPS, "type": "timer"},
    {"title": "Tea", "type": "timer", "timer": {"counts_down": True, "starts_at": NOW - 50, "ends_at": NOW + 250}},
    {"title": "Tea", "type": "timer", "timer": {"counts_down": False, "starts_at": NOW - 3700}},
    {"title": "Tea", "type": "timer", "timer": {"counts_down": True, "starts_at": NOW - 500, "ends_at": NOW - 100}},
    {
        "title": "Tea", "type": "timer",
        "timer": {"counts_down": False, "starts_at": NOW - 50, "ends_at": NOW + 50, "paused_at": NOW - 30},
    },
    {
        "title": "Health", "type": "metrics", "color": "cyan",
        "metrics": [
            {"label": "CPU", "value": 42, "unit": "%", "color": "red"},
            {"label": "RAM", "value": 2048, "color": "lime"},
            {"label": "State", "value": "ok", "color": "green"}, {"label": "Load", "value": 0.333},
        ],
    },
    {"title": "Many", "type": "metrics", "metrics": [{"label": str(place), "value": place} for place in range(11)]},
    {"title": "Sales", "type": "stats", "metrics": [{"label": "EUR", "value": 99, "color": "yellow"}]},
    {"title": "Sales", "type": "stats", "metrics": "none"},
    {"title": "Agent", "type": "alert", "message": "Should I?\nReally?"},
    {"title": "Room", "type": "value", "value": "21.5 °C", "color": "orange"},
    {"title": "Room", "type": "value", "value": 21.504},
    {"type": "value", "value": True, "title": 7},
]  # fmt: skip
NODE = shutil.which("node") or "node"
READ = """
import { clockAt, reading } from "./shared/reading.js"
import { readFileSync } from "node:fs"
const { states, now } = JSON.parse(readFileSync(0, "utf8"))
const read = (state) => { const card = reading(state); return card.body.kind === "clock" ? { ...card, body: { kind: "clock", ...clockAt(card.body, now) } } : card }
console.log(JSON.stringify(states.map(read)))
"""  # noqa: E501


RunModule = Callable[[str, Any], Any]


@pytest.fixture(scope="module")
def run_module(tmp_path_factory: pytest.TempPathFactory) -> RunModule:
    """Runs a script beside the page's own modules, with input and output as JSON."""
    folder = tmp_path_factory.mktemp("phone") / "phone"
    shutil.copytree(PHONE, folder)
    # A browser is told by the page that these are modules.
    (folder / "package.json").write_text('{"type": "module"}')

    def run(script: str, given: Any) -> Any:
        (folder / "script.js").write_text(script)
        done = subprocess.run(
            [NODE, "script.js"], cwd=folder, input=json.dumps(given), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def as_the_page_has_it(card: Reading) -> dict[str, Any]:
    """The admin's reading of a card in the words of the page's."""
    marks = {
        name: mark and {"text": mark.word, "color": mark.color}
        for name, mark in (("icon", card.icon), ("badge", card.badge))
    }
    return {
        "title": card.title, "subtitle": card.subtitle, "color": card.color, **marks, "body": body_of(card.body),
        "actions": [],
    }  # fmt: skip


def body_of(body: Body) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind of body
    match body:
        case Bar():
            return {"kind": "bar", "figure": body.figure, "fraction": body.fraction}
        case Numeral():
            return {"kind": "numeral", "figure": body.figure, "fraction": body.fraction}
        case Segments():
            pieces = [{"state": one.state, "color": one.color} for one in body.segments]
            done = sum(one.state != "open" for one in body.segments)
            return {
                "kind": "segments", "figure": body.figure, "fraction": done / len(pieces), "pieces": pieces,
                "spoken": body.spoken,
            }  # fmt: skip
        case Tiles():
            metrics = [
                {
                    "label": one.label, "figure": one.figure, "unit": one.unit, "color": one.color,
                    "isColored": one.has_own_color and one.fraction is None, "fraction": one.fraction,
                }
                for one in body.metrics
            ]  # fmt: skip
            return {"kind": "tiles", "metrics": metrics, "hidden": body.hidden}
        case Window():
            seconds = body.seconds(NOW)
            length = None if body.ends_at is None else body.ends_at - body.starts_at
            return {"kind": "clock", "text": clock_words(seconds), "fraction": length and min(1.0, seconds / length)}
        case Message():
            return {"kind": "message", "text": body.message}
        case Large():
            return {"kind": "value", "text": body.figure}
    raise AssertionError(f"the page has nothing for {body}")


def test_the_page_reads_every_type_as_the_admin_does(run_module: RunModule) -> None:
    assert {state["type"] for state in STATES} == TYPES.keys()
    for state, shown in zip(STATES, run_module(READ, {"states": STATES, "now": NOW}), strict=True):
        assert shown == as_the_page_has_it(read(state)), state


def test_a_card_of_a_type_that_the_page_does_not_know_shows_its_fields(run_module: RunModule) -> None:
    """A page that is older than its server, while an upgrade goes on."""
    states = [{**state, "type": "from_the_future"} for state in STATES]
    shown = run_module(READ, {"states": states, "now": NOW})
    assert [card["title"] for card in shown[:-1]] == [state["title"] for state in STATES[:-1]]
    kinds = {state["type"]: card["body"]["kind"] for state, card in zip(STATES[:-1], shown[:-1], strict=True)}
    assert (kinds["stats"], kinds["metrics"], kinds["alert"]) == ("value", "tiles", "message")


def test_buttons_are_those_that_can_be_pressed(run_module: RunModule) -> None:
    press = {"id": "1", "title": "Approve", "type": "webhook"}
    state = {"title": "Deploy", "type": "value", "action": press, "secondary_action": {"title": "No id"}}
    [card] = run_module(READ, {"states": [state], "now": NOW})
    assert card["actions"] == [press]


def test_colors_are_those_of_the_admin(run_module: RunModule) -> None:
    """In both themes; and those of the picture that a worker draws, which has a dark ground, are the dark ones."""
    names = list(enum_names(LiveActivityColor.DESCRIPTOR).values())
    listed = run_module('import { COLORS } from "./shared/reading.js"\nconsole.log(JSON.stringify(COLORS))', None)
    assert listed == names
    colors = [
        {name: value for name, value in re.findall(r"--lock-(\w+): (#[0-9a-f]{6});", part) if name in names}
        for css in (ADMIN, PHONE / "cards.css")
        for part in re.split(r"\n(?=body\.body--dark|@media)", css.read_text(), maxsplit=1)
    ]
    admin, page = colors[:2], colors[2:]
    assert page == admin
    drawn = run_module('import { TINTS } from "./worker/card_image.js"\nconsole.log(JSON.stringify(TINTS))', None)
    assert drawn == admin[1]
