"""Devices as protobuf carries them."""

from smith.core.v1 import device_pb2

from core_service.devices.models import Device, Environment
from core_service.timestamps import to_timestamp
from service_kit.errors import InvalidRequest

ENVIRONMENTS = {
    Environment.PRODUCTION: device_pb2.APNS_ENVIRONMENT_PRODUCTION,
    Environment.SANDBOX: device_pb2.APNS_ENVIRONMENT_SANDBOX,
}


def read_environment(value: device_pb2.ApnsEnvironment.ValueType) -> Environment:
    """The environment that the number stands for.

    Raises InvalidRequest if it stands for none.
    """
    for environment, number in ENVIRONMENTS.items():
        if number == value:
            return environment
    raise InvalidRequest("environment must be `production` or `sandbox`")


def to_device(device: Device) -> device_pb2.Device:
    """The device without its tokens."""
    return device_pb2.Device(
        id=str(device.id),
        user_id=str(device.user_id),
        name=device.name,
        environment=None if device.environment is None else ENVIRONMENTS[Environment(device.environment)],
        bundle_id=device.bundle_id,
        os_version=device.os_version,
        push_token_state=_push_token_state(device),
        push_token_reason=device.push_token_dead_reason,
        created_at=to_timestamp(device.created_at),
        push_token_registered_at=to_timestamp(device.push_token_registered_at),
    )


def _push_token_state(device: Device) -> device_pb2.PushTokenState.ValueType:
    if device.push_token is None:
        return device_pb2.PUSH_TOKEN_STATE_MISSING
    if device.push_token_dead_reason is not None:
        return device_pb2.PUSH_TOKEN_STATE_DEAD
    return device_pb2.PUSH_TOKEN_STATE_ACTIVE
