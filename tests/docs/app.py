"""What a phone is really sent, of every kind there is: taken from the simulated APNs and the device's own calls."""

from typing import Any

from tests.team import App, Team

PROGRESS = {"type": "progress", "percentage": 42.5}
STATES: dict[str, dict[str, Any]] = {
    "segmented_progress": {
        "number_of_steps": 4,
        "current_step": 2,
        "step_color": "red",
        "step_colors": ["green", "lime"],
    },
    "progress": {"percentage": 42.5},
    "metrics": {"metrics": [{"label": "CPU", "value": 42, "unit": "%"}, {"label": "Load", "value": 0.5}]},
    "counter": {"number_of_steps": 3, "current_step": 1},
    "timer": {"number_of_steps": 3, "current_step": 1},
    "countdown": {"number_of_steps": 3, "current_step": 1},
    "stats": {"metrics": [{"label": "Sales", "value": "$1,240", "color": "lime"}]},
    "alert": {"message": "Lumen came back", "icon": {"symbol": "cloud.sun", "color": "yellow"}},
    "value": {"value": "0007", "badge": {"title": "New", "color": "red"}},
}
"""What a card may show, by type."""

OPEN_URL = {"title": "Open", "type": "open_url", "url": "https://ci.example.com"}
WEBHOOK = {"title": "Roll back", "type": "webhook", "url": "https://ci.example.com/rollback", "body": {"id": 1}}


def start_pushes(team: Team, app: App, channel: str) -> list[dict[str, Any]]:
    """The `aps` of a start of each type, and of some more for what excludes each other."""
    states = [{"type": kind, **state} for kind, state in STATES.items()]
    states.append({"type": "progress", "value": 3, "upper_limit": 8})
    states.append({"type": "timer", "duration_seconds": 300, "is_running": False})
    app.report_tokens(content_version=2)
    for place, state in enumerate(states):
        body = {
            "content_state": {"title": "Deploy", "subtitle": "main", "color": "lime", **state},
            "action": WEBHOOK if place % 2 else OPEN_URL,
            "channels": [channel],
        }
        if state["type"] in ("alert", "value"):
            body["secondary_action"] = WEBHOOK
        stream = f"/api/live-activity/stream/docs-{place}"
        team.ask("PUT", stream, **body)
        team.ask("DELETE", stream)
    pushes = [push["document"]["aps"] for push in team.sent_to(app.push_to_start_token)]
    assert [push["content-state"]["type"] for push in pushes] == [state["type"] for state in states]
    return pushes


def screens(team: Team, app: App, channel: str) -> list[dict[str, Any]]:
    """What `GET /api/device/state` says of a card that is active and of one that has ended."""
    body = {"content_state": {"title": "Deploy", **PROGRESS}, "target": {"channels": [channel]}}
    activity_id = team.ask("POST", "/api/live-activity/start", **body)["activity_id"]
    token = "ab" * 32
    team.accept(token)
    assert app.report_update_token(activity_id, token).status_code == 200
    active = app.http.get("/api/device/state").json()
    team.ask("POST", "/api/live-activity/end", activity_id=activity_id, content_state={"title": "Done", **PROGRESS})
    return [active, app.http.get("/api/device/state").json()]


def notifications(team: Team, app: App, channel: str) -> list[dict[str, Any]]:
    """The bodies of a push notification with media and of one with actions."""
    for more in (
        {"media": "https://cdn.example.com/a.png", "icon": "https://cdn.example.com/i.png"},
        {"actions": [OPEN_URL, WEBHOOK]},
    ):
        body = {"title": "Build failed", "redirection": "https://ci.example.com", "payload": {"id": 1}, **more}
        team.ask("POST", "/api/push-notification", target={"channels": [channel]}, **body)
    return [push["document"] for push in team.sent_to(app.push_token)]
