"""Whether pushes and mails leave the installation: told as it is, for screens that must not say more."""

from pathlib import Path
from typing import Any

import pytest
from smith.delivery.v1.delivery_service_pb2 import CheckCredentialsRequest, Destination, GetDestinationsRequest
from smith.delivery.v1.mail_pb2 import Mail
from smith.delivery.v1.mail_service_pb2 import SendMailRequest

from delivery_service.destinations import configuration_of, mails_are_simulated, pushes_are_simulated
from delivery_service.settings import DeliverySettings
from tests.delivery.conftest import Start
from tests.delivery.harness import PRODUCTION, Apns

NONE, SIMULATOR, REAL = (
    Destination.DESTINATION_NONE, Destination.DESTINATION_SIMULATOR, Destination.DESTINATION_REAL,
)  # fmt: skip
APPLE = "api.push.apple.com:443"
APPLES_OTHER = "api.sandbox.push.apple.com:443"


@pytest.mark.parametrize(
    ("production", "sandbox", "told", "simulated"),
    [
        (APPLE, APPLES_OTHER, None, False),
        ("localhost:8443", "localhost:8443", None, True),
        ("simulator:8443", "simulator:8443", None, True),
        ("localhost:8443", APPLES_OTHER, None, False),
        ("evil-push.apple.com.example:443", "relay.example.com:443", None, True),
        ("relay.example.com:443", "relay.example.com:443", False, False),
        (APPLE, APPLES_OTHER, True, True),
    ],
)
def test_pushes_are_simulated_if_no_address_is_apples_or_as_told(
    production: str, sandbox: str, told: bool | None, simulated: bool
) -> None:
    given: dict[str, Any] = {"apns_production_address": production, "apns_sandbox_address": sandbox}
    assert pushes_are_simulated(DeliverySettings(apns_simulated=told, **given)) is simulated


@pytest.mark.parametrize(
    "setting",
    [
        "apns_key_id",
        "apns_team_id",
        "apns_topic",
        "apns_production_address",
        "apns_sandbox_address",
    ],
)
def test_a_fingerprint_tells_settings_apart_under_which_apns_knows_other_tokens(setting: str) -> None:
    first, same, other = (
        configuration_of(DeliverySettings(**{setting: value}))
        for value in ("one.example:443", "one.example:443", "other.example:443")
    )
    assert first == same != other
    assert len(first) == 16


def test_a_fingerprint_does_not_change_with_what_has_nothing_to_do_with_tokens() -> None:
    assert configuration_of(DeliverySettings(apns_connections=2)) == configuration_of(DeliverySettings())


@pytest.mark.parametrize(
    ("smtp_host", "apns", "told", "simulated"),
    [
        (None, "localhost:8443", None, False),
        ("127.0.0.1", "localhost:8443", None, True),
        ("simulator", "simulator:8443", None, True),
        ("smtp.example.com", "localhost:8443", None, False),
        ("localhost", APPLE, None, False),
        ("localhost", "localhost:8443", False, False),
    ],
)
def test_mails_are_simulated_if_they_go_where_simulated_pushes_go_or_as_told(
    smtp_host: str | None, apns: str, told: bool | None, simulated: bool
) -> None:
    sender = {"smtp_host": smtp_host, "smtp_from": "a@example.com"} if smtp_host else {}
    settings = DeliverySettings(
        apns_production_address=apns, apns_sandbox_address=apns, smtp_simulated=told, **sender
    )  # fmt: skip
    assert mails_are_simulated(settings) is simulated


async def test_a_service_before_the_simulator_says_so_with_every_answer(apns: Apns, start: Start) -> None:
    mail = {"SMITH_SMTP_HOST": "127.0.0.1", "SMITH_SMTP_PORT": str(apns.process.mail_port), "SMITH_SMTP_TLS": "none"}
    async with start(**mail, SMITH_SMTP_FROM="server@example.com") as service:
        told = await service.stub.GetDestinations(GetDestinationsRequest(), timeout=20)
        check = await service.stub.CheckCredentials(CheckCredentialsRequest(environment=PRODUCTION), timeout=20)
        sent = await service.mails.SendMail(SendMailRequest(mail=Mail(to="a@b.test", subject="s", text="t", id="1")))
    assert (told.pushes, told.mails, told.push_fault) == (SIMULATOR, SIMULATOR, "")
    assert check.simulated
    assert sent.result.simulated


async def test_a_service_says_why_it_can_send_nothing(start: Start, tmp_path: Path) -> None:
    async with start(SMITH_APNS_KEY_FILE=str(tmp_path / "nope.p8"), SMITH_APNS_SIMULATED="0") as service:
        told = await service.stub.GetDestinations(GetDestinationsRequest(), timeout=20)
    assert (told.pushes, told.mails, told.push_fault) == (REAL, NONE, "ProviderKeyUnreadable")
    assert "SMITH_APNS_KEY_FILE" in told.push_fault_explanation
    async with start(SMITH_APNS_KEY_FILE="", SMITH_APNS_SIMULATED="0") as service:
        told = await service.stub.GetDestinations(GetDestinationsRequest(), timeout=20)
    assert (told.pushes, told.push_fault) == (NONE, "ProviderKeyMissing")
