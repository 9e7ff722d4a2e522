"""Wrong usage is told before anything is sent, with exit code 2, the option and the rule."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from activitysmith_cli import __version__
from google.protobuf.descriptor import Descriptor
from smith.core.v1.live_activity_pb2 import LiveActivityContentState
from smith.core.v1.push_notification_service_pb2 import SendPushNotificationRequest

from service_kit.json_mapping.contract import enum_names, fields_of
from tests.cli.client import Client
from tests.cli.in_process import say
from tests.waiting import LONG

STATE = ("--title", "x", "--type", "progress", "--percentage", "1")
WRONG: dict[str, tuple[list[str], str]] = {
    "no title": (["push"], "Missing option '--title'"),
    "no key": (["--api-key", "", "push", "--title", "x"], "--api-key: no API key: set ACTIVITYSMITH_API_KEY"),
    "odd key": (["--api-key", "a\nb", "push", "--title", "x"], "--api-key: an API key is printable ASCII"),
    "odd url": (["push", "--title", "x", "--base-url", "nix"], "--base-url: must be the URL of a server"),
    "url with a password": (["push", "--title", "x", "--base-url", "http://a:b@c"], "--base-url: must be the URL"),
    "odd timeout": (["push", "--title", "x", "--timeout", "nan"], "'--timeout': 'nan' is not a finite number"),
    "no time": (["push", "--title", "x", "--timeout", "0"], "'--timeout': must be more than 0"),
    "media and actions": (
        ["push", "--title", "x", "--media", "https://a.example/b.png", "--actions", "[]"],
        "--media: can be combined with --redirection, but not with actions",
    ),
    "actions that are no array": (["push", "--title", "x", "--actions", "{}"], "--actions: must be a JSON array"),
    "payload that is no object": (["push", "--title", "x", "--payload", "[1]"], "--payload: must be a JSON object"),
    "not JSON": (["push", "--title", "x", "--payload", '{"a": 1,}'], "--payload: is not valid JSON: "),
    "nothing": (["push", "--title", "x", "--payload-file", "-"], "--payload-file: is empty"),
    "NaN": (["push", "--title", "x", "--payload", '{"a": NaN}'], "--payload: has NaN"),
    "too large a number": (["push", "--title", "x", "--payload", '{"a": 1e999}'], "too large: 1e999"),
    "too many digits": (["push", "--title", "x", "--payload", '{"a": ' + "9" * 5000 + "}"], "too many digits"),
    "too deep": (["push", "--title", "x", "--payload", "[" * 100_000], "--payload: is nested too deeply"),
    "a key twice": (["push", "--title", "x", "--payload", '{"a": 1, "a": 2}'], "--payload: has 'a' twice"),
    "no file": (["push", "--title", "x", "--actions-file", "nix"], "--actions-file: cannot read 'nix': No such file"),
    "a folder": (["push", "--title", "x", "--actions-file", "."], "--actions-file: cannot read '.': Is a directory"),
    "no end": (["push", "--title", "x", "--actions-file", "/dev/zero"], "is longer than 1,000,000 bytes"),
    "both": (["push", "--title", "x", "--payload", "{}", "--payload-file", "-"], "cannot be used together"),
    "bytes": (["push", "--title", "\udcff"], "title is not valid Unicode text"),
    "half a character": (["push", "--title", "x", "--payload", r'{"a": ["\ud800"]}'], "payload.a[0] is not valid"),
    "empty channels": (["push", "--title", "x", "--channels", "a,,b"], "--channels: must be names separated by"),
    "odd idempotency key": (["push", "--title", "x", "--idempotency-key", "a b"], "'--idempotency-key': must be 1 to"),
    "nothing to show": (["activity", "start"], "--content-state: nothing to show"),
    "no type": (["activity", "start", "--title", "x"], "--type: required, as a flag or as 'type' in --content-state"),
    "no title to show": (["activity", "stream", "k", "--percentage", "1"], "--title: required"),
    "odd type": (["activity", "start", *STATE, "--type", "nix"], "'nix' is not one of 'segmented_progress'"),
    "odd color": (["activity", "start", *STATE, "--step-colors", "red,nix"], "--step-colors: 'nix' is not one of lime"),
    "odd number": (["activity", "start", *STATE, "--percentage", "4O"], "'--percentage': '4O' is not a number"),
    "odd metric": (["activity", "start", *STATE, "--metric", "CPU"], "'--metric': 'CPU' is not LABEL=VALUE"),
    "no activity": (["activity", "update", *STATE], "Missing option '--activity-id'"),
    "odd stream": (["activity", "stream", "../x", *STATE], "must be 1 to 255 letters, digits"),
    "odd stream of a run": (["run", "--stream-key", "", "--", "touch", "made"], "'--stream-key': must be 1 to 255"),
    "odd server of a run": (["run", "--stream-key", "k", "--base-url", "x", "--", "touch", "made"], "--base-url: must"),
    "no command to run": (["run", "--stream-key", "k"], "Missing argument"),
    "no number": (["badge"], "Missing argument 'N'"),
    "odd number for the icon": (["badge", "many"], "'N': 'many' is not a valid int"),
    "unknown": (["pus"], "No such command 'pus'. Did you mean 'push'?"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_is_told_with_exit_code_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, told = WRONG[name]
    code, said = say(*arguments)
    assert code == 2, said
    lines = said.splitlines()
    assert len(lines) == 4, said
    assert lines[-1].startswith("Error: ")
    assert told in lines[-1]
    assert not (tmp_path / "made").exists()


def test_wrong_usage_by_a_variable_names_the_variable() -> None:
    assert "ACTIVITYSMITH_BASE_URL: must" in say("push", "--title", "x", ACTIVITYSMITH_BASE_URL="x")[1]
    assert "ACTIVITYSMITH_API_KEY: an" in say("push", "--title", "x", ACTIVITYSMITH_API_KEY="é")[1]


def test_wrong_usage_goes_to_standard_error_whatever_bytes_it_has(nowhere: Client) -> None:
    said = nowhere.refused("push", "--title", b"\xff", code=2)
    assert said.endswith("Error: Invalid value: title is not valid Unicode text.\n")


@pytest.mark.parametrize(
    "command",
    [
        "",
        "push",
        "badge",
        "run",
        "activity",
        "metrics",
        "metrics update",
        *(f"activity {name}" for name in ("start", "update", "end", "stream", "end-stream")),
    ],
)
def test_every_level_explains_itself(command: str) -> None:
    code, text = say(*command.split(), "--help")
    assert code == 0
    assert text.startswith(f"Usage: activitysmith {command}".rstrip())
    assert all(option in text for option in ("--api-key", "--base-url", "--timeout", "--help"))
    assert max(map(len, text.splitlines())) <= 80


def test_it_says_which_version_it_is(nowhere: Client) -> None:
    assert nowhere.do("--version").stdout.decode() == f"activitysmith {__version__}\n"


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        ("activitysmith ", {"push", "badge", "run", "activity", "metrics"}),
        ("activitysmith badge 5 --c", {"--channels"}),
        ("activitysmith activity e", {"end", "end-stream"}),
        ("activitysmith activity start --type se", {"segmented_progress"}),
        ("activitysmith push --acti", {"--actions", "--actions-file"}),
    ],
)
def test_a_shell_completes_commands_options_and_values(nowhere: Client, words: str, completions: set[str]) -> None:
    position = str(len(words.split(" ")) - 1)
    asked = {"_ACTIVITYSMITH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": position}
    assert set(nowhere.do(**asked).stdout.decode().split()) == completions


HEAVY = {"grpc", "google.protobuf", "nicegui", "pydantic", "rich", "pygments", "smith", "service_kit"}


@pytest.mark.parametrize(
    ("arguments", "also"),
    [(["--help"], {"httpx"}), (["push", "--help"], {"httpx"}), (["push", "--title", "x"], set())],
    ids=["help", "help of push", "push"],
)
def test_nothing_is_loaded_that_is_not_needed(nowhere: Client, arguments: list[str], also: set[str]) -> None:
    listing = (
        "import sys\n"
        "from activitysmith_cli.main import main\n"
        f"sys.argv = ['activitysmith', *{arguments!r}]\n"
        "try: main()\n"
        "except SystemExit: print('loaded:', *sys.modules)"
    )
    # Not isolated from the folder: nothing of the project is in it.
    ran = subprocess.run(
        [sys.executable, "-c", listing], env=nowhere.environment, cwd=nowhere.folder, capture_output=True, text=True,
        check=True, timeout=3 * LONG,
    )  # fmt: skip
    loaded = set(ran.stdout.rpartition("loaded:")[2].split())
    assert "activitysmith_cli.main" in loaded
    assert not (HEAVY | also) & loaded


TAKEN_OTHERWISE = {"target": "--channels", "metrics": "--metric"}
"""Fields whose option is not called as they are."""


@pytest.mark.parametrize(
    ("command", "message"),
    [("push", SendPushNotificationRequest.DESCRIPTOR), ("activity start", LiveActivityContentState.DESCRIPTOR)],
    ids=["push", "start"],
)
def test_every_field_of_the_api_has_an_option_that_is_explained(command: str, message: Descriptor) -> None:
    code, told = say(*command.split(), "--help")
    assert code == 0
    for field in fields_of(message):
        option = TAKEN_OTHERWISE.get(field.name, f"--{field.name.replace('_', '-')}")
        if option:
            assert re.search(rf"^  {option} [A-Z].* {{2,}}\w|^  {option} [A-Z]\S*\n {{20,}}\w", told, re.MULTILINE), (
                option
            )
        for word in enum_names(field.enum_type).values() if field.enum_type and not field.is_repeated else ():
            assert word in told
