"""Devices as protobuf carries them."""

from smith.core.v1 import device_pb2, device_service_pb2

from core_service.common.reading import to_timestamp
from core_service.devices.listing import DeviceCounts, DeviceState, DeviceView, state_of
from core_service.devices.models import Device, Environment
from service_kit.web_push import PushService

ENVIRONMENTS = {
    one: device_pb2.ApnsEnvironment.Value(f"APNS_ENVIRONMENT_{one.name}") for one in Environment if not one.is_browser
}
PUSH_SERVICES = {one: device_pb2.BrowserPushService.Value(f"BROWSER_PUSH_SERVICE_{one.name}") for one in PushService}
STATES = {one: device_pb2.DeviceState.Value(f"DEVICE_STATE_{one.name}") for one in DeviceState}


def to_device_view(view: DeviceView) -> device_pb2.Device:
    """The device as people see it."""
    device = to_device(view.device)
    device.user_name = view.user_name
    device.user_email = view.user_email
    device.channels.extend(view.channels)
    device.channel_count = view.channel_count
    return device


def to_counts(counts: DeviceCounts) -> device_service_pb2.DeviceCounts:
    """The numbers."""
    return device_service_pb2.DeviceCounts(
        ready=counts.ready, waiting=counts.waiting, dead=counts.dead, more=counts.more
    )


def to_device(device: Device) -> device_pb2.Device:
    """The device as its phone sees it, without its tokens."""
    environment = None if device.environment is None else Environment(device.environment)
    service = None if environment is None else environment.push_service
    return device_pb2.Device(
        id=str(device.id),
        user_id=str(device.user_id),
        name=device.name,
        environment=None if environment is None else ENVIRONMENTS.get(environment),
        bundle_id=device.bundle_id,
        os_version=device.os_version,
        push_token_state=_state(device.push_token, device.push_token_dead_reason),
        push_token_reason=device.push_token_dead_reason,
        created_at=to_timestamp(device.created_at),
        push_token_registered_at=to_timestamp(device.push_token_registered_at),
        push_to_start_token_state=_state(device.push_to_start_token, device.push_to_start_token_dead_reason),
        push_to_start_token_reason=device.push_to_start_token_dead_reason,
        push_to_start_token_registered_at=to_timestamp(device.push_to_start_token_registered_at),
        state=STATES[state_of(device)],
        last_seen_at=to_timestamp(device.last_seen_at),
        platform=None if environment is None else _platform(environment),
        push_service=None if service is None else PUSH_SERVICES[service],
    )


def _platform(environment: Environment) -> device_pb2.DevicePlatform.ValueType:
    return device_pb2.DEVICE_PLATFORM_WEB if environment.is_browser else device_pb2.DEVICE_PLATFORM_IOS


def _state(token: str | None, dead_reason: str | None) -> device_pb2.PushTokenState.ValueType:
    if token is None:
        return device_pb2.PUSH_TOKEN_STATE_MISSING
    if dead_reason is not None:
        return device_pb2.PUSH_TOKEN_STATE_DEAD
    return device_pb2.PUSH_TOKEN_STATE_ACTIVE
