"""Asking APNs whether it knows us, without reaching anybody."""

from typing import Any

import grpc
import pytest
from smith.delivery.v1.delivery_service_pb2 import CheckCredentialsRequest

from service_kit.status import from_rpc_error
from tests.delivery.conftest import Start
from tests.delivery.harness import (
    ACCEPTED,
    MISCONFIGURED,
    RETRY,
    SANDBOX,
    TOKEN_DEAD,
    TOPIC,
    Apns,
    Service,
    push,
    tally,
)
from tests.waiting import LONG


async def ask(service: Service, bundle_id: str = TOPIC) -> Any:
    """What APNs says of this app."""
    request = CheckCredentialsRequest(environment=SANDBOX, bundle_id=bundle_id)
    return await service.stub.CheckCredentials(request, timeout=LONG)


@pytest.fixture(autouse=True)
async def only_known_tokens(apns: Apns) -> None:
    """As the real APNs."""
    await apns.settings(accept_unknown_tokens=False)


async def test_good_credentials_are_refused_nothing_but_the_made_up_token(apns: Apns, service: Service) -> None:
    answer = await ask(service)
    assert (answer.reason, answer.kind, answer.topic, answer.status) == ("BadDeviceToken", TOKEN_DEAD, TOPIC, 400)
    [sent] = await apns.requests()
    assert sent["headers"]["apns-push-type"] == "background"
    assert (await apns.stats())["connections_open"] == 0


async def test_each_check_has_a_token_and_a_connection_of_its_own(apns: Apns, service: Service) -> None:
    await apns.settings(accept_unknown_tokens=True, drop_to_one_after_error=True)
    assert tally(await service.deliver(push(count=20))) == {(ACCEPTED, ""): 20}
    await apns.settings(accept_unknown_tokens=False)
    opened = (await apns.stats())["connections_opened"]
    for _ in range(2):
        await ask(service)
    assert (await apns.stats())["connections_opened"] == opened + 2
    first, second = (await apns.requests())[:2]
    assert first["token"] != second["token"]


@pytest.mark.parametrize(
    ("faults", "bundle_id", "told"),
    [
        ({"revoke_key": True}, TOPIC, (MISCONFIGURED, "InvalidProviderToken")),
        ({"clock_offset_seconds": 7200.0}, TOPIC, (MISCONFIGURED, "ExpiredProviderToken")),
        ({"clock_offset_seconds": -3600.0}, TOPIC, (MISCONFIGURED, "InvalidProviderToken")),
        ({}, "com.example.other", (MISCONFIGURED, "TopicDisallowed")),
        ({"refuse_connections": True}, TOPIC, (RETRY, "ConnectFailed")),
        ({"mute_tls": True}, TOPIC, (RETRY, "ConnectFailed")),
    ],
)
async def test_what_is_wrong_is_told_in_apples_word_or_ours(
    apns: Apns, start: Start, faults: dict[str, Any], bundle_id: str, told: tuple[int, str]
) -> None:
    await apns.settings(**faults)
    async with start(**({"SMITH_APNS_CONNECT_TIMEOUT": "0.4"} if "mute_tls" in faults else {})) as service:
        answer = await ask(service, bundle_id)
    assert (answer.kind, answer.reason) == told


async def test_what_is_not_set_is_told_without_asking(apns: Apns, start: Start) -> None:
    async with start(SMITH_APNS_KEY_FILE="") as service:
        assert (await ask(service)).reason == "ProviderKeyMissing"
    async with start(SMITH_APNS_TOPIC="") as service:
        answer = await ask(service, "")
        assert (answer.reason, answer.topic) == ("MissingBundleId", "")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await service.stub.CheckCredentials(CheckCredentialsRequest(bundle_id=TOPIC), timeout=20)
        assert from_rpc_error(refused.value).reason == "INVALID_REQUEST"
    assert await apns.requests() == []
