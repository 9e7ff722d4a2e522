"""The official SDK works against this server by changing its host."""

import pytest
from activitysmith import ActivitySmith
from activitysmith_openapi.exceptions import BadRequestException, ForbiddenException, NotFoundException

from tests.e2e.backend import steps
from tests.e2e.conftest import Audience, LiveAudience
from tests.team import Team


def sdk(team: Team, secret: str) -> ActivitySmith:
    """The SDK, pointed at the test server."""
    client = ActivitySmith(api_key=secret)
    for resource in (client.notifications, client.live_activities):
        resource._api.api_client.configuration.host = f"{team.base_url}/api"
    return client


def secret_of(audience: Audience) -> str:
    """The audience's API key."""
    return audience.key.headers["Authorization"].removeprefix("Bearer ")


def test_the_sdk_sends_a_push(team: Team, audience: Audience) -> None:
    answer = sdk(team, secret_of(audience)).notifications.send(
        {
            "title": "New subscription 💸",
            "message": "Customer upgraded to Pro plan",
            "redirection": "https://crm.example.com/customers/cus_9f3a1d",
            "actions": [
                {"title": "Open CRM Profile", "type": "open_url", "url": "https://crm.example.com/customers/1"},
                {
                    "title": "Start Onboarding Workflow",
                    "type": "webhook",
                    "url": "https://hooks.example.com/activitysmith/onboarding/start",
                    "method": "POST",
                    "body": {"customer_id": "cus_9f3a1d", "plan": "pro"},
                },
            ],
        }
    )
    assert answer.success
    assert answer.devices_notified == 1
    assert answer.effective_channel_slugs == [audience.slug]
    shown = audience.phone.shows("New subscription 💸")
    assert shown["notification_id"] == answer.notification_id
    assert [action["title"] for action in shown["actions"]] == ["Open CRM Profile", "Start Onboarding Workflow"]


def test_the_sdk_targets_channels(team: Team, audience: Audience) -> None:
    answer = sdk(team, secret_of(audience)).notifications.send({"title": "targeted", "channels": [audience.slug]})
    assert answer.success
    audience.phone.shows("targeted")


def test_the_sdk_raises_its_own_errors(team: Team, audience: Audience) -> None:
    client = sdk(team, secret_of(audience))
    with pytest.raises(ForbiddenException) as refused:
        client.notifications.send({"title": "x", "channels": ["elsewhere"]})
    assert "outside this key scope" in refused.value.body
    team.ask("DELETE", f"/api/channels/{audience.channel_id}")
    with pytest.raises(NotFoundException):
        client.notifications.send({"title": "x"})


def test_the_sdk_starts_updates_and_ends_a_live_activity(team: Team, live: LiveAudience) -> None:
    activities = sdk(team, secret_of(live)).live_activities
    started = activities.start(
        {
            "content_state": {
                "title": "Nightly database backup",
                "subtitle": "create snapshot",
                "number_of_steps": 3,
                "current_step": 1,
                "type": "segmented_progress",
                "color": "yellow",
            },
            "channels": [live.slug],
        }
    )
    assert (started.success, started.devices_notified, started.users_notified) == (True, 1, 1)
    assert started.effective_channel_slugs == [live.slug]
    activity_id = started.activity_id
    live.phone.shows_activity(activity_id, subtitle="create snapshot", current_step=1, color="yellow")
    live.phone.live(activity_id)
    updated = activities.update(
        {
            "activity_id": activity_id,
            "content_state": {"title": "Nightly database backup", "subtitle": "upload archive", "current_step": 2},
            "action": {
                "title": "Pause Reindex",
                "type": "webhook",
                "url": "https://ops.example.com/hooks/search/reindex/pause",
                "method": "POST",
                "body": {"job_id": "reindex-2026-03-19", "requested_by": "activitysmith-python"},
            },
        }
    )
    assert (updated.success, updated.activity_id) == (True, activity_id)
    assert updated.devices_notified + updated.devices_queued == 1
    card = live.phone.shows_activity(activity_id, subtitle="upload archive", current_step=2, number_of_steps=3)
    assert [button["title"] for button in card["actions"]] == ["Pause Reindex"]
    last = {
        "activity_id": activity_id,
        "content_state": {
            "title": "Nightly database backup",
            "subtitle": "verify restore",
            "number_of_steps": 3,
            "current_step": 3,
            "auto_dismiss_minutes": 2,
        },
    }
    ended = activities.end(last)
    assert (ended.success, ended.activity_id) == (True, activity_id)
    assert ended.devices_notified + ended.devices_queued == 1
    live.phone.shows_activity(activity_id, state="ended", subtitle="verify restore", current_step=3)
    assert activities.end(last).success, "ending it again is fine"
    with pytest.raises(BadRequestException):
        activities.update({"activity_id": activity_id, "content_state": {"title": "too late", "current_step": 1}})


def test_the_sdk_streams_and_ends_a_stream(team: Team, live: LiveAudience) -> None:
    activities = sdk(team, secret_of(live)).live_activities
    key = team.unique("prod-web")

    def health(cpu: int, memory: int) -> dict[str, object]:
        metrics = [{"label": "CPU", "value": cpu, "unit": "%"}, {"label": "MEM", "value": memory, "unit": "%"}]
        return {"content_state": {"title": "Server Health", "subtitle": key, "type": "metrics", "metrics": metrics}}

    started = activities.stream(key, health(9, 45))
    assert (started.success, started.operation, started.stream_key) == (True, "started", key)
    live.phone.live(started.activity_id)
    assert activities.stream(key, health(9, 45)).operation == "noop"
    assert activities.stream(key, {**health(76, 52), "channels": [live.slug]}).operation == "updated"
    card = live.phone.shows_activity(started.activity_id)
    rotated = activities.stream(key, {"content_state": steps()})
    assert (rotated.operation, rotated.previous_activity_id) == ("rotated", card["activity_id"])
    live.phone.live(rotated.activity_id)
    team.ask("POST", f"/api/live-activity/stream/{key}/pause")
    paused = activities.stream(key, health(7, 38))
    assert (paused.operation, paused.activity_id) == ("paused", None)
    team.ask("POST", f"/api/live-activity/stream/{key}/resume")
    ended = activities.end_stream(key, health(0, 0))
    assert (ended.success, ended.operation, ended.stream_key) == (True, "ended", key)
    live.phone.shows_activity(ended.activity_id, state="ended", title="Server Health")
    with pytest.raises(NotFoundException):
        activities.end_stream(key)


def test_the_sdk_understands_answers_about_phones_that_are_still_owed_something(team: Team, live: LiveAudience) -> None:
    activities = sdk(team, secret_of(live)).live_activities
    live.phone.do("settings", token_delay_seconds=None)
    live.phone.do("rotate-start-token")
    started = activities.start({"content_state": steps()})
    assert (started.success, started.devices_notified) == (True, 0)
    for step in range(14):
        updated = activities.update(
            {"activity_id": started.activity_id, "content_state": {"title": "t", "current_step": 1 + step % 3}}
        )
        assert (updated.devices_notified, updated.devices_queued) == (0, 1)
    activities.end({"activity_id": started.activity_id, "content_state": {"title": "t", "current_step": 3}})
