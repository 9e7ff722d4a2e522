"""The official Go SDK takes any field that the documented contract lacks for an error: it is not sent one."""

from dataclasses import dataclass
from typing import Any

import pytest
from smith.core.v1 import badge_service_pb2 as badges
from smith.core.v1 import live_activity_service_pb2 as live
from smith.core.v1 import push_notification_service_pb2 as push

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
STARTED = live.StartLiveActivityResponse(success=True, activity_id="a", devices_queued=1)
UPDATED = live.UpdateLiveActivityResponse(success=True, activity_id="a", devices_queued=1, warning="often")
ENDED = live.EndLiveActivityResponse(success=True, activity_id="a", devices_queued=1, ignored=True)
PUT = live.PutLiveActivityStreamResponse(success=True, stream_key="s", devices_queued=1, warning="often")
NUMBER = badges.SetBadgeResponse(success=True, badge=3, devices_queued=1)
UPDATED_AND_MORE = {"devices_updated", "users_updated", "devices_targeted", "devices_queued"}
QUEUED_AND_ID = {"devices_queued", "notification_id"}

CASES = {
    "push": Case("SendPushNotification", "POST", "push-notification", {"title": "t"}, PUSHED, QUEUED_AND_ID),
    "start": Case("StartLiveActivity", "POST", "live-activity/start", STATE, STARTED, {"devices_queued"}),
    "update": Case("UpdateLiveActivity", "POST", "live-activity/update", CHANGE, UPDATED, {"warning"}),
    "end": Case("EndLiveActivity", "POST", "live-activity/end", CHANGE, ENDED, {"ignored"}),
    "badge": Case("SetBadge", "POST", "badge", {"badge": 3}, NUMBER, UPDATED_AND_MORE),
    "put": Case("PutLiveActivityStream", "PUT", "live-activity/stream/s", STATE, PUT, {"warning"}),
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
