"""smith.core.v1.PhoneService over gRPC."""

from typing import Any

from smith.core.v1 import phone_service_pb2 as phone_messages
from smith.core.v1 import phone_service_pb2_grpc

from core_service.common.reading import asked_page, choice, given
from core_service.common.validation import find_uuid, require_storable
from core_service.devices.convert import to_device
from core_service.devices.models import Environment
from core_service.devices.service import Devices
from core_service.devices.tokens import TokenReport
from core_service.identity import principal
from core_service.phones.browsers import Browsers
from core_service.phones.convert import to_device_notification, to_live_activity
from core_service.phones.live_activities import PhoneActivities
from core_service.phones.notifications import PhoneNotifications
from core_service.phones.screen import Screens
from core_service.push.convert import to_sent
from core_service.push.device_test import DeviceTest
from core_service.webhooks.convert import to_action_run
from core_service.webhooks.service import ACTION, RUN, ActionRuns


class PhoneServicer(phone_service_pb2_grpc.PhoneServiceServicer):
    """Serves the app on a phone, and the page that makes a browser one."""

    def __init__(
        self,
        *,
        devices: Devices,
        browsers: Browsers,
        activities: PhoneActivities,
        screens: Screens,
        notifications: PhoneNotifications,
        trials: DeviceTest,
        runs: ActionRuns,
    ) -> None:
        self._devices = devices
        self._browsers = browsers
        self._screens = screens
        self._notifications = notifications
        self._trials = trials
        self._activities = activities
        self._runs = runs

    async def PairDevice(
        self, request: phone_messages.PairDeviceRequest, context: Any
    ) -> phone_messages.PairDeviceResponse:
        paired = await self._devices.pair(request.pairing_code, request.name, principal.anonymous().client_address)
        return phone_messages.PairDeviceResponse(device_id=str(paired.id), device_token=paired.token)

    async def PutDeviceTokens(
        self, request: phone_messages.PutDeviceTokensRequest, context: Any
    ) -> phone_messages.PutDeviceTokensResponse:
        caller = principal.device()
        device = await self._devices.put_tokens(caller.account_id, caller.device_id, _read_report(request))
        return phone_messages.PutDeviceTokensResponse(device=to_device(device))

    async def GetWebPushKey(
        self, request: phone_messages.GetWebPushKeyRequest, context: Any
    ) -> phone_messages.GetWebPushKeyResponse:
        return phone_messages.GetWebPushKeyResponse(public_key=await self._browsers.public_key())

    async def PutWebSubscription(
        self, request: phone_messages.PutWebSubscriptionRequest, context: Any
    ) -> phone_messages.PutWebSubscriptionResponse:
        keys = request.keys
        device = await self._browsers.put_subscription(
            principal.device(), request.endpoint, keys.p256dh, keys.auth, given(request, "page_url")
        )
        return phone_messages.PutWebSubscriptionResponse(device=to_device(device))

    async def ListDeviceNotifications(
        self, request: phone_messages.ListDeviceNotificationsRequest, context: Any
    ) -> phone_messages.ListDeviceNotificationsResponse:
        page = await self._notifications.list(principal.device(), *asked_page(request))
        return phone_messages.ListDeviceNotificationsResponse(
            notifications=[to_device_notification(one) for one in page.items], next_page_token=page.next_token
        )

    async def SendTestNotification(
        self, request: phone_messages.SendTestNotificationRequest, context: Any
    ) -> phone_messages.SendTestNotificationResponse:
        sent = await self._trials.send_to_itself(principal.device())
        return phone_messages.SendTestNotificationResponse(sent=to_sent(sent))

    async def PutLiveActivityToken(
        self, request: phone_messages.PutLiveActivityTokenRequest, context: Any
    ) -> phone_messages.PutLiveActivityTokenResponse:
        await self._activities.put_token(principal.device(), request.activity_id, request.token)
        return phone_messages.PutLiveActivityTokenResponse()

    async def ReportLiveActivityDismissed(
        self, request: phone_messages.ReportLiveActivityDismissedRequest, context: Any
    ) -> phone_messages.ReportLiveActivityDismissedResponse:
        await self._activities.dismissed(principal.device(), request.activity_id)
        return phone_messages.ReportLiveActivityDismissedResponse()

    async def GetDeviceState(
        self, request: phone_messages.GetDeviceStateRequest, context: Any
    ) -> phone_messages.GetDeviceStateResponse:
        screen = await self._screens.read(principal.device(), given(request, "after"), request.wait_seconds)
        return phone_messages.GetDeviceStateResponse(
            live_activities=[to_live_activity(one) for one in screen.activities],
            version=screen.version,
            device=to_device(screen.device),
            badge=screen.badge,
        )

    async def RunAction(
        self, request: phone_messages.RunActionRequest, context: Any
    ) -> phone_messages.RunActionResponse:
        run = await self._runs.run(principal.device(), find_uuid(request.action_id, ACTION))
        return phone_messages.RunActionResponse(action_run=to_action_run(run))

    async def GetActionRun(
        self, request: phone_messages.GetActionRunRequest, context: Any
    ) -> phone_messages.GetActionRunResponse:
        run = await self._runs.get(principal.device().device_id, find_uuid(request.action_run_id, RUN))
        return phone_messages.GetActionRunResponse(action_run=to_action_run(run))

    async def UnpairDevice(
        self, request: phone_messages.UnpairDeviceRequest, context: Any
    ) -> phone_messages.UnpairDeviceResponse:
        caller = principal.device()
        await self._devices.unpair(caller.account_id, caller.device_id)
        return phone_messages.UnpairDeviceResponse()


def _lower_case(value: str, _: str) -> str:
    return value.lower()


def _read_report(request: phone_messages.PutDeviceTokensRequest) -> TokenReport:
    return TokenReport(
        push_token=given(request, "push_token", _lower_case),
        push_to_start_token=given(request, "push_to_start_token", _lower_case),
        environment=choice(request, "environment", Environment),
        bundle_id=given(request, "bundle_id"),
        os_version=given(request, "os_version", require_storable),
        frequent_pushes_enabled=given(request, "frequent_pushes_enabled"),
        content_version=given(request, "content_version"),
    )
