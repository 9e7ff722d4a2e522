"""What official clients have been seen to send, as `wire_bodies.jsonl` keeps it: what the contract knows is taken.

A line is a call with its body, texts shortened. `by` says which clients sent it in how many of their examples,
`ignored` what of it the contract does not know, `refused` the field with a value that it does not know, or `path` for a
path.
"""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.backend import progress, steps
from tests.e2e.conftest import second_account
from tests.stack import Stack
from tests.team import Team

CASES: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("wire_bodies.jsonl").read_text(encoding="utf-8").splitlines()
]
IDS = [f"{number}: {case['call']} of {', '.join(case['by'])}" for number, case in enumerate(CASES)]
ESCAPING = ("php", "python")
"""Clients whose JSON is ASCII; PHP's escapes slashes, too."""


@pytest.fixture(scope="module")
def backend(stack: Stack) -> httpx.Client:
    """A key of an account with a phone in each channel that a body names."""
    team: Team = second_account(stack)
    team.ask("PATCH", "/api/account", max_live_activities=1000, rate_limit_per_minute=100_000)
    phone = team.phone()
    channels = {slug for case in CASES for slug in ((case["body"] or {}).get("target") or {}).get("channels", ())}
    for slug in sorted(channels):
        team.assign_device(team.ask("POST", "/api/channels", slug=slug)["channel"]["id"], phone)
    for number, case in enumerate(CASES):
        if case["call"] == "POST /metrics/{key}/value":
            kind = "string" if isinstance(case["body"]["value"], str) else "percent"
            team.ask("POST", "/api/metrics", key=f"wire-{number}", format=kind)
    return team.key()


def send(backend: httpx.Client, number: int, *, strict: bool = False) -> httpx.Response:
    """Sends the case as its clients do; to a stream and an activity of its own."""
    case = CASES[number]
    method, path = case["call"].split(" ")
    body, key = case["body"], f"wire-{number}"
    if path.endswith(("/update", "/end")):
        state = steps() if "current_step" in body["content_state"] else progress(1)
        started = backend.post("/api/live-activity/start", json={"content_state": state})
        body = body | {"activity_id": started.json()["activity_id"]}
    elif method == "DELETE":
        assert backend.put(f"/api/live-activity/stream/{key}", json={"content_state": progress(1)}).is_success
    elif "{id}" in path:
        sent = backend.post("/api/push-notification", json={"title": "to be replaced"})
        path = path.replace("{id}", sent.json()["notification_id"])
    text = json.dumps(body, ensure_ascii=any(client.startswith(ESCAPING) for client in case["by"]))
    if any(client.startswith("php") for client in case["by"]):
        text = text.replace("/", "\\/")
    headers = {"Content-Type": "application/json", **({"Prefer": "handling=strict"} if strict else {})}
    url = f"/api{path}".replace("{key}", key)
    return backend.request(method, url, content=text.encode(), headers=headers)


@pytest.mark.parametrize("number", range(len(CASES)), ids=IDS)
def test_what_official_clients_send_is_taken_as_far_as_the_contract_knows_it(
    backend: httpx.Client, number: int
) -> None:
    case = CASES[number]
    answer = send(backend, number)
    match case.get("refused"):
        case None:
            assert answer.status_code == 200, answer.text
            assert answer.headers.get("Ignored-Fields") == case.get("ignored")
        case "path":
            assert (answer.status_code, answer.json()["message"]) == (404, "There is no such path.")
        case field:
            assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text
            assert answer.json()["message"].startswith(f"{field} ")


@pytest.mark.parametrize("number", [n for n, case in enumerate(CASES) if "ignored" in case and "refused" not in case])
def test_strict_handling_refuses_the_first_field_that_the_contract_does_not_know(
    backend: httpx.Client, number: int
) -> None:
    answer = send(backend, number, strict=True)
    assert (answer.status_code, answer.json()["field"]) == (400, CASES[number]["ignored"].split(", ", maxsplit=1)[0])


def test_all_that_was_seen_is_kept() -> None:
    """231 requests of six clients, in Go's case of three versions."""
    assert sum(times for case in CASES for times in case["by"].values()) == 231
    assert {client.split(" ")[0] for case in CASES for client in case["by"]} == {
        "github-action", "go", "node", "php", "python", "ruby",
    }  # fmt: skip
