"""The check of the credentials with Apple: true, understandable, and felt by nothing that is being sent."""

import re
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from smith.core.v1.apns_service_pb2 import (
    APNS_CHECK_RESULT_MISCONFIGURED,
    APNS_CHECK_RESULT_UNREACHABLE,
    APNS_CHECK_RESULT_WORKING,
)
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_PRODUCTION, APNS_ENVIRONMENT_SANDBOX
from smith.core.v1.status_service_pb2 import DESTINATION_SIMULATOR

from core_service.apns_check.explanation import CheckAnswer, CheckResult, explain
from service_kit.status import from_rpc_error
from simulator.credentials import BUNDLE_ID
from tests.core.browser_rig import add_browser
from tests.core.harness import Account, refusal, start_account
from tests.core.live_rig import Rig
from tests.waiting import eventually_async

MISCONFIGURED, UNREACHABLE = APNS_CHECK_RESULT_MISCONFIGURED, APNS_CHECK_RESULT_UNREACHABLE
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def account(rig: Rig) -> AsyncIterator[Account]:
    """An account on a server with a delivery service and an APNs."""
    yield await start_account(rig.core)
    await rig.control("DELETE", "/apns/faults")


async def add_phone(account: Account, bundle_id: str, environment: Any = APNS_ENVIRONMENT_SANDBOX) -> None:
    phone = await account.add_phone()
    token = secrets.token_hex(32)
    await phone.caller.PutDeviceTokens(environment=environment, bundle_id=bundle_id, push_token=token)


async def test_good_credentials_are_said_to_work_and_nothing_is_recorded(rig: Rig, account: Account) -> None:
    for _ in range(2):
        await add_phone(account, BUNDLE_ID)
    await add_phone(account, BUNDLE_ID, APNS_ENVIRONMENT_PRODUCTION)
    checks = (await account.owner.CheckApns()).checks
    assert [(check.environment, check.topic) for check in checks] == [
        (APNS_ENVIRONMENT_SANDBOX, BUNDLE_ID),
        (APNS_ENVIRONMENT_PRODUCTION, BUNDLE_ID),
    ]
    assert {(check.result, check.reason) for check in checks} == {(APNS_CHECK_RESULT_WORKING, "BadDeviceToken")}
    assert not (await account.owner.ListDeliveryAttempts()).delivery_attempts
    assert (await account.owner.ListDevices()).counts.ready == 3


@pytest.mark.parametrize(
    ("faults", "bundle_id", "told"),
    [
        ({"revoke_key": True}, BUNDLE_ID, (MISCONFIGURED, "InvalidProviderToken", "SMITH_APNS_KEY_ID")),
        ({"clock_offset_seconds": -3600.0}, BUNDLE_ID, (MISCONFIGURED, "InvalidProviderToken", "clock")),
        ({}, "com.example.other", (MISCONFIGURED, "TopicDisallowed", "bundle id")),
        ({"refuse_connections": True}, BUNDLE_ID, (UNREACHABLE, "ConnectFailed", "the simulator runs")),
    ],
)
async def test_what_is_wrong_is_explained_and_stops_no_line(
    rig: Rig, account: Account, faults: dict[str, Any], bundle_id: str, told: tuple[int, str, str]
) -> None:
    await add_phone(account, bundle_id)
    await rig.control("POST", "/apns/faults", {"settings": faults})
    [check] = (await account.owner.CheckApns()).checks
    result, reason, advice = told
    assert (check.result, check.reason) == (result, reason)
    assert advice in check.advice
    assert not (await account.owner.GetServerStatus()).alarms


@pytest.mark.parametrize(
    ("reason", "result"),
    [
        ("ProxyUnreachable", CheckResult.UNREACHABLE),
        ("ProxyCannotConnect", CheckResult.UNREACHABLE),
        ("ProxyAuthentication", CheckResult.MISCONFIGURED),
        ("ProxyForbidden", CheckResult.MISCONFIGURED),
    ],
)
async def test_a_proxy_that_is_in_the_way_is_named(reason: str, result: CheckResult) -> None:
    answer = CheckAnswer(reason, BUNDLE_ID, result is CheckResult.MISCONFIGURED, answered=False, latency_ms=1)
    told = explain(answer)
    assert told.result is result
    assert "SMITH_APNS_PROXY" in told.meaning
    assert "proxy" in told.advice


async def test_what_the_simulator_answers_is_not_said_to_be_apples_word(rig: Rig, account: Account) -> None:
    await add_phone(account, BUNDLE_ID)
    [check] = (await account.owner.CheckApns()).checks
    assert check.simulated
    assert check.explanation.startswith("The simulator takes pushes for this app.")
    assert "APNs" not in check.explanation
    assert "SMITH_APNS_KEY_FILE" in check.advice


async def test_an_account_without_phones_asks_about_the_configured_app(account: Account) -> None:
    checks = (await account.owner.CheckApns()).checks
    assert [check.environment for check in checks] == [APNS_ENVIRONMENT_PRODUCTION, APNS_ENVIRONMENT_SANDBOX]


async def test_it_is_for_owners_and_not_for_haste(account: Account) -> None:
    _, member = await account.add_member()
    assert (await refusal(member.CheckApns())).reason == "FORBIDDEN"

    async def told_to_wait() -> str | None:
        """What a second check is refused with; None if the time to wait was over before it came, as on a machine that
        has no time for this process."""
        began = time.monotonic()
        for _ in range(2):
            try:
                await account.owner.CheckApns()
            except grpc.aio.AioRpcError as error:
                refused = from_rpc_error(error)
                assert refused.reason == "TOO_MANY_ATTEMPTS"
                return refused.message
        assert time.monotonic() - began > 4.9
        return None

    told = await eventually_async("a second check is refused", told_to_wait)
    assert re.fullmatch(r"APNs was asked just now. Ask again in (1 second|[2-5] seconds)\.", str(told))


async def test_members_are_told_that_pushes_go_to_the_simulator(account: Account) -> None:
    _, member = await account.add_member()
    assert (await member.GetServerStatus()).pushes == DESTINATION_SIMULATOR


async def test_a_browser_is_nothing_to_ask_apple_about(account: Account) -> None:
    await add_browser(account, page_url="https://smith.example.com/phone/")
    checks = (await account.owner.CheckApns()).checks
    assert [check.environment for check in checks] == [APNS_ENVIRONMENT_PRODUCTION, APNS_ENVIRONMENT_SANDBOX]
