"""The official SDK works against this server by changing its host."""

import pytest
from activitysmith import ActivitySmith
from activitysmith_openapi.exceptions import ForbiddenException, NotFoundException

from tests.e2e.conftest import Audience
from tests.team import Team


def sdk(team: Team, secret: str) -> ActivitySmith:
    """The SDK, pointed at the test server."""
    client = ActivitySmith(api_key=secret)
    client.notifications._api.api_client.configuration.host = f"{team.base_url}/api"
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
