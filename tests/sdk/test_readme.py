"""Every example in the README of the installed Python SDK works, and the phone's screen shows what it says."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import metadata
from typing import Any

import pytest
from activitysmith_openapi.configuration import Configuration
from activitysmith_openapi.exceptions import ApiException, NotFoundException

from tests.e2e.conftest import second_account
from tests.stack import Stack
from tests.team import Phone, Team, secret_of

PART = re.compile(r"^#+ (?P<heading>[^\n]+)$|^```python\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)
CHANNELS = ("sales", "customer-success", "ios-builds")
METRICS = {"deploy.success_rate": "percent", "prod.status": "string"}


def blocks() -> list[tuple[str, str]]:
    """The examples with the headings that they stand under, in the order of the README."""
    text, heading, found = metadata("activitysmith").json["description"], "", []
    for part in PART.finditer(str(text)):
        if part["code"] is None:
            heading = part["heading"].strip()
        else:
            found.append((heading, part["code"]))
    return found


SETUP = next(code for _, code in blocks() if "ActivitySmith(" in code)
EXAMPLES = [(heading, code) for heading, code in blocks() if code != SETUP]

NEW = {"title": "New subscription 💸", "message": "Customer upgraded to Pro plan"}
HOMEPAGE = {"title": "Homepage ready", "message": "Your agent finished the redesign."}
SERVER = {"title": "Server Health", "subtitle": "prod-web-1", "type": "metrics"}
SHOWN: dict[str, dict[str, Any]] = {
    "Send a Push Notification": NEW,
    "Custom Push Notification Icons": {"icon": "https://cdn.activitysmith.com/integrations/icons/stripe.png"},
    "Rich Push Notifications with Media": {**HOMEPAGE, "media": "https://cdn.example.com/output/homepage-v2.png"},
    "Push Notifications with Redirection": {**HOMEPAGE, "redirection": "https://github.com/acme/web/pull/482"},
    "Actionable Push Notifications": NEW,
    "Passive": {"title": "Daily summary", "interruption_level": "passive", "sound": None},
    "Active (default)": {"title": "Deployment complete", "interruption_level": "active", "sound": "default"},
    "Time Sensitive": {"title": "🚨 checkout-api is down", "interruption_level": "time-sensitive"},
    "Value": {
        "type": "value",
        "value": "$1,240",
        "icon": {"symbol": "dollarsign.circle", "color": "green"},
        "badge": {"title": "↑ 18%", "color": "purple"},
    },
    "Stats": {"type": "stats", "subtitle": "last hour"},
    "Alert": {
        "type": "alert",
        "message": "Lumen came back after 2 weeks",
        "badge": {"title": "Customer", "color": "magenta"},
    },
    "Metrics": SERVER,
    "Segmented Progress": {"type": "segmented_progress", "number_of_steps": 3, "current_step": 2},
    "Progress": {"type": "progress", "percentage": 42},
    "Timer": {"type": "timer", "title": "Benchmark Run", "color": "cyan"},
    "End Live Activity": {**SERVER, "state": "ended"},
    "Icon": {**SERVER, "icon": {"symbol": "server.rack", "color": "blue"}},
    "Badge": {"type": "progress", "percentage": 62, "badge": {"title": "S3", "color": "cyan"}},
    "Open URL action": SERVER,
    "Apple Shortcut action": SERVER,
    "Webhook action": {"title": "Reindexing product search", "current_step": 7},
    "Secondary action": {"type": "alert", "title": "Approval Needed"},
    "Metadata": NEW,
    "Tags": NEW,
}
"""What the phone shows after the examples of each heading: of a card, its content state."""
UPDATED = {"title": "Customer Import", "percentage": 60}
"""What it shows after the one example that updates an activity."""
BUTTONS = {
    "Actionable Push Notifications": ["Open CRM", "Chat with Jarvis", "Start Onboarding Workflow"],
    "Open URL action": ["Dashboard"],
    "Apple Shortcut action": ["Chat with Jarvis"],
    "Webhook action": ["Pause Reindex"],
    "Secondary action": ["Send", "Deny"],
}
NUMBERS = {"Set or update the badge value": 8333, "Clear the badge": 0, "Channels": 3}
"""The number on the app's icon after the examples of each heading."""
NOT_YET = {"Replace a Push Notification"}
"""Examples of calls that this server answers 404."""


@pytest.fixture(scope="module")
def team(stack: Stack) -> Team:
    """An account with all that the README takes for granted."""
    team = second_account(stack)
    team.ask("PATCH", "/api/account", max_live_activities=100)
    for key, kind in METRICS.items():
        team.ask("POST", "/api/metrics", key=key, format=kind)
    return team


@pytest.fixture(scope="module")
def phone(team: Team) -> Iterator[Phone]:
    """A phone in each of the README's channels."""
    phone = team.phone()
    for slug in CHANNELS:
        team.assign_device(team.ask("POST", "/api/channels", slug=slug)["channel"]["id"], phone)
    yield phone
    phone.remove()


@pytest.fixture(autouse=True)
def sdk(monkeypatch: pytest.MonkeyPatch, team: Team, stack: Stack, phone: Phone) -> Iterator[None]:
    """The SDK calls this server, by the lines that docs/sdks.md gives. The screen is cleared afterwards."""
    monkeypatch.setenv("ACTIVITYSMITH_API_KEY", secret_of(team.key()))
    monkeypatch.setattr(Configuration, "get_host_settings", lambda self: [{"url": f"{stack.base_url}/api"}])
    yield
    phone.do("notifications/clear")
    for stream in team.ask("GET", "/api/live-activity/streams")["streams"]:
        team.ask("DELETE", f"/api/live-activity/stream/{stream['stream_key']}")
    for card in phone.cards():
        phone.dismiss(card["activity_id"])


def run(code: str, team: Team) -> None:
    """Runs an example as it stands, after the README's own setup."""
    if "YOUR_ACTIVITY_ID" in code:
        state = {"title": "Customer Import", "type": "progress", "percentage": 1}
        started = team.ask("POST", "/api/live-activity/start", content_state=state)
        code = code.replace("YOUR_ACTIVITY_ID", started["activity_id"])
    exec(SETUP + code, {})  # noqa: S102 - that is what readers of the README do


def test_there_are_as_many_examples_as_were_looked_at() -> None:
    assert len(EXAMPLES) == 31
    assert {heading for heading, _ in EXAMPLES} == SHOWN.keys() | NUMBERS.keys() | NOT_YET | {"Lock Screen Widgets"}


@pytest.mark.parametrize(
    ("heading", "code"),
    [one for one in EXAMPLES if one[0] in SHOWN],
    ids=[f"{place} {one[0]}" for place, one in enumerate(EXAMPLES) if one[0] in SHOWN],
)
def test_an_example_is_on_the_phones_screen(team: Team, phone: Phone, heading: str, code: str) -> None:
    if "end_stream" in code:
        run(next(code for name, code in EXAMPLES if name == "Metrics"), team)
        (card,) = phone.cards()
        phone.live(card["activity_id"])
    run(code, team)
    shown = dict(UPDATED if "live_activities.update" in code else SHOWN[heading])
    if "notifications.send" not in code:
        state = shown.pop("state", "active")
        (activity_id,) = {card["activity_id"] for card in phone.cards()} or {""}
        seen = phone.shows_activity(activity_id, state=state, **shown)
        if heading == "Timer":
            window = seen["content_state"]["timer"]
            assert window["ends_at"] - window["starts_at"] == 300
    else:
        title = shown.get("title", "MRR just crossed $10,000 🎉")
        seen = phone.shows(title)
        assert seen.items() >= shown.items()
    if heading in BUTTONS:
        assert [button["title"] for button in seen["actions"]] == BUTTONS[heading]


def test_the_values_of_widgets_are_what_a_phone_reads(team: Team, phone: Phone) -> None:
    for heading, code in EXAMPLES:
        if heading == "Lock Screen Widgets":
            run(code, team)
    phone.do("refresh-widgets")
    values = {one["key"]: one["latest_value"] for one in phone.read()["widgets"]}
    assert values == {"deploy.success_rate": 99.9, "prod.status": "healthy"}


@pytest.mark.parametrize("heading", NUMBERS)
def test_the_number_is_on_the_phones_icon(team: Team, phone: Phone, heading: str) -> None:
    team.ask("POST", "/api/badge", badge=7)
    run(dict(EXAMPLES)[heading], team)
    assert phone.read()["badge"] == NUMBERS[heading]


def test_a_number_for_a_phone_that_cannot_be_reached_is_an_api_error_with_its_code(team: Team) -> None:
    slug, channel_id = team.channel()
    unreachable = team.phone(channel_id=channel_id)
    unreachable.do("settings", token_delay_seconds=None)
    unreachable.do("rotate-token")
    with pytest.raises(ApiException) as refused:
        run(f"activitysmith.badge_count(5, channels=[{slug!r}])", team)
    body = json.loads(refused.value.body)
    assert (refused.value.status, body["code"], body["badge"]) == (422, "badge_device_disconnected", 5)


@pytest.mark.parametrize("heading", sorted(NOT_YET))
def test_what_this_server_does_not_have_is_answered_404(team: Team, heading: str) -> None:
    with pytest.raises(NotFoundException):
        run(dict(EXAMPLES)[heading], team)
