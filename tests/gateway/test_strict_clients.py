"""The official Go SDK takes any field that the documented contract lacks for an error: it is not sent one."""

from dataclasses import dataclass
from typing import Any

import pytest
from smith.core.v1 import badge_service_pb2 as badges
from smith.core.v1 import live_activity_service_pb2 as live
from smith.core.v1 import push_notification_service_pb2 as push

from service_kit.errors import DomainError, Kind
from tests.gateway.conftest import RunningGateway
from tests.gateway.core_stand_in import CoreStandIn


@dataclass
class Case:
    """A request, core's answer to it, and which of the answer's fields the documented contract does not have."""

    rpc: str
    method: str
    path: str
    body: dict[str, Any]
    answer: Any
    extra: set[str]


STATE = {"content_state": {"title": "t", "type": "progress", "percentage": 1}}
CHANGE = {"activity_id": "a", "content_state": {"title": "t"}}
PUSHED = push.SendPushNotificationResponse(success=True, devices_queued=1, notification_id="n1")
STARTED = live.StartLiveActivityResponse(success=True, activity_id="a", devices_queued=1, ended_activity_id="b")
UPDATED = live.UpdateLiveActivityResponse(
    success=True,
    activity_id="a",
    devices_queued=1,
    warning="often",
    users_notified=1,
    effective_channel_slugs=["ops"],
    by_broadcast=True,
)
ENDED = live.EndLiveActivityResponse(success=True, activity_id="a", devices_queued=1, ignored=True, by_broadcast=True)
PUT = live.PutLiveActivityStreamResponse(
    success=True, stream_key="s", devices_queued=1, warning="often", ended_activity_id="b", by_broadcast=True
)
NUMBER = badges.SetBadgeResponse(success=True, badge=3, devices_queued=1)
UPDATED_AND_MORE = {"devices_updated", "users_updated", "devices_targeted", "devices_queued"}
QUEUED_AND_ID = {"devices_queued", "notification_id"}

CASES = {
    "push": Case("SendPushNotification", "POST", "push-notification", {"title": "t"}, PUSHED, QUEUED_AND_ID),
    "start": Case(
        "StartLiveActivity", "POST", "live-activity/start", STATE, STARTED, {"devices_queued", "ended_activity_id"}
    ),
    "update": Case(
        "UpdateLiveActivity",
        "POST",
        "live-activity/update",
        CHANGE,
        UPDATED,
        {"warning", "users_notified", "effective_channel_slugs", "by_broadcast"},
    ),
    "end": Case("EndLiveActivity", "POST", "live-activity/end", CHANGE, ENDED, {"ignored", "by_broadcast"}),
    "put": Case(
        "PutLiveActivityStream",
        "PUT",
        "live-activity/stream/s",
        STATE,
        PUT,
        {"warning", "ended_activity_id", "by_broadcast"},
    ),
    "badge": Case("SetBadge", "POST", "badge", {"badge": 3}, NUMBER, UPDATED_AND_MORE),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_go_gets_the_documented_fields_and_everybody_else_gets_all(
    gateway: RunningGateway, core: CoreStandIn, case: Case
) -> None:
    core.answers(case.rpc, case.answer)

    async def asked(**headers: str) -> dict[str, Any]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = await gateway.request(case.method, f"/api/{case.path}", case.body, sent)
        assert reply.status == 200, reply.body
        return dict(reply.json())

    full = await asked(user_agent="curl/8")
    assert full.keys() >= case.extra
    documented = {name: value for name, value in full.items() if name not in case.extra}
    assert await asked(user_agent="OpenAPI-Generator/1.2.0/go") == documented
    assert await asked(x_activitysmith_sdk="go-v1.9.0") == documented
    assert await asked(x_activitysmith_sdk="python-v1.14.0", user_agent="OpenAPI-Generator/1.2.0/python") == full


class LimitReached(DomainError):
    kind, reason, error = Kind.EXHAUSTED, "LIVE_ACTIVITY_LIMIT", "Live Activity limit reached"


class RateLimited(DomainError):
    kind, reason, error = Kind.EXHAUSTED, "RATE_LIMITED", "Rate limit exceeded"


@pytest.mark.parametrize(
    ("error", "documented", "extra"),
    [
        (
            LimitReached("full", limit=5, active=5, blocked_devices=1, targeted_devices=2),
            {"limit": 5, "active": 5},
            {"blocked_devices": 1, "targeted_devices": 2},
        ),
        (RateLimited("slowly", limit=60, retry_after_seconds=1), {}, {"code": "rate_limited"}),
    ],
    ids=["no room", "too many requests"],
)
async def test_go_gets_the_documented_members_of_errors_too(
    gateway: RunningGateway, core: CoreStandIn, error: DomainError, documented: dict[str, Any], extra: dict[str, Any]
) -> None:
    core.fails("StartLiveActivity", error)
    texts = {"error": error.error, "message": error.message}

    async def refused(agent: str) -> tuple[int, Any]:
        reply = await gateway.request("POST", "/api/live-activity/start", STATE, {"user-agent": agent})
        return reply.status, reply.json()

    assert await refused("OpenAPI-Generator/1.2.0/go") == (429, texts | documented)
    assert await refused("curl/8") == (429, texts | documented | extra)
