"""What commands send, however it is written, and what they say when the server refuses."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.cli.client import Audience, Client, secret
from tests.e2e.conftest import second_account
from tests.stack import Stack
from tests.team import Team, push

BUTTON = '{"title": "Open", "type": "open_url", "url": "https://example.com/build/1"}'
SAME_STATES: dict[str, tuple[list[str], str, str]] = {
    "segmented progress": (
        [
            "--title", "Deploy", "--subtitle", "step 2", "--type", "segmented_progress", "--number-of-steps", "4",
            "--current-step", "2", "--color", "lime", "--step-color", "red", "--step-colors", "green, cyan",
        ],
        (
            '{"title": "Deploy", "subtitle": "step 2", "type": "segmented_progress", "numberOfSteps": 4,'
            ' "currentStep": 2, "color": "lime", "stepColor": "red", "stepColors": ["green", "cyan"]}'
        ),
        (
            '{"title": "Deploy", "subtitle": "step 2", "type": "segmented_progress", "number_of_steps": 4,'
            ' "current_step": 2, "color": "lime", "step_color": "red", "step_colors": ["green", "cyan"]}'
        ),
    ),
    "progress on a scale": (
        ["--title", "Copy", "--type", "progress", "--value", "3.5", "--upper-limit", "7"],
        '{"title": "Copy", "type": "progress", "value": 3.5, "upperLimit": 7}',
        '{"title": "Copy", "type": "progress", "value": 3.5, "upper_limit": 7}',
    ),
    "metrics": (
        ["--title", "Web", "--type", "metrics", "--metric", "CPU=9%", "--metric", "a=b = 4.5 kB/s", "--metric", "N=0"],
        (
            '{"title": "Web", "type": "metrics", "metrics": [{"label": "CPU", "value": 9, "unit": "%"},'
            ' {"label": "a=b", "value": 4.5, "unit": "kB/s"}, {"label": "N", "value": 0}]}'
        ),
        (
            '{"title": "Web", "type": "metrics", "metrics": [{"label": "CPU", "value": 9.0, "unit": "%"},'
            ' {"label": "a=b", "value": 4.5, "unit": "kB/s"}, {"label": "N", "value": 0}]}'
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "name", [name if name == "metrics" else pytest.param(name, marks=pytest.mark.thorough) for name in SAME_STATES]
)
def test_flags_camel_case_and_snake_case_say_the_same(audience: Audience, name: str) -> None:
    flags, camel, snake = SAME_STATES[name]
    (audience.client.folder / "state.json").write_text(snake)
    stream = ("activity", "stream", audience.slug, "--action", BUTTON)
    first = audience.client.answer(*stream, *flags)
    # The server knows whether a state is the one that is shown already.
    again = [
        audience.client.answer(*stream, "--content-state", camel),
        audience.client.answer(*stream, "--content-state-file", "state.json"),
    ]
    assert [answer["operation"] for answer in (first, *again)] == ["started", "noop", "noop"]


def test_a_flag_goes_over_the_same_field_of_the_json(audience: Audience) -> None:
    state = '{"title": "no", "type": "segmented_progress", "numberOfSteps": 9, "currentStep": 1}'
    arguments = ("activity", "start", "--content-state", state, "--title", "Yes", "--number-of-steps", "3")
    started = audience.client.answer(*arguments, "--alert", '{"body": "It has begun"}')
    audience.phone.shows_activity(started["activity_id"], title="Yes", number_of_steps=3, current_step=1)


def test_the_icon_gets_its_number(audience: Audience) -> None:
    answer = audience.client.answer("badge", "5", "--channels", audience.slug)
    assert (answer["badge"], answer["devices_updated"]) == (5, 1)
    assert audience.phone.read()["badge"] == 5
    audience.client.answer("badge", "0")
    assert audience.phone.read()["badge"] == 0


@pytest.mark.parametrize("number", ["-1", "2147483648"])
def test_a_number_that_iphones_do_not_know_is_refused_by_the_server(audience: Audience, number: str) -> None:
    said = audience.client.refused("badge", number, code=1)
    assert "400 Invalid request: badge must be between 0 and 2147483647" in said


def test_a_push_carries_everything(audience: Audience) -> None:
    (audience.client.folder / "buttons.json").write_text(f"[{BUTTON}]")
    audience.client.answer(
        "push", "--title", "-x \u202e", "--message", "two\nlines", "--badge", "0", "--sound", "chime.caf",
        "--payload-file", "-", "--actions-file", "buttons.json", "--channels", audience.slug,
        stdin=b'\xef\xbb\xbf{"build": 9007199254740993, "a_b": {"aB": null}}',
    )  # fmt: skip
    notification = audience.phone.shows("-x \u202e")
    assert (notification["message"], notification["badge"]) == ("two\nlines", 0)
    assert notification["payload"] == {"build": 9007199254740993, "a_b": {"aB": None}}
    assert [button["url"] for button in notification["actions"]] == ["https://example.com/build/1"]


def test_options_of_the_connection_may_stand_anywhere_and_the_last_counts(audience: Audience) -> None:
    nobody = Client("http://127.0.0.1:1", "", audience.client.folder)
    key, url = audience.client.api_key, audience.client.base_url
    show = ("stream", audience.slug, "--title", "t", "--type", "progress", "--percentage", "1")
    for command in (
        ("--api-key", "wrong", "--base-url", f"{url}/", "activity", "--api-key", key, *show),
        ("--base-url", nobody.base_url, "activity", *show, "--api-key", key, "--base-url", f"{url}/api/"),
    ):
        assert nobody.do(*command).returncode == 0, command


def test_a_request_that_is_repeated_with_its_idempotency_key_is_done_once(audience: Audience) -> None:
    answers = [
        audience.client.do("push", "--title", "Once", "--idempotency-key", "build-1", "--json").stdout for _ in range(2)
    ]
    assert answers[0] == answers[1]
    audience.phone.shows("Once")


REFUSALS = {
    "400": (["push", "--title", ""], "400 Invalid request: title is required"),
    "a misspelt field": (
        ["activity", "start", "--title", "t", "--type", "progress", "--content-state", '{"percentagge": 1}'],
        "400 Invalid request: content_state.percentagge is not a known field",
    ),
    "401": (["--api-key", "ask_wrong", "push", "--title", "x"], "401 Unauthorized: "),
    "403": (["push", "--title", "x", "--channels", "{other}"], "403 Invalid channel targeting: "),
    "404": (["activity", "end-stream", "not-there"], "404 Live Activity stream not found: "),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_the_server_refuses_is_told_with_exit_code_1(team: Team, client: Client, name: str) -> None:
    arguments, told = REFUSALS[name]
    arguments = [argument.replace("{other}", team.channel()[0]) for argument in arguments]
    lines = client.refused(*arguments, code=1).splitlines()
    assert re.match(rf"activitysmith (push|activity start|activity end-stream): {re.escape(told)}", lines[0])
    assert lines[-1].startswith("request_id: ")


def test_with_json_a_refusal_is_the_servers_body_as_it_is(client: Client) -> None:
    body = client.refused("push", "--title", "", "--json", code=1)
    message = "title is required and must not be blank"
    assert json.loads(body) == {"error": "Invalid request", "message": message, "field": "title"}


@pytest.fixture(scope="module")
def small_account(stack: Stack) -> Iterator[Team]:
    """An account that may have one Live Activity at once."""
    account = second_account(stack)
    account.ask("PATCH", "/api/account", max_live_activities=1)
    account.phone()
    yield account
    account.ask("PATCH", "/api/account", rate_limit_per_minute=0)


def test_limits_are_told_and_nothing_is_tried_again_behind_ones_back(small_account: Team, client: Client) -> None:
    limited = Client(client.base_url, secret(small_account), client.folder)
    start = ("activity", "start", "--title", "t", "--type", "progress", "--percentage", "1")
    limited.answer(*start)
    told = limited.refused(*start, code=1).splitlines()
    assert told[0].startswith("activitysmith activity start: 429 Live Activity limit reached: ")
    assert {"limit: 1", "active: 1"} <= set(told)
    small_account.ask("PATCH", "/api/account", rate_limit_per_minute=1)
    key = small_account.client(limited.api_key)
    while (answer := push(key, title="")).status_code != 429:
        assert answer.status_code == 400
    told = limited.refused("push", "--title", "x", code=1).splitlines()
    assert told[0].startswith("activitysmith push: 429 Rate limit exceeded: ")
    assert any(line.startswith("retry_after_seconds: ") for line in told)
