"""The server against its own description: what it says is so."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from gateway.openapi import document
from gateway.routes import routes
from tests.contract.boundaries import Probe, probes
from tests.contract.exceptions import EXCEPTIONS
from tests.contract.shape import resolved, table
from tests.contract.test_facts import CONTRACT
from tests.e2e.conftest import second_account
from tests.stack import PATIENCE, Stack
from tests.team import Team

ROOT = Path(__file__).parents[2]
DOCUMENT = document(routes())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
SOME_ID = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def place() -> Iterator[Stack]:
    """A server of this module's own: what it is asked leaves much behind."""
    limits = {"SMITH_RATE_LIMIT_PER_MINUTE": "1000000", "SMITH_MAX_LIVE_ACTIVITIES": "10000"}
    with Stack(**PATIENCE | {"SMITH_DELIVERY_WAIT": "0.05"}, **limits) as own:
        yield own.start()


@pytest.fixture(scope="module")
def callers(place: Stack) -> dict[str, httpx.Client]:
    """Somebody with good credentials of each kind."""
    team = Team.of(place)
    phone = team.app(team.channel()[1])
    team.phone()
    return {
        "apiKeyAuth": team.key(),
        "sessionAuth": team.owner,
        "deviceAuth": phone.http,
        "": team.anybody,
        "neighbour": second_account(place).owner,
    }


def schemes_of(operation: dict[str, Any]) -> list[str]:
    """The kinds of credentials that it takes."""
    return [name for one in operation["security"] for name in one]


def url_of(name: str) -> str:
    """The operation's path, about things that are not there."""
    path = name.split(" ", 1)[1].replace("{stream_key}", "some-stream").replace("{activity_id}", "a" * 32)
    return "/api" + re.sub(r"\{\w+\}", SOME_ID, path)


def judge(name: str, status: int) -> jsonschema_rs.Draft202012Validator:
    """Of the answers that the operation is described to give with this status. Raises KeyError if there are none."""
    answer = resolved(DOCUMENT, OPERATIONS[name]["responses"][str(status)])
    schema = answer["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def schemathesis(place: Stack, folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """Starts a run over the live server, with every check. What it writes goes to `folder`."""
    neighbours = second_account(place)
    env = os.environ | {
        "PYTHONPATH": str(ROOT),
        "SMITH_CONTRACT_URL": place.base_url,
        "SMITH_CONTRACT_API_KEY": place.api_key,
        "SMITH_CONTRACT_EMAIL": place.owner_email,
        "SMITH_CONTRACT_PASSWORD": place.owner_password,
        "SMITH_CONTRACT_NEIGHBOUR": neighbours.ask("GET", "/api/account")["member"]["email"],
    }
    command = [
        Path(sys.executable).parent / "schemathesis",
        "--config-file",
        Path(__file__).with_name("schemathesis.toml"),
    ]
    run = ["run", f"{place.base_url}/api/openapi.json", "--checks", "all", "--no-color", "--seed", "1", *arguments]
    return subprocess.Popen(
        [*command, *run], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


BACKENDS = [name for name, operation in OPERATIONS.items() if "apiKeyAuth" in schemes_of(operation)]
"""What backends call: the documented endpoints among them, and those that came later."""
IN_DEPTH = [argument for name in BACKENDS for argument in ("--include-operation-id", OPERATIONS[name]["operationId"])]


RUNS = [
    ["--phases", "examples,stateful", "--max-examples", "2"],
    ["--phases", "coverage,fuzzing", "--max-examples", "3", *IN_DEPTH],
]
"""Everything by examples and links, and what backends call in depth."""


@pytest.mark.timeout(600)
@pytest.mark.thorough
def test_schemathesis_finds_nothing(place: Stack, tmp_path: Path) -> None:
    for run in [schemathesis(place, tmp_path, *arguments) for arguments in RUNS]:
        output, _ = run.communicate(timeout=400)
        assert run.returncode == 0, output[-20_000:]
        assert "Test cases:" in output


def test_what_backends_call_is_more_than_the_documented_endpoints() -> None:
    assert {*CONTRACT, "POST /metrics/{key}/value"} <= {*BACKENDS}


def test_wrong_credentials_are_refused_as_described(place: Stack, callers: dict[str, httpx.Client]) -> None:
    """Everywhere: none, made-up ones, and good ones of a kind that the operation does not name."""
    for name, operation in OPERATIONS.items():
        method, schemes = name.split()[0], schemes_of(operation)
        if not schemes:
            continue
        wrong = {"none": "", "made up": f"Bearer ask_{'a' * 43}", "another scheme": "Basic YTpi"}
        for what, header in wrong.items():
            answer = callers[""].request(method, url_of(name), headers={"Authorization": header} if header else {})
            assert answer.status_code == 401, (name, what)
            assert answer.headers["www-authenticate"] == 'Bearer realm="ActivitySmith"'
            assert judge(name, 401).is_valid(answer.json())
        for kind in {"apiKeyAuth", "sessionAuth", "deviceAuth"} - {*schemes}:
            answer = callers[kind].request(method, url_of(name))
            assert answer.status_code == 403, (name, kind)
            assert judge(name, 403).is_valid(answer.json())


def tried(name: str) -> list[Probe]:
    """Every limit of the operation's body."""
    media = OPERATIONS[name]["requestBody"]["content"]["application/json"]
    examples = [one["value"] for one in media["examples"].values()]
    return list(probes(table(DOCUMENT, media["schema"]), examples))


FOUND_FIRST = {
    "POST /invite",
    "POST /invite/accept",
    "POST /password-reset",
    "POST /password-reset/complete",
    "PUT /device/live-activities/{activity_id}/token",
    "PUT /sessions/current/account",
}
"""Operations about something that is not there here, and that is looked for before anything else."""


def made_for(callers: dict[str, httpx.Client], name: str, body: dict[str, Any]) -> dict[str, Any]:
    """The body, about an activity or a stream that is there, where it is about one."""
    state = {"content_state": {"title": "t", "type": "timer", "number_of_steps": 9, "current_step": 1}}
    if "activity_id" in body and name.startswith("POST /live-activity"):
        started = callers["apiKeyAuth"].post("/api/live-activity/start", json=state).json()
        return body | ({"activity_id": started["activity_id"]} if body["activity_id"] else {})
    if name.startswith("DELETE /live-activity/stream"):
        assert callers["apiKeyAuth"].put(url_of(name), json=state).status_code == 200
    return body


@pytest.mark.thorough
@pytest.mark.parametrize("name", [name for name, one in OPERATIONS.items() if "requestBody" in one and tried(name)])
def test_what_the_description_allows_is_taken_and_one_more_is_refused(
    callers: dict[str, httpx.Client], name: str
) -> None:
    """The limit itself does not lead to a 400, save for reasons that are no matter of form; what is beyond it does."""
    # The account's limits are what all others here depend on.
    caller = callers["neighbour" if name == "PATCH /account" else (schemes_of(OPERATIONS[name]) or [""])[0]]
    media = OPERATIONS[name]["requestBody"]["content"]["application/json"]
    rules = jsonschema_rs.Draft202012Validator({**media["schema"], "components": DOCUMENT["components"]})
    for probe in tried(name):
        body = made_for(callers, name, probe.body)
        answer = caller.request(name.split(maxsplit=1)[0], url_of(name), json=body)
        assert answer.status_code < 500, (probe, answer.text)
        told = (probe.path, probe.rule, answer.status_code, answer.text, body)
        if rules.is_valid(body):
            assert answer.status_code != 400 or any(words in answer.text for words in EXCEPTIONS), told
        else:
            assert answer.status_code in ((400, 404) if name in FOUND_FIRST else (400,)), told
        assert judge(name, answer.status_code).is_valid(answer.json()), answer.text


@pytest.mark.parametrize("name", CONTRACT)
def test_documented_examples_are_answered_as_described(callers: dict[str, httpx.Client], name: str) -> None:
    """With success where nothing in them is made up, and never as malformed."""
    media = OPERATIONS[name]["requestBody"]["content"]["application/json"]
    for example in media["examples"].values():
        answer = callers["apiKeyAuth"].request(name.split(maxsplit=1)[0], url_of(name), json=example["value"])
        assert answer.status_code in (200, 404) or "there is no channel with the slug" in answer.text, answer.text
        assert judge(name, answer.status_code).is_valid(answer.json()), answer.text
        assert answer.headers["x-request-id"]
        assert answer.headers["ratelimit-limit"].isdigit()
