"""What official clients have been seen to send, as `wire_bodies.jsonl` keeps it.

A line is a call with its body, texts shortened. `by` says which clients sent it in how many of their examples,
`ignored` what of it the contract does not know.
"""

import json
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.backend import progress, steps
from tests.team import Team

CASES: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("wire_bodies.jsonl").read_text(encoding="utf-8").splitlines()
]
NAMES = [f"{number}: {case['call']} of {', '.join(case['by'])}" for number, case in enumerate(CASES)]
BROKEN = {
    64: (
        "actions[0].type",
        "since 1.6.0 Go's NewPushNotificationAction drops its arguments, and sends actions of empty texts",
    ),
    108: ("content_state.duration_seconds", "a call without a duration, of which Python's SDK makes a countdown"),
}
"""By number: bodies that their own SDK has broken, the field that is refused, and why."""
ESCAPING = ("php", "python")
"""Clients whose JSON is ASCII; PHP's escapes slashes, too."""


def backend(team: Team) -> httpx.Client:
    """A key of the account, which gets a phone in each channel that a body names, and the metrics that are written."""
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


def send(key: httpx.Client, number: int, *, strict: bool = False) -> httpx.Response:
    """Sends the case as its clients do; to a stream, an activity and a notification of its own."""
    case = CASES[number]
    method, path = case["call"].split(" ")
    body, name, notification_id = case["body"], f"wire-{number}", ""
    if path.endswith(("/update", "/end")):
        state = steps() if "current_step" in body["content_state"] else progress(1)
        started = key.post("/api/live-activity/start", json={"content_state": state})
        body = body | {"activity_id": started.json()["activity_id"]}
    elif method == "DELETE":
        assert key.put(f"/api/live-activity/stream/{name}", json={"content_state": progress(1)}).is_success
    elif "{id}" in path:
        notification_id = key.post("/api/push-notification", json={"title": name}).json()["notification_id"]
    text = json.dumps(body, ensure_ascii=any(client.startswith(ESCAPING) for client in case["by"]))
    if any(client.startswith("php") for client in case["by"]):
        text = text.replace("/", "\\/")
    headers = {"Content-Type": "application/json", **({"Prefer": "handling=strict"} if strict else {})}
    url = f"/api{path}".replace("{key}", name).replace("{id}", notification_id)
    return key.request(method, url, content=text.encode(), headers=headers)


def complaint(number: int, answer: httpx.Response) -> str:
    """What is wrong with the answer to a case; empty if nothing is."""
    case = CASES[number]
    said = f"{answer.status_code} {answer.text}"
    if number in BROKEN:
        field, _ = BROKEN[number]
        named = answer.json().get("message", "").startswith(f"{field} ") and answer.json().get("field") == field
        return "" if answer.status_code == 400 and named else said
    if answer.status_code != 200:
        return said
    ignored = answer.headers.get("Ignored-Fields")
    return "" if ignored == case.get("ignored") else f"ignored: {ignored}"
