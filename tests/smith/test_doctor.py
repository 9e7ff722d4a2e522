"""What the doctor says of a server that is not well, and of what it needs."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr

from cli.doctor.apns import apns_key
from cli.doctor.database import judge_clock
from cli.doctor.finding import Finding, Status
from cli.doctor.machine import data_folder, known_holes
from cli.doctor.settings import DoctorSettings
from cli.doctor.single_sign_on import single_sign_on
from cli.doctor.web_push import web_push, web_push_key
from cli.up.web_push_key import ensure_web_push_key
from delivery_service.settings import DeliverySettings
from tests.core.openid_rig import running_provider
from tests.delivery.harness import delivery_service
from tests.smith_command import smith
from tests.waiting import LONG

SECONDS = 2


@contextlib.contextmanager
def silent_listeners(count: int) -> Iterator[list[str]]:
    """Addresses at which connections are taken and nothing is ever said."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        yield [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]


@pytest.mark.thorough
def test_where_everything_hangs_the_doctor_ends_and_names_each_without_a_secret(tmp_path: Path) -> None:
    with silent_listeners(7) as (one, other, delivery, gateway, admin, database, redis):
        began = time.monotonic()
        done = smith(
            tmp_path, "doctor", "--json", "--timeout", SECONDS, SMITH_CORE_ADDRESS=f"{one},{other}",
            SMITH_DELIVERY_ADDRESS=delivery, SMITH_GATEWAY_URL=f"http://{gateway}", SMITH_ADMIN_URL=f"http://{admin}",
            SMITH_DATABASE_URL=f"postgresql://smith:hunter2@{database}/smith",
            SMITH_REDIS_URL=f"redis://:hunter2@{redis}/0",
            SMITH_GATEWAY_PORT=gateway.rpartition(":")[2],
            SMITH_OWNER_EMAIL="owner@example.com", SMITH_OWNER_PASSWORD="hunter2",
        )  # fmt: skip
        took = time.monotonic() - began
    assert done.returncode == 1, done.stderr
    assert "hunter2" not in done.stdout.decode() + done.stderr.decode()
    findings = json.loads(done.stdout)["findings"]
    failed = [finding["check"] for finding in findings if finding["status"] == "fail"]
    assert failed.count("core") == 2
    assert {"ports", "database", "redis", "core", "delivery", "gateway", "admin", "apns"} <= set(failed)
    assert all(finding["advice"] for finding in findings if finding["status"] == "fail")
    # Each has its 2 seconds, all at once; the rest is for a busy machine to start Python and the check that signs in.
    assert took < 2 * LONG


def test_invalid_settings_are_findings_too(tmp_path: Path) -> None:
    done = smith(tmp_path, "doctor", SMITH_GATEWAY_PORT="many", SMITH_INTERNAL_SECRET="hunter2")
    assert done.returncode == 1
    said = done.stdout.decode()
    assert "SMITH_GATEWAY_PORT='many'" in said
    assert "SMITH_INTERNAL_SECRET=(hidden)" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("offset", "status"),
    [(0.0, Status.OK), (-4.9, Status.OK), (6.0, Status.WARN), (-59.0, Status.WARN), (61.0, Status.FAIL)],
)
def test_a_clock_is_judged_by_what_apns_tolerates(offset: float, status: Status) -> None:
    assert judge_clock(offset, "the database").status is status


@pytest.mark.parametrize(
    ("content", "settings", "mode", "status", "word"),
    [
        ("P-256", {}, 0o600, Status.OK, "com.example.app"),
        ("P-256", {}, 0o644, Status.WARN, "others can read"),
        ("P-256", {"SMITH_APNS_TOPIC": ""}, 0o600, Status.WARN, "SMITH_APNS_TOPIC"),
        ("P-256", {"SMITH_APNS_KEY_ID": "short"}, 0o600, Status.FAIL, "SMITH_APNS_KEY_ID"),
        ("P-256", {"SMITH_APNS_TEAM_ID": ""}, 0o600, Status.FAIL, "SMITH_APNS_TEAM_ID"),
        ("P-384", {}, 0o600, Status.FAIL, "P-256"),
        ("nonsense", {}, 0o600, Status.FAIL, "not a private key"),
        ("", {}, 0o600, Status.FAIL, "not a private key"),
        (None, {}, 0o600, Status.FAIL, "No such file"),
    ],
)
def test_a_key_for_apns_is_read_and_what_is_missing_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    content: str | None,
    settings: dict[str, str],
    mode: int,
    status: Status,
    word: str,
) -> None:
    path = tmp_path / "AuthKey.p8"
    curves: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
    if content in curves:
        path.write_bytes(
            ec.generate_private_key(curves[content]).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    elif content is not None:
        path.write_text(content)
    if content is not None:
        path.chmod(mode)
    whole = {
        "SMITH_APNS_KEY_FILE": str(path),
        "SMITH_APNS_KEY_ID": "ABCDE12345",
        "SMITH_APNS_TEAM_ID": "TEAM123456",
        "SMITH_APNS_TOPIC": "com.example.app",
    }
    for name, value in (whole | settings).items():
        monkeypatch.setenv(name, value)
    [finding] = apns_key(DoctorSettings())
    assert finding.status is status
    assert word in finding.message


@pytest.mark.parametrize(
    ("content", "mode", "status", "word"),
    [
        ("P-256", 0o600, Status.OK, "is this server's key for browsers"),
        ("P-256", 0o640, Status.WARN, "others can read"),
        ("P-384", 0o600, Status.FAIL, "P-256"),
        ("", 0o600, Status.FAIL, "not a private key"),
        (None, 0o600, Status.FAIL, "does not exist"),
    ],
)
def test_a_key_for_browsers_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, content: str | None, mode: int, status: Status, word: str
) -> None:
    path = tmp_path / "webpush.pem"
    curves: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}
    if content is not None:
        pem = b""
        if content in curves:
            pem = ec.generate_private_key(curves[content]).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        path.write_bytes(pem)
        path.chmod(mode)
    monkeypatch.setenv("SMITH_WEBPUSH_KEY_FILE", str(path))
    finding = web_push_key(DoctorSettings())[0]
    assert finding.status is status
    assert word in finding.message


@pytest.mark.parametrize(
    ("settings", "status", "word"),
    [
        ({"SMITH_WEBPUSH_SUBJECT": "mailto:me@example.com"}, Status.OK, "mailto:me@example.com"),
        ({"SMITH_WEBPUSH_SUBJECT": "mailto:me@localhost"}, Status.FAIL, "Apple refuses"),
        ({"SMITH_WEBPUSH_SUBJECT": "https://192.168.1.2"}, Status.FAIL, "Apple refuses"),
        ({"SMITH_SMTP_FROM": "Server <push@example.com>"}, Status.OK, "mailto:push@example.com"),
        ({"SMITH_GATEWAY_URL": "https://push.example.com"}, Status.OK, "https://push.example.com"),
        ({"SMITH_GATEWAY_URL": "http://127.0.0.1:8000"}, Status.SKIP, "no contact address"),
    ],
)
def test_the_contact_address_for_push_services_is_judged_as_apple_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], status: Status, word: str
) -> None:
    monkeypatch.setenv("SMITH_DATA_DIR", str(tmp_path))
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    key, subject = web_push_key(DoctorSettings())
    assert key.status is Status.SKIP
    assert subject.status is status
    assert word in subject.message


async def test_the_delivery_service_is_asked_whether_it_can_send_to_browsers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "webpush.pem"

    async def finding() -> Finding:
        given = DeliverySettings(delivery_port=0, webpush_key_file=path)
        async with delivery_service(given) as service:
            monkeypatch.setenv("SMITH_DELIVERY_ADDRESS", service.address)
            [found] = await web_push(DoctorSettings(), 10.0)
        return found

    without = await finding()
    assert (without.status, "WebPushKeyUnreadable" in without.message) == (Status.FAIL, True)
    ensure_web_push_key(tmp_path)
    assert (await finding()).status is Status.OK
    secret = SecretStr("x" * 40)
    async with delivery_service(DeliverySettings(delivery_port=0, internal_secret=secret)) as service:
        monkeypatch.setenv("SMITH_DELIVERY_ADDRESS", service.address)
        [stranger] = await web_push(DoctorSettings(), 10.0)
    assert (stranger.status, "secret" in stranger.message) == (Status.SKIP, True)


def test_secrets_that_others_can_read_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMITH_DATA_DIR", str(tmp_path))
    (tmp_path / "quickstart.json").write_text("{}")
    (tmp_path / "quickstart.json").chmod(0o600)
    assert data_folder(DoctorSettings())[0].status is Status.OK
    (tmp_path / "quickstart.json").chmod(0o640)
    [finding] = data_folder(DoctorSettings())
    assert (finding.status, "chmod 600" in finding.advice) == (Status.FAIL, True)


@pytest.mark.parametrize(
    ("version", "holes"),
    [
        ((3, 11, 4), ["CVE-2024-6923", "CVE-2024-7592", "CVE-2023-40217"]),
        ((3, 11, 7), ["CVE-2024-6923", "CVE-2024-7592"]),
        ((3, 11, 10), []),
        ((3, 12, 1), ["CVE-2024-6923", "CVE-2024-7592"]),
        ((3, 12, 5), ["CVE-2024-7592"]),
        ((3, 12, 6), []),
        ((3, 13, 0), []),
        ((3, 14, 2), []),
    ],
)
def test_a_python_with_known_holes_is_named(version: tuple[int, int, int], holes: list[str]) -> None:
    assert [hole.partition(":")[0] for hole in known_holes(version)] == holes


@pytest.mark.parametrize(
    ("issuer", "says", "status", "word"),
    [
        ("{url}", {}, Status.OK, "https://admin.example.com/single-sign-on/callback"),
        ("{url}/", {}, Status.FAIL, "SMITH_OIDC_ISSUER must be exactly the same"),
        ("{url}/realms/none", {}, Status.FAIL, "answers 404"),
        (
            "{url}",
            {"token_endpoint": "http://login.example.com/token"},
            Status.FAIL,
            "token_endpoint must begin with https",
        ),
        ("{url}", {"id_token_signing_alg_values_supported": ["none"]}, Status.FAIL, "signs ID tokens in no way"),
        ("http://127.0.0.1:1", {}, Status.FAIL, "http://127.0.0.1:1: "),
        ("http://login.example.com", {}, Status.FAIL, "must begin with https://"),
        ("", {}, Status.SKIP, "not set"),
    ],
)
async def test_the_provider_of_single_sign_on_is_asked_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, issuer: str, says: dict[str, Any], status: Status, word: str
) -> None:
    with running_provider() as provider:
        provider.says = says
        monkeypatch.setenv("SMITH_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("SMITH_ADMIN_URL", "https://admin.example.com")
        monkeypatch.setenv("SMITH_OIDC_ISSUER", issuer.format(url=provider.url))
        [finding] = await single_sign_on(DoctorSettings(), 10.0)
    assert finding.status is status
    assert word in finding.message
