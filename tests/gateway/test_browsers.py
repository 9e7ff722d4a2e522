"""What a browser writes by itself reaches core as it is."""

from smith.core.v1 import phone_service_pb2
from smith.core.v1.device_pb2 import BROWSER_PUSH_SERVICE_GOOGLE, DEVICE_PLATFORM_WEB, Device

from tests.gateway.conftest import RunningGateway
from tests.gateway.core_stand_in import CoreStandIn

SUBSCRIPTION = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
    "expirationTime": None,
    "keys": {"p256dh": "B" * 87, "auth": "A" * 22},
}


async def test_a_subscription_is_taken_as_the_browser_gives_it(gateway: RunningGateway, core: CoreStandIn) -> None:
    device = Device(id="d", platform=DEVICE_PLATFORM_WEB, push_service=BROWSER_PUSH_SERVICE_GOOGLE)
    core.answers("PutWebSubscription", phone_service_pb2.PutWebSubscriptionResponse(device=device))
    body = SUBSCRIPTION | {"page_url": "https://smith.example.com/phone/"}
    reply = await gateway.request("PUT", "/api/device/web-subscription", body)
    assert reply.status == 200, reply.body
    told = reply.json()["device"]
    assert (told["platform"], told["push_service"]) == ("web", "google")
    asked = core.calls[0].request
    assert (asked.endpoint, asked.keys.p256dh, asked.keys.auth) == (
        SUBSCRIPTION["endpoint"], "B" * 87, "A" * 22,
    )  # fmt: skip
    assert not asked.HasField("expiration_time")


async def test_what_browsers_may_add_is_ignored(gateway: RunningGateway, core: CoreStandIn) -> None:
    core.answers("PutWebSubscription", phone_service_pb2.PutWebSubscriptionResponse())
    keys = {"p256dh": "B" * 87, "auth": "A" * 22, "encoding": "aes128gcm"}
    body = SUBSCRIPTION | {"keys": keys, "expirationTime": 1795844985123.5, "options": {"userVisibleOnly": True}}
    reply = await gateway.request("PUT", "/api/device/web-subscription", body)
    assert reply.status == 200, reply.body
    assert reply.headers["ignored-fields"] == "keys.encoding, options"
    assert core.calls[0].request.expiration_time == 1795844985123.5


async def test_the_wait_for_another_state_is_asked_for_in_the_query(gateway: RunningGateway, core: CoreStandIn) -> None:
    core.answers("GetDeviceState", phone_service_pb2.GetDeviceStateResponse(version="v2", badge=0))
    reply = await gateway.request("GET", "/api/device/state?after=v1&wait_seconds=25")
    assert (reply.json()["version"], reply.json()["badge"]) == ("v2", 0)
    asked = core.calls[0].request
    assert (asked.after, asked.wait_seconds) == ("v1", 25)
