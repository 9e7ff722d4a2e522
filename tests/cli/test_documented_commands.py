"""Every example of the product's page on the CLI, as it is written there, run in a shell: the phone shows what it says.

`YOUR-API-KEY` and the empty `--activity-id` are the page's stand-ins for a key and for the id that a start returned.
"""

import itertools
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.client import Audience, Client, secret
from tests.team import Team

TEXT = (Path(__file__).parent / "documented_commands.txt").read_text()
PARTS = [part.partition("\n") for part in re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]]
COMMANDS = {head: command for head, _, command in PARTS}
LIFECYCLES = [
    "segmented progress",
    *(pytest.param(kind, marks=pytest.mark.thorough) for kind in ("metrics", "progress")),
]
"""The kinds of cards that the page tells the life of. All of them are in `tests/cli/test_requests.py` too."""


def options(command: str) -> dict[str, str]:
    """The values of the command's options by their names, as a shell passes them."""
    words = shlex.split(command.replace("\\\n", " "))
    return {word: value for word, value in itertools.pairwise(words) if word.startswith("--")}


def shown(command: str) -> dict[str, Any]:
    """What the command's content state looks like on a phone: in the API's own spelling."""
    state = json.loads(options(command)["--content-state"])
    snake = {re.sub("([A-Z])", r"_\1", name).lower(): value for name, value in state.items()}
    return {name: value for name, value in snake.items() if not name.startswith("auto_dismiss")}


def run(client: Client, command: str, activity_id: str = "") -> dict[str, str]:
    """The lines of the command's answer. It must succeed."""
    script = command.replace('--activity-id ""', f'--activity-id "{activity_id}"')
    script = script.replace("YOUR-API-KEY", client.api_key)
    done = client.shell(script)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    return dict(line.split(": ", 1) for line in done.stdout.decode().splitlines())


def test_the_key_may_be_in_the_environment(client: Client) -> None:
    done = client.shell(COMMANDS["usage: key in the environment"])
    assert done.returncode == 0
    assert all(name in done.stdout.decode() for name in ("push", "activity", "run"))


def test_the_key_may_be_an_option(audience: Audience) -> None:
    keyless = Client(audience.client.base_url, "", audience.client.folder)
    command = COMMANDS["usage: key as an option"].replace("YOUR-API-KEY", audience.client.api_key)
    before = len(audience.phone.titles())
    assert keyless.shell(command).returncode == 0
    assert audience.phone.titles()[before:] == ["Hello"]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name.startswith("push: ")])
def test_a_documented_push_is_on_the_screen(audience: Audience, name: str) -> None:
    given = options(COMMANDS[name])
    actions = options(COMMANDS["push: actions"])["--actions"]
    (audience.client.folder / "actions.json").write_text(actions)
    audience.phone.do("notifications/clear")
    answer = run(audience.client, COMMANDS[name])
    assert (answer["devices_notified"], answer["users_notified"]) == ("1", "1")
    notification = audience.phone.shows(given["--title"])
    for member in ("message", "subtitle", "media", "redirection"):
        assert notification[member] == given.get(f"--{member}"), member
    buttons = [(button["title"], button["type"]) for button in notification["actions"]]
    has_actions = "--actions" in given or "--actions-file" in given
    assert buttons == [(a["title"], a["type"]) for a in json.loads(actions) if has_actions]


@pytest.mark.parametrize("kind", LIFECYCLES)
def test_a_documented_stream_is_on_the_screen(audience: Audience, kind: str) -> None:
    command = COMMANDS[f"stream: {kind}"]
    started = run(audience.client, command)
    assert started["operation"] == "started"
    audience.phone.shows_activity(started["activity_id"], **shown(command))
    assert run(audience.client, command)["operation"] == "noop"
    if kind == "metrics":
        end = COMMANDS["stream: end"]
        assert run(audience.client, end)["operation"] == "ended"
        audience.phone.shows_activity(started["activity_id"], state="ended", **shown(end))
    else:
        run(audience.client, f"activitysmith activity end-stream {started['stream_key']}")
        audience.phone.shows_activity(started["activity_id"], state="ended", **shown(command))


@pytest.mark.parametrize("kind", LIFECYCLES)
def test_a_documented_lifecycle_is_on_the_screen(audience: Audience, kind: str) -> None:
    start, update, end = (COMMANDS[f"{kind}: {step}"] for step in ("start", "update", "end"))
    activity_id = run(audience.client, start)["activity_id"]
    audience.phone.shows_activity(activity_id, **shown(start))
    assert run(audience.client, update, activity_id)["activity_id"] == activity_id
    audience.phone.shows_activity(activity_id, **shown(update))
    run(audience.client, end, activity_id)
    audience.phone.shows_activity(activity_id, state="ended", **shown(end))


def test_documented_actions_are_on_the_card(audience: Audience) -> None:
    start, update = COMMANDS["action: start with open_url"], COMMANDS["action: update with webhook"]
    activity_id = run(audience.client, start)["activity_id"]
    card = audience.phone.shows_activity(activity_id, **shown(start))
    button = json.loads(options(start)["--action"])
    assert [(b["title"], b["type"], b["url"]) for b in card["actions"]] == [tuple(button.values())]
    run(audience.client, update, activity_id)
    card = audience.phone.shows_activity(activity_id, **shown(update))
    assert [(b["title"], b["type"]) for b in card["actions"]] == [("Pause Reindex", "webhook")]


@pytest.fixture
def documented_channels(team: Team, audience: Audience) -> Iterator[Client]:
    """A user who reaches the channels that the page names; the phone is in one of them."""
    ids = [team.ask("POST", "/api/channels", slug=slug)["channel"]["id"] for slug in ("devs", "ops")]
    team.assign_device(ids[1], audience.phone)
    yield Client(team.base_url, secret(team), audience.client.folder)
    for channel_id in ids:
        team.ask("DELETE", f"/api/channels/{channel_id}")


def test_documented_channels_are_reached(documented_channels: Client, audience: Audience) -> None:
    audience.phone.do("notifications/clear")
    answer = run(documented_channels, COMMANDS["channels: push"])
    assert (answer["devices_notified"], answer["effective_channel_slugs"]) == ("1", "devs, ops")
    audience.phone.shows("Build Failed 🚨")
    started = run(documented_channels, COMMANDS["channels: start"])
    assert (started["devices_notified"], started["effective_channel_slugs"]) == ("1", "devs, ops")
    audience.phone.shows_activity(started["activity_id"], type="segmented_progress", number_of_steps=4, current_step=1)


def test_the_answer_may_be_json(client: Client) -> None:
    done = client.shell(COMMANDS["output: json"])
    assert json.loads(done.stdout).items() >= {"success": True, "devices_notified": 1}.items()
