"""smith.core.v1.DeviceService over gRPC."""

from typing import Any

from smith.core.v1 import device_service_pb2 as messages
from smith.core.v1 import device_service_pb2_grpc

from core_service.common.reading import asked_page, choices, given, to_timestamp
from core_service.common.validation import find_uuid, require_uuid
from core_service.devices.convert import to_counts, to_device_view
from core_service.devices.listing import DeviceFilter, DeviceState
from core_service.devices.service import THING, Devices
from core_service.identity import principal
from core_service.identity.models import Role


class DeviceServicer(device_service_pb2_grpc.DeviceServiceServicer):
    """Manages the devices of the caller's account."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices

    async def CreatePairingCode(
        self, request: messages.CreatePairingCodeRequest, context: Any
    ) -> messages.CreatePairingCodeResponse:
        caller = principal.session()
        code, expires_at = await self._devices.pairing.issue(
            caller.account_id,
            caller.user_id,
            caller_is_owner=caller.role is Role.OWNER,
            user_id=given(request, "user_id", require_uuid),
        )
        return messages.CreatePairingCodeResponse(pairing_code=code, expires_at=to_timestamp(expires_at))

    async def ListDevices(self, request: messages.ListDevicesRequest, context: Any) -> messages.ListDevicesResponse:
        page, counts = await self._devices.list(
            principal.session().account_id,
            DeviceFilter(
                query=request.query,
                user_id=given(request, "user_id", require_uuid),
                states=frozenset(choices(request, "states", DeviceState)),
                device_ids=request.device_ids,
            ),
            *asked_page(request),
            newest_first=request.newest_first,
        )
        return messages.ListDevicesResponse(
            devices=[to_device_view(view) for view in page.items],
            next_page_token=page.next_token,
            counts=None if counts is None else to_counts(counts),
        )

    async def GetDevice(self, request: messages.GetDeviceRequest, context: Any) -> messages.GetDeviceResponse:
        view = await self._devices.get(principal.session().account_id, find_uuid(request.device_id, THING))
        return messages.GetDeviceResponse(device=to_device_view(view))

    async def UpdateDevice(self, request: messages.UpdateDeviceRequest, context: Any) -> messages.UpdateDeviceResponse:
        caller = principal.session()
        view = await self._devices.rename(
            caller.account_id,
            caller.user_id,
            find_uuid(request.device_id, THING),
            request.name,
            caller_is_owner=caller.role is Role.OWNER,
        )
        return messages.UpdateDeviceResponse(device=to_device_view(view))

    async def DeleteDevice(self, request: messages.DeleteDeviceRequest, context: Any) -> messages.DeleteDeviceResponse:
        caller = principal.session()
        await self._devices.remove(
            caller.account_id,
            caller.user_id,
            find_uuid(request.device_id, THING),
            caller_is_owner=caller.role is Role.OWNER,
        )
        return messages.DeleteDeviceResponse()
