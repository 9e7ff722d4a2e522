"""The web admin, the page at `/phone/` and the iPhone app show the same of a content state.

Words, figures, colors, bars. The table is in the app's tests, which read it too.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from smith.core.v1.live_activity_pb2 import LiveActivityColor, LiveActivityContentState

from admin_ui.activity_types.alert import Message
from admin_ui.activity_types.card_type import Bar, Body, Numeral
from admin_ui.activity_types.metrics import Tiles, with_unit
from admin_ui.activity_types.registry import TYPES, Reading, read
from admin_ui.activity_types.segmented_progress import Segments
from admin_ui.activity_types.timer import Window, clock_words
from admin_ui.activity_types.value import Large
from admin_ui.components.island import SHORT
from service_kit.json_mapping.contract import enum_names, text_form_of
from simulator.phones.content_state import KEPT_BY_THE_SERVER
from tests.contract.conftest import PHONE, RunModule
from tests.swift_fixtures.__main__ import FOLDER

ADMIN = Path(__file__).parents[2] / "admin_ui" / "static" / "lock_screen.css"
TABLE = json.loads((FOLDER / "cards.json").read_text())
NOW: float = TABLE["now"]
CASES: list[dict[str, Any]] = TABLE["cases"]
STATES: list[dict[str, Any]] = [case["state"] for case in CASES]
FIGURES: dict[str, dict[str, str]] = json.loads((FOLDER / "figures.json").read_text())
WRITE = """
import { write } from "./shared/figures.js"
import { readFileSync } from "node:fs"
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(write)))
"""
READ = """
import { clockAt, reading } from "./shared/reading.js"
import { readFileSync } from "node:fs"
const { states, now } = JSON.parse(readFileSync(0, "utf8"))
const read = (state) => { const card = reading(state); return card.body.kind === "clock" ? { ...card, body: { kind: "clock", ...clockAt(card.body, now) } } : card }
console.log(JSON.stringify(states.map(read)))
"""  # noqa: E501


def card_of(card: Reading) -> dict[str, Any]:
    """The admin's reading of a card in the words of the table. Its buttons are drawn from elsewhere."""
    marks = {
        name: mark and {"text": mark.word, "color": mark.color}
        for name, mark in (("icon", card.icon), ("badge", card.badge))
    }
    body, short = body_of(card.body), card.body.short_figure
    short = body["text"] if isinstance(card.body, Window) else short
    return {
        "title": card.title, "subtitle": card.subtitle, "color": card.color, **marks, "body": body,
        "island": {"compact": short, "minimal": short if len(short) <= SHORT else ""},
    }  # fmt: skip


def body_of(body: Body) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind of body
    match body:
        case Bar():
            return {"kind": "bar", "figure": body.figure, "fraction": body.fraction, "spoken": body.spoken}
        case Numeral():
            return {"kind": "numeral", "figure": body.figure, "fraction": body.fraction, "spoken": body.spoken}
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
                    "label": one.label, "figure": one.figure, "unit": with_unit("", one.unit), "color": one.color,
                    "isColored": one.has_own_color and one.fraction is None, "fraction": one.fraction,
                }
                for one in body.metrics
            ]  # fmt: skip
            return {"kind": "tiles", "metrics": metrics, "hidden": body.hidden}
        case Window():
            seconds = body.seconds(NOW)
            length = None if body.ends_at is None else body.ends_at - body.starts_at
            fraction = min(1.0, seconds / length) if length else None
            return {"kind": "clock", "text": clock_words(seconds), "fraction": fraction}
        case Message():
            return {"kind": "message", "text": body.message}
        case Large():
            return {"kind": "value", "text": body.figure}
    raise AssertionError(f"the table has nothing for {body}")


def test_the_table_has_every_type_color_and_field() -> None:
    types, colors = {state.get("type") for state in STATES}, {case["card"]["color"] for case in CASES}
    assert types >= TYPES.keys()
    assert colors == set(enum_names(LiveActivityColor.DESCRIPTOR).values())
    named = {field.name for field in LiveActivityContentState.DESCRIPTOR.fields if text_form_of(field) is None}
    shown = named - KEPT_BY_THE_SERVER - {"value_text"}
    assert {name for state in STATES for name in state} >= shown | {"timer", "action", "secondary_action"}


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["state"]["type"] in TYPES], ids=lambda one: one["name"]
)
def test_the_admin_shows_what_the_table_says(case: dict[str, Any]) -> None:
    assert card_of(read(case["state"])) == {name: case["card"][name] for name in case["card"] if name != "buttons"}


def test_the_page_shows_what_the_table_says(run_module: RunModule) -> None:
    """A type that it does not know is drawn by its fields: the page may be older than its server for a while."""
    for case, shown in zip(CASES, run_module(READ, {"states": STATES, "now": NOW}), strict=True):
        shown["buttons"] = [action["title"] for action in shown.pop("actions")]
        assert shown == {name: case["card"][name] for name in case["card"] if name != "island"}, case["name"]


def test_the_page_writes_numbers_times_and_units_as_the_admin_does(run_module: RunModule) -> None:
    for name, write in (("numbers", "numberText"), ("clocks", "clockText"), ("units", "unitText")):
        given = [one if name == "units" else float(one) for one in FIGURES[name]]
        written = run_module(WRITE.replace("write", write), given)
        assert dict(zip(FIGURES[name], written, strict=True)) == FIGURES[name]


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
