"""Every bad input to a Live Activity gets its status and a sentence that names the field and the rule."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.backend import JSON, Backend, progress, steps
from tests.e2e.refusals import BUTTON, COLORS, EVERYWHERE, METRIC, Scene, assert_refused, metrics, without
from tests.examples import examples
from tests.team import Team

TYPES = "segmented_progress, progress, metrics, counter, timer, countdown, stats, alert, value"


STATES: list[tuple[Any, str]] = [
    ("x", "content_state must be an object"),
    ([], "content_state must be an object"),
    ({}, "content_state.title is required"),
    (without(steps(), "title"), "content_state.title is required"),
    (steps(title=""), "content_state.title is required and must not be blank"),
    (steps(title=" \n"), "content_state.title is required and must not be blank"),
    (steps(title=None), "content_state.title is required and must not be blank"),
    (steps(title=5), "content_state.title must be a string"),
    (steps(title="nul \x00"), "content_state.title must not contain the character U+0000"),
    (steps(subtitle=1), "content_state.subtitle must be a string"),
    (steps(subtitle="nul \x00"), "content_state.subtitle must not contain the character U+0000"),
    (steps(type="speedometer"), f"content_state.type must be one of {TYPES}"),
    (steps(type=""), f"content_state.type must be one of {TYPES}"),
    (steps(type=1), "content_state.type must be"),
    (steps(color="crimson"), f"content_state.color must be one of {COLORS}"),
    (steps(color="RED"), f"content_state.color must be one of {COLORS}"),
    (steps(step_color="gold"), f"content_state.step_color must be one of {COLORS}"),
    (steps(step_colors=["red", "gold"]), f"content_state.step_colors[1] must be one of {COLORS}"),
    (steps(step_colors="red"), "content_state.step_colors must be an array"),
    (without(steps(), "current_step"), "content_state.current_step is required for type segmented_progress"),
    (steps(-1), "content_state.current_step must be at least 0"),
    (steps(4, 3), "content_state.current_step must be at most number_of_steps, which is 3"),
    (steps(1, 0), "content_state.number_of_steps must be at least 1"),
    (steps(number_of_steps="3"), "content_state.number_of_steps must be an integer"),
    (steps(number_of_steps=2**31), "content_state.number_of_steps must be an integer"),
    (steps(current_step=1.5), "content_state.current_step must be an integer"),
    (steps(current_step=True), "content_state.current_step must be an integer"),
    *[
        ({"title": "t", "type": kind, "number_of_steps": 3}, f"content_state.current_step is required for type {kind}")
        for kind in ("counter", "timer", "countdown")
    ],
    ({"title": "t", "type": "progress"}, "content_state.percentage, or value with upper_limit, is required"),
    (progress(-0.1), "content_state.percentage must be between 0 and 100"),
    (progress(100.1), "content_state.percentage must be between 0 and 100"),
    (progress(0) | {"percentage": "5"}, "content_state.percentage must be a number"),
    (progress(0) | {"percentage": True}, "content_state.percentage must be a number"),
    (progress(0) | {"percentage": None}, "content_state.percentage, or value with upper_limit, is required"),
    (steps(step_colors=["red", None]), f"content_state.step_colors[1] must be one of {COLORS}, not null"),
    ({"title": "t", "type": "progress", "value": 1}, "content_state.value requires upper_limit too"),
    ({"title": "t", "type": "progress", "upper_limit": 1}, "content_state.upper_limit requires value too"),
    (progress(1, value=1), "content_state.value requires upper_limit too"),
    ({"title": "t", "type": "progress", "value": 1, "upper_limit": 0}, "content_state.upper_limit must be more than 0"),
    ({"title": "t", "type": "progress", "value": 1, "upper_limit": -5}, "content_state.upper_limit must be more than"),
    ({"title": "t", "type": "metrics"}, "content_state.metrics must contain at least one metric for type metrics"),
    (metrics(), "content_state.metrics must contain at least one metric"),
    (metrics(*[METRIC] * 51), "content_state.metrics must have at most 50 items"),
    (metrics(METRIC, {"value": 1}), "content_state.metrics[1].label is required"),
    (metrics({"label": "", "value": 1}), "content_state.metrics[0].label is required and must not be empty"),
    (metrics({"label": "CPU"}), "content_state.metrics[0].value is required"),
    (metrics(METRIC | {"value": True}), "content_state.metrics[0].value must be a number or a string"),
    (metrics(METRIC | {"value": "9" * 65}), "content_state.metrics[0].value must be 1 to 64 characters"),
    (metrics(METRIC | {"value": -1}), "content_state.metrics[0].value must be at least 0"),
    (metrics(METRIC | {"unit": 1}), "content_state.metrics[0].unit must be a string"),
    (metrics("CPU"), "content_state.metrics[0] must be an object"),
    (metrics() | {"metrics": METRIC}, "content_state.metrics must be an array"),
    (steps(auto_dismiss_minutes=-1), "content_state.auto_dismiss_minutes must be at least 0"),
    (steps(auto_dismiss_seconds=-1), "content_state.auto_dismiss_seconds must be at least 0"),
    (steps(auto_dismiss_minutes="3"), "content_state.auto_dismiss_minutes must be an integer"),
    (steps(auto_dismiss_minutes=0.5), "content_state.auto_dismiss_minutes must be an integer"),
]

OTHERS: list[tuple[JSON, str]] = [
    ({"action": [BUTTON]}, "action must be an object"),
    ({"action": without(BUTTON, "title")}, "action.title is required"),
    ({"action": BUTTON | {"title": "  "}}, "action.title is required and must not be blank"),
    ({"action": without(BUTTON, "type")}, "action.type is required"),
    ({"action": BUTTON | {"type": "call"}}, "action.type must be one of open_url, webhook"),
    ({"action": without(BUTTON, "url")}, "action.url must be an absolute https:// URL"),
    ({"action": BUTTON | {"url": "http://example.com"}}, "action.url must be an absolute https:// URL"),
    ({"action": BUTTON | {"url": "javascript:alert(1)"}}, "action.url must be an absolute https:// URL"),
    ({"action": BUTTON | {"url": "https://exa mple.com"}}, "action.url must be an absolute https:// URL"),
    ({"action": BUTTON | {"url": "https://" + "a" * 3000}}, "action.url must be at most 2048 characters"),
    ({"action": BUTTON | {"method": "PUT"}}, "action.method must be one of GET, POST"),
    ({"action": BUTTON | {"body": [1]}}, "action.body must be an object"),
    ({"action": BUTTON | {"body": {"x": "y" * 70_000}}}, "action.body must be at most 65536 bytes"),
    ({"alert": "Look"}, "alert must be an object"),
    ({"alert": {"title": 1}}, "alert.title must be a string"),
    ({"alert": {"body": "nul \x00"}}, "alert.body must not contain the character U+0000"),
]

TARGETS: list[tuple[JSON, str]] = [
    ({"target": None}, "target must be an object, not null"),
    ({"target": {"channels": None}}, "target.channels must be an array of channel slugs, not null"),
    ({"target": "ops"}, "target must be an object"),
    ({"target": {}}, "target.channels must contain at least one channel"),
    ({"target": {"channels": []}}, "target.channels must contain at least one channel"),
    ({"target": {"channels": "ops"}}, "target.channels must be an array of channel slugs"),
    ({"target": {"channels": [1]}}, "target.channels[0] must be a string"),
    ({"target": {"channels": ["No Slug"]}}, "target.channels[0] must be a channel slug"),
    ({"target": {"channels": [f"c-{n}" for n in range(101)]}}, "target.channels must have at most 100 items"),
    ({"target": {"channels": ["ops"], "users": []}}, "target.users is not a known field"),
]

CHANNELS: list[tuple[JSON, str]] = [
    ({"channels": None}, "channels must be an array of channel slugs, not null"),
    ({"channels": []}, "channels must contain at least one channel"),
    ({"channels": "ops"}, "channels must be an array of channel slugs"),
    ({"channels": [1]}, "channels[0] must be a string"),
    ({"channels": ["No Slug"]}, "channels[0] must be a channel slug"),
    ({"channels": [f"c-{n}" for n in range(101)]}, "channels must have at most 100 items"),
    ({"channels": ["a"], "target": {"channels": ["b"]}}, "channels and target.channels must name the same channels"),
    ({"channels": ["a"], "target": {}}, "channels and target.channels must name the same channels"),
]


@pytest.fixture(scope="module")
def scene(team: Team) -> Iterator[Scene]:
    """One for all; the last look at it is part of the tests."""
    scene = Scene(team)
    yield scene
    scene.backend.leave_nothing()


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize(("state", "message"), STATES, ids=[f"{n}: {message}" for n, (_, message) in enumerate(STATES)])
def test_a_broken_rule_of_the_content_state_is_named(scene: Scene, where: str, state: Any, message: str) -> None:
    assert_refused(scene.send(where, {"content_state": state}), message)


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize(("other", "message"), OTHERS, ids=[f"{n}: {message}" for n, (_, message) in enumerate(OTHERS)])
def test_a_broken_rule_of_button_or_alert_is_named(scene: Scene, where: str, other: JSON, message: str) -> None:
    assert_refused(scene.send(where, {"content_state": steps(2), **other}), message)


@pytest.mark.parametrize("where", ["start", "PUT"])
@pytest.mark.parametrize(("target", "message"), TARGETS, ids=[message for _, message in TARGETS])
def test_a_bad_target_is_named(scene: Scene, where: str, target: JSON, message: str) -> None:
    answer = scene.send(where, {"content_state": steps(2), **target})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == "Invalid channel targeting"
    assert message in answer.json()["message"]


@pytest.mark.parametrize(("channels", "message"), CHANNELS, ids=[f"{n}: {m}" for n, (_, m) in enumerate(CHANNELS)])
def test_bad_channels_of_a_stream_are_named(scene: Scene, channels: JSON, message: str) -> None:
    answer = scene.send("PUT", {"content_state": steps(2), **channels})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == "Invalid channel targeting"
    assert answer.json()["message"].startswith(message)


@pytest.mark.parametrize(("where", "name"), [("update", "target"), ("end", "target"), ("start", "channels")])
def test_targets_are_refused_where_they_mean_nothing(scene: Scene, where: str, name: str) -> None:
    target: Any = ["ops"] if name == "channels" else {"channels": ["ops"]}
    answer = scene.send(where, {"content_state": steps(2), name: target})
    assert (answer.status_code, answer.json()["message"]) == (400, f"{name} is not a known field")


@pytest.mark.parametrize("where", ["start", "update", "end", "PUT"])
@pytest.mark.parametrize("body", [{}, {"content_state": None}], ids=["left out", "null"])
def test_the_content_state_is_required(scene: Scene, where: str, body: JSON) -> None:
    answer = scene.send(where, body)
    assert (answer.status_code, answer.json()["message"]) == (400, "content_state is required")
    assert answer.json()["field"] == "content_state"


@pytest.mark.parametrize("name", ["action", "alert"])
def test_a_stream_ends_with_a_button_or_an_alert_only_beside_a_state(scene: Scene, name: str) -> None:
    other = {"action": BUTTON, "alert": {"title": "x"}}[name]
    answer = scene.send("DELETE", {name: other})
    assert (answer.status_code, answer.json()["message"]) == (400, f"{name} requires content_state too")


@pytest.mark.parametrize("where", ["update", "end"])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "activity_id is required"),
        ({"activity_id": ""}, "activity_id is required"),
        ({"activity_id": None}, "activity_id is required"),
        ({"activity_id": 5}, "activity_id must be a string"),
        ({"activity_id": ["x"]}, "activity_id must be a string"),
    ],
)
def test_the_activity_id_is_required(scene: Scene, where: str, body: JSON, message: str) -> None:
    answer = scene.backend.call("POST", where, {"content_state": steps(2), **body})
    assert (answer.status_code, answer.json()["message"]) == (400, message)


@pytest.mark.parametrize("kind", ["segmented_progress", "counter", "timer", "countdown"])
def test_a_start_needs_type_and_number_of_steps(scene: Scene, kind: str) -> None:
    answer = scene.send("start", {"content_state": without(steps(), "type")})
    assert (answer.status_code, answer.json()["message"]) == (400, f"content_state.type is required: {TYPES}")
    answer = scene.send("start", {"content_state": without(steps(type=kind), "number_of_steps")})
    assert answer.status_code == 400
    assert answer.json()["message"] == f"content_state.number_of_steps is required for type {kind}"


def test_a_first_put_needs_a_type(team: Team, scene: Scene) -> None:
    path = f"stream/{team.unique('new')}"
    answer = scene.backend.call("PUT", path, {"content_state": without(steps(), "type")})
    assert (answer.status_code, answer.json()["message"]) == (400, f"content_state.type is required: {TYPES}")
    assert scene.backend.call("DELETE", path).status_code == 404, "a refused PUT leaves no stream"


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"content_state": steps(title="x" * 5000)}, "content_state"),
        ({"content_state": steps(subtitle="é" * 2500)}, "content_state"),
        ({"content_state": metrics(*[METRIC | {"label": "CPU " * 25}] * 50)}, "content_state"),
        ({"content_state": steps(), "alert": {"body": "x" * 5000}}, "alert"),
        ({"content_state": steps(), "action": BUTTON | {"title": "t" * 5000}}, "action"),
    ],
)
def test_what_fits_in_no_push_says_which_part_is_too_long(scene: Scene, where: str, body: JSON, part: str) -> None:
    answer = scene.send(where, body)
    assert answer.status_code == 413, answer.text
    assert answer.json()["error"] == "Payload too large"
    assert f"The longest part is {part} " in answer.json()["message"]
    assert (answer.json()["part"], answer.json()["limit"]) == (part, 4096)


@pytest.mark.parametrize("where", EVERYWHERE)
@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'"x"',
        b'{"content_state": {"title": "\xff\xfe"}}',
        b'{"content_state": {"title": "\\ud800"}}',
        b'{"content_state": {"title": "x", "type": "progress", "percentage": NaN}}',
        b'{"content_state": {"title": "x", "type": "progress", "percentage": 1e999}}',
        b'{"content_state": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}",
        b"[" * 200_000,
    ],
)
def test_bytes_that_are_no_request_are_refused(scene: Scene, where: str, content: bytes) -> None:
    stream = where in ("PUT", "DELETE")
    path = f"/api/live-activity/{f'stream/{scene.stream_key}' if stream else where}"
    headers = {"Content-Type": "application/json"}
    answer = scene.backend.key.request(where if stream else "POST", path, content=content, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["message"]


@pytest.mark.parametrize(("method", "path"), [("GET", "start"), ("PUT", "update"), ("POST", "stream/x"), ("GET", "x")])
def test_other_methods_and_paths_are_refused(scene: Scene, method: str, path: str) -> None:
    assert scene.backend.call(method, path).status_code in (404, 405)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    max_leaves=12,
)
state_names = st.sampled_from(
    [
        "title", "subtitle", "type", "number_of_steps", "current_step", "percentage", "value", "upper_limit", "metrics",
        "color", "step_color", "step_colors", "auto_dismiss_minutes", "auto_dismiss_seconds", "numberOfSteps",
        "message", "icon", "badge", "duration_seconds", "counts_down", "is_running",
    ]
)  # fmt: skip
likely_parts = st.sampled_from(
    [
        "t",
        "progress",
        "segmented_progress",
        "metrics",
        "stats",
        "alert",
        "value",
        "timer",
        "red",
        1,
        3,
        0.5,
        100,
        [METRIC],
        ["red"],
        [METRIC | {"value": 1}],
    ]
)
states = st.dictionaries(state_names, likely_parts | json_values, max_size=8).map(lambda state: {"title": "t"} | state)
bodies = st.dictionaries(
    st.sampled_from(
        [
            "content_state",
            "action",
            "secondary_action",
            "alert",
            "target",
            "channels",
            "activity_id",
            "tags",
            "metadata",
        ]
    ),
    json_values | states | st.just(BUTTON) | st.just({"channels": ["nowhere"]}),
    max_size=4,
)
junk = st.builds(lambda state, rest: {"content_state": state} | rest, states, bodies) | bodies | json_values


@settings(max_examples=examples(300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.sampled_from(EVERYWHERE), body=junk)
def test_no_body_makes_the_server_fail(without_phones: Backend, where: str, body: Any) -> None:
    method, path = (where, "stream/junk") if where in ("PUT", "DELETE") else ("POST", where)
    answer = without_phones.key.request(method, f"/api/live-activity/{path}", json=body)
    assert answer.status_code in (400, 403, 404, 413), answer.text
    assert answer.json()["error"]
    assert answer.json()["message"]


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(state=states)
def test_no_state_makes_a_stream_fail(junk_stream: Backend, state: Any) -> None:
    answer = junk_stream.call("PUT", "stream/junk-states", {"content_state": state})
    assert answer.status_code in (200, 400, 413), answer.text


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stream_key=st.text(min_size=1, max_size=40))
def test_no_key_makes_the_server_fail(without_phones: Backend, stream_key: str) -> None:
    answer = without_phones.key.delete(f"/api/live-activity/stream/{quote(stream_key, safe='')}")
    assert answer.status_code in (400, 404, 405), answer.text


@pytest.fixture(scope="module")
def without_phones(team: Team) -> Backend:
    """A backend whose channel has no phones."""
    return Backend(team.key(team.channel()[0]))


@pytest.fixture(scope="module")
def junk_stream(team: Team) -> Iterator[Backend]:
    """A backend whose channel has a phone that shows nothing to anybody."""
    slug, channel_id = team.channel()
    team.app(channel_id)
    backend = Backend(team.key(slug))
    yield backend
    backend.leave_nothing()


def test_nothing_of_all_this_has_changed_the_screen(scene: Scene) -> None:
    scene.is_unchanged()
