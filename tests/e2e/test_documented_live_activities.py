"""Every example of the documentation for Live Activities, sent as written, in the order a reader would send them.

cURL bodies are verbatim. SDKs send the JSON of their own examples (`channels` as `target.channels`). The CLI sends its
`--content-state` and `--action` as written, in camel case. `pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW` is the documentation's
stand-in for the id that a start has returned.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.backend import JSON, Backend, devices
from tests.e2e.conftest import LiveAudience
from tests.team import Phone, Team

DOCUMENTED_ID = "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW"
SDKS = "Node, Python, Go, PHP, Ruby"


@dataclass(frozen=True)
class Lifecycle:
    """Three examples that belong together: the JSON texts of a start, an update and an end."""

    where: str
    start: str
    update: str
    end: str


def cli(content_state: str, action: str | None = None) -> str:
    """What the CLI sends for `--activity-id`, `--content-state` and `--action`."""
    button = "" if action is None else f', "action": {action}'
    return f'{{"activity_id": "{DOCUMENTED_ID}", "content_state": {content_state}{button}}}'


SEGMENTED_START = """{
"content_state": {
"title": "Nightly database backup",
"subtitle": "create snapshot",
"number_of_steps": 3,
"current_step": 1,
"type": "segmented_progress",
"color": "yellow"
}
}"""
SEGMENTED_UPDATE = """{
"activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW",
"content_state": {
"title": "Nightly database backup",
"subtitle": "upload archive",
"current_step": 2
}
}"""
SEGMENTED_END = """{
"activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW",
"content_state": {
"title": "Nightly database backup",
"subtitle": "verify restore",
"current_step": 3
}
}"""
PROGRESS_START = """{
"content_state": {
"title": "EV Charging",
"subtitle": "Added 30 mi range",
"percentage": 15,
"type": "progress",
"color": "lime"
}
}"""
PROGRESS_UPDATE = """{
"activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW",
"content_state": {
"title": "EV Charging",
"subtitle": "Added 120 mi range",
"percentage": 60
}
}"""
PROGRESS_END = """{
"activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW",
"content_state": {
"title": "EV Charging",
"subtitle": "Added 200 mi range",
"percentage": 100,
"auto_dismiss_minutes": 2
}
}"""

OPEN_WORKFLOW = """{
"title": "Open Workflow",
"type": "open_url",
"url": "https://github.com/acme/payments-api/actions/runs/1234567890"
}"""


def pause_reindex(language: str) -> str:
    """The button of the webhook example; SDKs name themselves in its body."""
    return f"""{{
"title": "Pause Reindex",
"type": "webhook",
"url": "https://ops.example.com/hooks/search/reindex/pause",
"method": "POST",
"body": {{
"job_id": "reindex-2026-03-19",
"requested_by": "activitysmith-{language}"
}}
}}"""


LIFECYCLES = [
    Lifecycle("Quickstart, segmented progress: cURL", SEGMENTED_START, SEGMENTED_UPDATE, SEGMENTED_END),
    Lifecycle(
        f"Quickstart, segmented progress: {SDKS}",
        SEGMENTED_START,
        SEGMENTED_UPDATE,
        """{"activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW", "content_state": {"title": "Nightly database backup",
        "subtitle": "verify restore", "current_step": 3, "auto_dismiss_minutes": 2}}""",
    ),
    Lifecycle(
        "Quickstart, segmented progress: CLI",
        cli(
            '{"title":"Nightly database backup","subtitle":"create snapshot","numberOfSteps":3,"currentStep":1,'
            '"type":"segmented_progress","color":"yellow"}'
        ),
        cli('{"title":"Nightly database backup","subtitle":"upload archive","currentStep":2}'),
        cli('{"title":"Nightly database backup","subtitle":"verify restore","currentStep":3,"autoDismissMinutes":2}'),
    ),
    Lifecycle(f"Quickstart, progress: cURL, {SDKS}", PROGRESS_START, PROGRESS_UPDATE, PROGRESS_END),
    Lifecycle(
        "Quickstart, progress: CLI",
        cli('{"title":"EV Charging","subtitle":"Added 30 mi range","percentage":15,"type":"progress","color":"lime"}'),
        cli('{"title":"EV Charging","subtitle":"Added 120 mi range","percentage":60}'),
        cli('{"title":"EV Charging","subtitle":"Added 200 mi range","percentage":100,"autoDismissMinutes":2}'),
    ),
    Lifecycle(
        f"Full lifecycle control, metrics: {SDKS}",
        """{"content_state": {"title": "Server Health", "subtitle": "prod-web-1", "type": "metrics",
        "metrics": [{"label": "CPU", "value": 9, "unit": "%"}, {"label": "MEM", "value": 45, "unit": "%"}]}}""",
        """{"activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW", "content_state": {"title": "Server Health",
        "subtitle": "prod-web-1", "type": "metrics",
        "metrics": [{"label": "CPU", "value": 76, "unit": "%"}, {"label": "MEM", "value": 52, "unit": "%"}]}}""",
        """{"activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW", "content_state": {"title": "Server Health",
        "subtitle": "prod-web-1", "type": "metrics",
        "metrics": [{"label": "CPU", "value": 7, "unit": "%"}, {"label": "MEM", "value": 38, "unit": "%"}],
        "auto_dismiss_minutes": 2}}""",
    ),
    Lifecycle(
        "Full lifecycle control, metrics: CLI",
        cli("""{
"title": "Server Health",
"subtitle": "prod-web-1",
"type": "metrics",
"metrics": [
{ "label": "CPU", "value": 9, "unit": "%" },
{ "label": "MEM", "value": 45, "unit": "%" }
]
}"""),
        cli("""{
"title": "Server Health",
"subtitle": "prod-web-1",
"type": "metrics",
"metrics": [
{ "label": "CPU", "value": 76, "unit": "%" },
{ "label": "MEM", "value": 52, "unit": "%" }
]
}"""),
        cli("""{
"title": "Server Health",
"subtitle": "prod-web-1",
"type": "metrics",
"metrics": [
{ "label": "CPU", "value": 7, "unit": "%" },
{ "label": "MEM", "value": 38, "unit": "%" }
],
"autoDismissMinutes": 2
}"""),
    ),
    Lifecycle(
        f"Full lifecycle control, segmented progress: {SDKS}",
        SEGMENTED_START,
        """{"activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW", "content_state": {"title": "Nightly database backup",
        "subtitle": "upload archive", "number_of_steps": 3, "current_step": 2}}""",
        """{"activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW", "content_state": {"title": "Nightly database backup",
        "subtitle": "verify restore", "number_of_steps": 3, "current_step": 3, "auto_dismiss_minutes": 2}}""",
    ),
    Lifecycle(
        "Full lifecycle control, segmented progress: CLI",
        cli("""{
"title": "Nightly database backup",
"subtitle": "create snapshot",
"numberOfSteps": 3,
"currentStep": 1,
"type": "segmented_progress",
"color": "yellow"
}"""),
        cli("""{
"title": "Nightly database backup",
"subtitle": "upload archive",
"numberOfSteps": 3,
"currentStep": 2
}"""),
        cli("""{
"title": "Nightly database backup",
"subtitle": "verify restore",
"numberOfSteps": 3,
"currentStep": 3,
"autoDismissMinutes": 2
}"""),
    ),
    Lifecycle(
        "Full lifecycle control, progress: Python, Go, PHP, Ruby",
        """{"content_state": {"title": "EV Charging", "subtitle": "Added 30 mi range", "type": "progress",
        "percentage": 15}}""",
        PROGRESS_UPDATE,
        PROGRESS_END,
    ),
    Lifecycle(
        "Full lifecycle control, progress: Node",
        """{"content_state": {"title": "EV Charging", "subtitle": "Added 30 mi range", "type": "progress",
        "percentage": 15, "color": "lime"}}""",
        PROGRESS_UPDATE,
        PROGRESS_END,
    ),
    Lifecycle(
        "Full lifecycle control, progress: CLI",
        cli("""{
"title": "EV Charging",
"subtitle": "Added 30 mi range",
"type": "progress",
"percentage": 15
}"""),
        cli("""{
"title": "EV Charging",
"subtitle": "Added 120 mi range",
"percentage": 60
}"""),
        cli("""{
"title": "EV Charging",
"subtitle": "Added 200 mi range",
"percentage": 100,
"autoDismissMinutes": 2
}"""),
    ),
    *[
        Lifecycle(
            f"Live Activity action: {language}",
            f"""{{"content_state": {{"title": "Deploying payments-api", "subtitle": "Running database migrations",
            "number_of_steps": 5, "current_step": 3, "type": "segmented_progress"}}, "action": {OPEN_WORKFLOW}}}""",
            f"""{{"activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW", "content_state": {{
            "title": "Reindexing product search", "subtitle": "Shard 7 of 12", "number_of_steps": 12,
            "current_step": 7}}, "action": {pause_reindex(language)}}}""",
            SEGMENTED_END,
        )
        for language in ("node", "python", "go", "php", "ruby")
    ],
    Lifecycle(
        "Live Activity action: CLI",
        cli(
            """{
"title": "Deploying payments-api",
"subtitle": "Running database migrations",
"numberOfSteps": 5,
"currentStep": 3,
"type": "segmented_progress"
}""",
            OPEN_WORKFLOW,
        ),
        cli(
            """{
"title": "Reindexing product search",
"subtitle": "Shard 7 of 12",
"numberOfSteps": 12,
"currentStep": 7
}""",
            pause_reindex("cli"),
        ),
        cli('{"title":"Reindexing product search","numberOfSteps":12,"currentStep":12}'),
    ),
]

METRICS_STREAM = """{
"title": "Server Health",
"subtitle": "prod-web-1",
"type": "metrics",
"metrics": [
{ "label": "CPU", "value": 9, "unit": "%" },
{ "label": "MEM", "value": 45, "unit": "%" }
]
}"""
METRICS_STREAM_END = """{
"title": "Server Health",
"subtitle": "prod-web-1",
"type": "metrics",
"metrics": [
{ "label": "CPU", "value": 7, "unit": "%" },
{ "label": "MEM", "value": 38, "unit": "%" }
]
}"""

STREAMS: list[tuple[str, str, str, str | None]] = [
    (f"metrics: {SDKS}, CLI", "prod-web-1", METRICS_STREAM, METRICS_STREAM_END),
    (
        f"segmented progress: {SDKS}",
        "nightly-backup",
        """{"title": "Nightly Backup", "subtitle": "upload archive", "type": "segmented_progress",
        "number_of_steps": 3, "current_step": 2}""",
        None,
    ),
    (
        "segmented progress: CLI",
        "nightly-backup",
        """{
"title": "Nightly Backup",
"subtitle": "upload archive",
"type": "segmented_progress",
"numberOfSteps": 3,
"currentStep": 2
}""",
        None,
    ),
    (
        f"progress: {SDKS}, CLI",
        "search-reindex",
        """{
"title": "Search Reindex",
"subtitle": "catalog-v2",
"type": "progress",
"percentage": 42
}""",
        None,
    ),
]

TARGETED: list[tuple[str, str]] = [
    (
        "Channels",
        """{
"content_state": {
"title": "Nightly database backup",
"number_of_steps": 3,
"current_step": 1,
"type": "segmented_progress"
},
"target": {
"channels": ["ios-beta", "ops"]
}
}""",
    ),
    (
        f"Channels: {SDKS}",
        """{"target": {"channels": ["ios-builds"]}, "content_state": {"title": "Nightly database backup",
        "number_of_steps": 3, "current_step": 1, "type": "segmented_progress"}}""",
    ),
    (
        "Channels: CLI",
        """{"content_state": {"title": "Nightly database backup", "type": "segmented_progress", "number_of_steps": 4,
        "current_step": 1}, "target": {"channels": ["devs", "ops"]}}""",
    ),
]


def parse(text: str, activity_id: str | None = None) -> JSON:
    """The request; of a start without the id that `cli` has put in, otherwise with the id that the start returned."""
    body: JSON = json.loads(text if activity_id is None else text.replace(DOCUMENTED_ID, activity_id))
    return body if activity_id else {name: value for name, value in body.items() if name != "activity_id"}


def on_screen(content_state: JSON) -> JSON:
    """What of the state a phone shows, in the API's own spelling."""
    snake = {re.sub("([A-Z])", r"_\1", name).lower(): value for name, value in content_state.items()}
    return {name: value for name, value in snake.items() if not name.startswith("auto_dismiss")}


def titles(card: JSON) -> list[str]:
    """The card's buttons."""
    return [button["title"] for button in card["actions"]]


@pytest.mark.parametrize("example", LIFECYCLES, ids=[example.where for example in LIFECYCLES])
def test_a_documented_lifecycle_is_on_the_screen(live: LiveAudience, example: Lifecycle) -> None:
    start = parse(example.start)
    started = live.backend.call("POST", "start", start)
    assert started.status_code == 200, started.text
    assert started.json().keys() >= {"success", "activity_id", "devices_notified", "users_notified", "timestamp"}
    activity_id = started.json()["activity_id"]
    assert len(activity_id) == len(DOCUMENTED_ID)
    card = live.phone.shows_activity(activity_id, **on_screen(start["content_state"]))
    assert titles(card) == ([start["action"]["title"]] if "action" in start else [])
    live.phone.live(activity_id)

    update = parse(example.update, activity_id)
    updated = live.backend.call("POST", "update", update)
    assert updated.status_code == 200, updated.text
    assert updated.json().items() >= {"success": True, "activity_id": activity_id}.items()
    assert devices(updated.json()) == 1
    card = live.phone.shows_activity(activity_id, **on_screen(update["content_state"]))
    buttons = titles(card)
    assert buttons == ([update["action"]["title"]] if "action" in update else [])

    end, asked = parse(example.end, activity_id), datetime.now(UTC).timestamp()
    ended = live.backend.call("POST", "end", end)
    assert ended.status_code == 200, ended.text
    assert ended.json().items() >= {"success": True, "activity_id": activity_id}.items()
    assert devices(ended.json()) == 1
    answered = datetime.now(UTC).timestamp()
    card = live.phone.shows_activity(activity_id, state="ended", **on_screen(end["content_state"]))
    assert titles(card) == buttons
    minutes = {"auto_dismiss_minutes", "autoDismissMinutes"} & end["content_state"].keys()
    dismissal = datetime.fromisoformat(card["dismiss_at"]).timestamp()
    assert asked - 1 < dismissal - (120 if minutes else 180) < answered + 1


@pytest.mark.parametrize(("key", "state", "end"), [s[1:] for s in STREAMS], ids=[s[0] for s in STREAMS])
def test_a_documented_stream_is_on_the_screen(live: LiveAudience, key: str, state: str, end: str | None) -> None:
    put: Any = {"content_state": json.loads(state)}
    started = live.backend.call("PUT", f"stream/{key}", put).json()
    assert started["operation"] == "started"
    live.phone.shows_activity(started["activity_id"], **on_screen(put["content_state"]))
    live.phone.live(started["activity_id"])
    assert live.backend.call("PUT", f"stream/{key}", put).json()["operation"] == "noop"

    last = None if end is None else {"content_state": json.loads(end)}
    ended = live.backend.call("DELETE", f"stream/{key}", last).json()
    assert (ended["success"], ended["operation"], ended["stream_key"]) == (True, "ended", key)
    final = json.loads(end or state)
    live.phone.shows_activity(started["activity_id"], state="ended", **on_screen(final))

    again = live.backend.call("PUT", f"stream/{key}", put).json()
    assert again["operation"] == "started"
    live.phone.shows_activity(again["activity_id"], **on_screen(put["content_state"]))


@pytest.fixture(scope="module")
def documented(team: Team) -> Iterator[tuple[Phone, Backend]]:
    """A phone in all channels that the documentation names, and a backend of scope `all`."""
    phone, backend = team.phone(), Backend(team.key())
    slugs = ("ios-beta", "ops", "ios-builds", "devs")
    ids = [team.ask("POST", "/api/channels", slug=slug)["channel"]["id"] for slug in slugs]
    for channel_id in ids:
        team.assign_device(channel_id, phone)
    yield phone, backend
    backend.leave_nothing()
    for channel_id in ids:
        team.ask("DELETE", f"/api/channels/{channel_id}")


@pytest.mark.parametrize("text", [text for _, text in TARGETED], ids=[where for where, _ in TARGETED])
def test_a_documented_target_reaches_its_channels(documented: tuple[Phone, Backend], text: str) -> None:
    phone, backend = documented
    body = json.loads(text)
    answer = backend.call("POST", "start", body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["effective_channel_slugs"] == body["target"]["channels"]
    assert answer.json()["devices_notified"] == 1
    phone.shows_activity(answer.json()["activity_id"], **on_screen(body["content_state"]))
