"""The SDKs understand all that this server answers, and raise its refusals with all that they say."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.backend import steps
from tests.e2e.conftest import second_account
from tests.sdk.drivers import Outcome, Sdk
from tests.sdk.packages import LANGUAGES
from tests.stack import Stack
from tests.team import Phone, Team, secret_of

NO_SUCH_ACTIVITY = {"activity_id": "x" * 32, "content_state": {"title": "t", "current_step": 1}}


@dataclass
class Scene:
    """A channel with one phone in an account of its own, and the SDK with a key that is restricted to the channel."""

    sdk: Sdk
    team: Team
    phone: Phone
    slug: str
    channel_id: str
    key: str

    def call(self, resource: str, method: str, *args: Any) -> Outcome:
        """Calls with the scene's key."""
        return self.sdk.call(self.key, resource, method, *args)

    def answer(self, resource: str, method: str, *args: Any) -> dict[str, Any]:
        """The answer to a call that succeeds."""
        outcome = self.call(resource, method, *args)
        assert not outcome.error, outcome
        return outcome.answer


@pytest.fixture(scope="module", params=LANGUAGES)
def sdk(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Sdk]:
    """One language's SDK."""
    with Sdk(request.param, stack.base_url) as started:
        yield started


@pytest.fixture(scope="module")
def crowded(stack: Stack) -> Team:
    """An account of these tests' own, with room for their Live Activities."""
    team = second_account(stack)
    team.ask("PATCH", "/api/account", max_live_activities=100)
    return team


@pytest.fixture
def scene(sdk: Sdk, crowded: Team) -> Scene:
    """A scene of this test's own."""
    return scene_in(crowded, sdk)


def scene_in(team: Team, sdk: Sdk) -> Scene:
    """A scene of that account."""
    slug, channel_id = team.channel()
    return Scene(sdk, team, team.phone(channel_id=channel_id), slug, channel_id, secret_of(team.key(slug)))


def refusal(outcome: Outcome, status: int) -> dict[str, Any]:
    """The document of a refusal with this status."""
    assert (outcome.status, outcome.answer) == (status, {}), outcome
    assert outcome.body["error"]
    assert outcome.body["message"]
    return outcome.body


def test_a_push_is_answered_in_full(scene: Scene) -> None:
    request = {"title": "Build finished", "badge": 7, "sound": "chime.caf", "payload": {"build": 4711}}
    answer = scene.answer("notifications", "send", request)
    assert (answer["success"], answer["devices_notified"], answer["users_notified"]) == (True, 1, 1)
    assert answer["effective_channel_slugs"] == [scene.slug]
    assert answer["timestamp"].endswith("Z")
    shown = scene.phone.shows("Build finished")
    assert (shown["badge"], shown["payload"]) == (7, {"build": 4711})
    assert shown["notification_id"] == answer["notification_id"]


def test_a_number_for_the_icon_is_answered_in_full(scene: Scene) -> None:
    answer = scene.answer("", "badge_count", 7)
    assert (answer["success"], answer["badge"], answer["devices_notified"], answer["users_notified"]) == (True, 7, 1, 1)
    assert answer["effective_channel_slugs"] == [scene.slug]
    assert answer["timestamp"].endswith("Z")
    assert scene.phone.read()["badge"] == 7
    scene.answer("", "badge_count", 0)
    assert scene.phone.read()["badge"] == 0


def test_a_number_for_a_phone_that_cannot_be_reached_is_an_error_with_its_code(scene: Scene) -> None:
    scene.phone.do("settings", token_delay_seconds=None)
    scene.phone.do("rotate-token")
    outcome = scene.call("", "badge_count", 5)
    assert outcome.status == 422, outcome
    assert '"badge_device_disconnected"' in outcome.told or outcome.body.get("code") == "badge_device_disconnected"


def test_a_live_activity_tells_whom_it_reaches_now_and_whom_later(scene: Scene) -> None:
    scene.phone.do("settings", update_token_delay_seconds=None)
    started = scene.answer("live_activities", "start", {"content_state": steps(), "channels": [scene.slug]})
    assert (started["success"], started["devices_notified"], started["users_notified"]) == (True, 1, 1)
    assert started["effective_channel_slugs"] == [scene.slug]
    change = {"activity_id": started["activity_id"], "content_state": {"title": "t", "current_step": 2}}
    for method in ("update", "end"):
        answer = scene.answer("live_activities", method, change)
        assert (answer["success"], answer["activity_id"]) == (True, started["activity_id"])
        assert (answer["devices_notified"], answer["devices_queued"]) == (0, 1)


def test_a_stream_tells_what_became_of_it(scene: Scene) -> None:
    key = scene.team.unique("prod-web")
    path = f"/api/live-activity/stream/{key}"

    def put(content_state: dict[str, Any]) -> dict[str, Any]:
        return scene.answer("live_activities", "stream", key, {"content_state": content_state})

    started = put(steps(1))
    assert (started["success"], started["operation"], started["stream_key"]) == (True, "started", key)
    scene.phone.live(started["activity_id"])
    assert put(steps(1))["operation"] == "noop"
    assert put(steps(2))["operation"] == "updated"
    rotated = put({"title": "CPU", "type": "metrics", "metrics": [{"label": "CPU", "value": 9.5, "unit": "%"}]})
    assert (rotated["operation"], rotated["previous_activity_id"]) == ("rotated", started["activity_id"])
    scene.team.ask("POST", f"{path}/pause")
    paused = put(steps(3))
    assert (paused["operation"], paused["activity_id"]) == ("paused", None)
    scene.team.ask("POST", f"{path}/resume")
    ended = scene.answer("live_activities", "end_stream", key)
    assert (ended["success"], ended["operation"], ended["stream_key"]) == (True, "ended", key)


def test_wrong_content_is_a_400_that_names_the_field(scene: Scene) -> None:
    body = refusal(scene.call("notifications", "send", {"title": "t", "sound": "s" * 101}), 400)
    assert "sound" in body["message"]


def test_a_wrong_key_is_a_401(scene: Scene) -> None:
    refusal(scene.sdk.call("ask_wrong", "notifications", "send", {"title": "t"}), 401)


def test_a_channel_outside_the_keys_scope_is_a_403(scene: Scene) -> None:
    body = refusal(scene.call("notifications", "send", {"title": "t", "channels": ["elsewhere"]}), 403)
    assert "outside this key scope" in body["message"]


def test_no_recipients_are_a_404_with_the_channels(scene: Scene) -> None:
    scene.team.ask("DELETE", f"/api/channels/{scene.channel_id}/devices/{scene.phone.device_id}")
    body = refusal(scene.call("notifications", "send", {"title": "t"}), 404)
    assert body["effective_channel_slugs"] == [scene.slug]


def test_what_is_not_there_is_a_404(scene: Scene) -> None:
    refusal(scene.call("live_activities", "update", NO_SUCH_ACTIVITY), 404)
    refusal(scene.call("live_activities", "end_stream", "no-such-stream"), 404)


def test_the_phone_shows_a_push_with_tags_and_metadata(scene: Scene) -> None:
    title = scene.team.unique("Decorated")
    scene.answer("notifications", "send", {"title": title, "tags": ["billing"], "metadata": {"order": 1}})
    scene.phone.shows(title)


def test_a_key_of_channels_writes_no_metric_because_widgets_are_the_whole_accounts(scene: Scene) -> None:
    refusal(scene.call("metrics", "update", "deploys", 99.9), 403)


def test_limits_are_429s_that_say_which(sdk: Sdk, stack: Stack) -> None:
    scene = scene_in(second_account(stack), sdk)
    scene.team.ask("PATCH", "/api/account", rate_limit_per_minute=3, max_live_activities=1)
    scene.answer("live_activities", "start", {"content_state": steps()})
    full = refusal(scene.call("live_activities", "start", {"content_state": steps()}), 429)
    assert full.keys() == {"error", "message", "limit", "active"}
    assert (full["limit"], full["active"]) == (1, 1)
    scene.answer("notifications", "send", {"title": "the third"})
    limited = refusal(scene.call("notifications", "send", {"title": "one too many"}), 429)
    message = "Too many requests, please try again later."
    assert limited == {"error": "Rate limit exceeded", "message": message, "code": "rate_limited"}
