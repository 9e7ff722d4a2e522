"""Types of cards, buttons, links, tags and metadata: each broken rule is named, and nothing is half-done."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.backend import JSON, progress, steps
from tests.e2e.refusals import BUTTON, COLORS, EVERYWHERE, METRIC, Scene, assert_refused, metrics, without
from tests.team import Team

LINK = {"title": "t", "type": "open_url", "url": "https://example.com/h"}
OPENS = "must be an absolute https://, http:// or shortcuts:// URL"
HTTPS = "must be an absolute https:// URL"
SCALAR = "must be a number or a string"
NUL = "must not contain the character U+0000"
FLOATS = "must be a number of a size that a floating-point number can hold"
KEYS = "metadata must have keys of 1 to 100 characters that are not blank"


def alert(**other: Any) -> JSON:
    """A content state of type `alert`."""
    return {"title": "t", "type": "alert", "message": "m", **other}


def value(shown: Any) -> JSON:
    """A content state of type `value`."""
    return {"title": "t", "type": "value", "value": shown}


def stats(*items: Any) -> JSON:
    """A content state of type `stats`."""
    return metrics(*items) | {"type": "stats"}


def timer(**other: Any) -> JSON:
    """A content state of type `timer`."""
    return {"title": "t", "type": "timer", **other}


STATES: list[tuple[JSON, str]] = [
    (without(alert(), "message"), "message is required for type alert"),
    (alert(message=None), "message is required for type alert"),
    (alert(message=""), "message is required and must not be empty"),
    (alert(message=5), "message must be a string"),
    (alert(message="nul \x00"), f"message {NUL}"),
    (alert(icon="bolt"), "icon must be an object"),
    (alert(icon=[]), "icon must be an object"),
    (alert(icon={}), "icon.symbol is required and must not be empty"),
    (alert(icon={"symbol": ""}), "icon.symbol is required and must not be empty"),
    (alert(icon={"symbol": None}), "icon.symbol is required and must not be empty"),
    (alert(icon={"symbol": 5}), "icon.symbol must be a string"),
    (alert(icon={"symbol": "nul \x00"}), f"icon.symbol {NUL}"),
    (alert(icon={"symbol": "bolt", "color": "pink"}), f"icon.color must be one of {COLORS}"),
    (alert(badge="new"), "badge must be an object"),
    (alert(badge={}), "badge.title is required and must not be empty"),
    (alert(badge={"title": ""}), "badge.title is required and must not be empty"),
    (alert(badge={"title": 5}), "badge.title must be a string"),
    (alert(badge={"title": "nul \x00"}), f"badge.title {NUL}"),
    (alert(badge={"title": "new", "color": "pink"}), f"badge.color must be one of {COLORS}"),
    # Ignored on this type, and checked all the same.
    (metrics(METRIC) | {"badge": {"title": ""}}, "badge.title is required and must not be empty"),
    (steps(type="counter", icon={"symbol": ""}), "icon.symbol is required and must not be empty"),
    (without(stats(), "metrics"), "metrics must contain at least one metric for type stats"),
    (stats(), "metrics must contain at least one metric"),
    (stats(*[METRIC] * 9), "metrics must have at most 8 items for type stats"),
    (stats(*[METRIC] * 51), "metrics must have at most 50 items"),
    (stats(None), "metrics[0] must be an object, not null"),
    (stats(METRIC | {"label": ""}), "metrics[0].label is required and must not be empty"),
    (stats(METRIC | {"value": ""}), "metrics[0].value must be 1 to 64 characters"),
    (stats(METRIC | {"value": "9" * 65}), "metrics[0].value must be 1 to 64 characters"),
    (stats(METRIC | {"value": "nul \x00"}), f"metrics[0].value {NUL}"),
    (stats(METRIC | {"value": -0.1}), "metrics[0].value must be at least 0"),
    (stats(METRIC | {"value": None}), "metrics[0].value is required"),
    (stats(METRIC | {"value": True}), f"metrics[0].value {SCALAR}"),
    (stats(METRIC | {"value": [1]}), f"metrics[0].value {SCALAR}"),
    (stats(METRIC | {"value": {}}), f"metrics[0].value {SCALAR}"),
    (stats(METRIC, METRIC | {"color": "pink"}), f"metrics[1].color must be one of {COLORS}"),
    (without(value(1), "value"), "value is required for type value"),
    (value(None), "value is required for type value"),
    (value(True), f"value {SCALAR}"),
    (value([1]), f"value {SCALAR}"),
    (value({}), f"value {SCALAR}"),
    (value("x" * 65), "value must be at most 64 characters"),
    (value("nul \x00"), f"value {NUL}"),
    (value(10**400), f"value {FLOATS}"),
    ({"title": "t", "type": "progress", "value": "5", "upper_limit": 10}, "value must be a number for type progress"),
    (timer(), "duration_seconds is required for type timer, unless counts_down is false"),
    (timer(counts_down=True), "duration_seconds is required for type timer, unless counts_down is false"),
    (timer(duration_seconds=None), "duration_seconds is required for type timer, unless counts_down is false"),
    (timer(duration_seconds=0), "duration_seconds must be more than 0"),
    (timer(duration_seconds=-5), "duration_seconds must be more than 0"),
    (timer(duration_seconds="60"), "duration_seconds must be a number"),
    (timer(duration_seconds=True), "duration_seconds must be a number"),
    (timer(duration_seconds=10**400), f"duration_seconds {FLOATS}"),
    (timer(duration_seconds=60, counts_down="no"), "counts_down must be true or false"),
    (timer(duration_seconds=60, counts_down=0), "counts_down must be true or false"),
    (timer(duration_seconds=60, is_running="no"), "is_running must be true or false"),
]

SECOND: list[tuple[Any, str]] = [
    ([BUTTON], " must be an object"),
    (BUTTON | {"title": " "}, ".title is required and must not be blank"),
    (without(BUTTON, "type"), ".type is required: open_url or webhook"),
    (BUTTON | {"type": "call"}, ".type must be one of open_url, webhook"),
    (without(BUTTON, "url"), f".url {HTTPS}"),
    (BUTTON | {"method": "PUT"}, ".method must be one of GET, POST"),
    (BUTTON | {"body": [1]}, ".body must be an object"),
    (BUTTON | {"body": {"x": "y" * 70_000}}, ".body must be at most 65536 bytes of JSON"),
]

LINKS: list[tuple[JSON, str]] = [
    *[
        (LINK | {"url": url}, OPENS)
        for url in (
            "", "example.com", "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x",
            "file:///etc/passwd", "activitysmith://pair?code=1", "spotify:track:1", "termius://host", "shortcuts:x",
            "shortcuts://run me", "http:///x", "https://[::1", "https://example.com:99999/",
        )
    ],
    *[(BUTTON | {"url": url}, HTTPS) for url in ("http://example.com/h", "shortcuts://x", "javascript:alert(1)")],
]  # fmt: skip

NOTES: list[tuple[JSON, str]] = [
    ({"tags": "billing"}, "tags must be an array"),
    ({"tags": {}}, "tags must be an array"),
    ({"tags": [1]}, "tags[0] must be a string"),
    ({"tags": ["a", None]}, "tags[1] must be a string, not null"),
    ({"tags": [""]}, "tags[0] must be 1 to 64 characters"),
    ({"tags": ["  "]}, "tags[0] must be 1 to 64 characters"),
    ({"tags": ["a" * 65]}, "tags[0] must be 1 to 64 characters"),
    ({"tags": ["nul \x00"]}, f"tags[0] {NUL}"),
    ({"tags": [f"t{n}" for n in range(21)]}, "tags must have at most 20 items"),
    ({"metadata": []}, "metadata must be an object"),
    ({"metadata": "x"}, "metadata must be an object"),
    ({"metadata": {"a": None}}, "metadata.a must be a text, a number, true or false"),
    ({"metadata": {"a": {}}}, "metadata.a must be a text, a number, true or false"),
    ({"metadata": {"a": [1]}}, "metadata.a must be a text, a number, true or false"),
    ({"metadata": {"a": "x" * 4001}}, "metadata.a must be at most 4000 characters"),
    ({"metadata": {"a": "nul \x00"}}, f"metadata.a {NUL}"),
    ({"metadata": {"a": 10**400}}, f"metadata.a {FLOATS}"),
    ({"metadata": {"": 1}}, KEYS),
    ({"metadata": {" ": 1}}, KEYS),
    ({"metadata": {"k" * 101: 1}}, KEYS),
    ({"metadata": {"nul \x00": 1}}, f"metadata {NUL}"),
    ({"metadata": {"__proto__": 1}}, "metadata must not have the key __proto__"),
    ({"metadata": {f"k{n}": n for n in range(51)}}, "metadata must have at most 50 entries"),
    ({"metadata": {f"k{n}": "x" * 3400 for n in range(5)}}, "metadata must be at most 16384 bytes of JSON"),
]


@pytest.fixture(scope="module")
def scene(team: Team) -> Iterator[Scene]:
    """One for all; the last look at it is part of the tests."""
    scene = Scene(team)
    yield scene
    scene.backend.leave_nothing()


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize(("state", "message"), STATES, ids=[f"{n}: {message}" for n, (_, message) in enumerate(STATES)])
def test_a_broken_rule_of_a_type_is_named(scene: Scene, where: str, state: JSON, message: str) -> None:
    assert_refused(scene.send(where, {"content_state": state}), f"content_state.{message}")


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize(("button", "message"), SECOND, ids=[f"{n}{message}" for n, (_, message) in enumerate(SECOND)])
def test_a_broken_rule_of_the_second_button_is_named(scene: Scene, where: str, button: Any, message: str) -> None:
    body = {"content_state": progress(2), "action": BUTTON, "secondary_action": button}
    assert_refused(scene.send(where, body), f"secondary_action{message}")


@pytest.mark.parametrize("where", ["start", "PUT"])
@pytest.mark.parametrize("name", ["action", "secondary_action"])
@pytest.mark.parametrize(("button", "message"), LINKS, ids=[f"{one['type']} {one['url']}" for one, _ in LINKS])
def test_what_a_card_must_not_open_is_refused(scene: Scene, where: str, name: str, button: JSON, message: str) -> None:
    assert_refused(scene.send(where, {"content_state": progress(2), name: button}), f"{name}.url {message}")


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize("state", [metrics(METRIC), stats(METRIC), timer(duration_seconds=60), steps(type="counter")])
def test_types_without_a_second_button_refuse_one(scene: Scene, where: str, state: JSON) -> None:
    body = {"content_state": state, "secondary_action": BUTTON}
    types = "alert, progress, segmented_progress, value"
    assert_refused(scene.send(where, body), f"secondary_action is not for type {state['type']}: {types}")


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize(("notes", "message"), NOTES, ids=[f"{n}: {message}" for n, (_, message) in enumerate(NOTES)])
def test_a_broken_rule_of_tags_and_metadata_is_named(scene: Scene, where: str, notes: JSON, message: str) -> None:
    assert_refused(scene.send(where, {"content_state": steps(2), **notes}), message)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize(
    "body",
    [
        '{"content_state": {"title": "t", "type": "timer", "duration_seconds": %s}}',
        '{"content_state": {"title": "t", "type": "value", "value": %s}}',
        '{"content_state": {"title": "t", "type": "stats", "metrics": [{"label": "CPU", "value": %s}]}}',
        '{"content_state": {"title": "t", "type": "progress", "percentage": 1}, "metadata": {"a": %s}}',
    ],
    ids=["duration_seconds", "value", "metrics", "metadata"],
)
def test_what_is_no_number_of_json_is_no_json(scene: Scene, body: str, number: str) -> None:
    answer = scene.backend.key.post(
        "/api/live-activity/start", content=body % number, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400, answer.text
    assert answer.json()["message"].startswith("The body is not valid JSON")


def test_nothing_of_all_this_has_changed_anything(scene: Scene) -> None:
    scene.is_unchanged()


def test_what_is_just_within_the_rules_is_taken(scene: Scene) -> None:
    """So that the rows above are refused for what they say."""
    taken: list[JSON] = [
        {"content_state": alert(icon={"symbol": "bolt", "color": "gray"}, badge={"title": "n", "color": "lime"})},
        {"content_state": stats(*[METRIC | {"value": "9" * 64}] * 8)},
        {"content_state": stats(METRIC | {"value": 0})},
        {"content_state": value("x" * 64)},
        {"content_state": value("")},
        {"content_state": value(-12.75)},
        {"content_state": timer(duration_seconds=0.001)},
        {"content_state": timer(duration_seconds=1e300)},
        {"content_state": timer(counts_down=False)},
        {"content_state": metrics(METRIC) | {"badge": {"title": "ignored"}}},
        {"content_state": progress(1), "action": LINK | {"url": "http://nas.lan:8080/"}},
        {"content_state": progress(1), "secondary_action": LINK | {"url": "shortcuts://run-shortcut?name=J"}},
        {"content_state": progress(1), "secondary_action": LINK | {"url": "x-safari-https://example.com"}},
        {"content_state": progress(1), "action": LINK | {"url": "https://me:pw@example.com/"}},
        {"content_state": progress(1), "tags": [f"t{n}" for n in range(20)]},
        {"content_state": progress(1), "tags": ["a" * 64, "A" * 64, " a "]},
        {"content_state": progress(1), "tags": [], "metadata": {}},
        {"content_state": progress(1), "metadata": {"k" * 100: "x" * 4000, "b": True, "n": 2**70, "f": 1e308}},
        {"content_state": progress(1), "metadata": {f"k{n}": n for n in range(50)}},
    ]
    for body in taken:
        answer = scene.send("start", body)
        assert answer.status_code == 200, answer.text
