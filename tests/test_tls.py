"""Processes that are told to speak TLS speak it with each other, and with no others."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from delivery_service.settings import DeliverySettings
from delivery_service.wiring import Delivery
from service_kit.client import open_channel
from service_kit.peers import Peers, require_protection
from service_kit.tls import Tls
from tests import certificates
from tests.certificates import Files
from tests.stack import Stack
from tests.team import Phone, Team, push
from tests.waiting import LONG


def tls_of(files: Files) -> Tls:
    return Tls.read(files.certificate, files.key, files.authority)


async def health(channel: grpc.aio.Channel) -> str:
    """How the call that is open to everybody ends."""
    try:
        await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=20)
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return "OK"


async def test_only_who_shows_a_certificate_of_the_authority_is_answered(tmp_path: Path) -> None:
    ours, others = certificates.make(tmp_path / "ours"), certificates.make(tmp_path / "others")
    settings = DeliverySettings(
        delivery_port=0,
        drain_seconds=1,
        tls_cert_file=ours.certificate,
        tls_key_file=ours.key,
        tls_ca_file=ours.authority,
    )
    delivery = Delivery(settings)
    address = f"127.0.0.1:{await delivery.start()}"
    nameless = grpc.ssl_channel_credentials(ours.authority.read_bytes())
    foreign = grpc.ssl_channel_credentials(
        ours.authority.read_bytes(), others.key.read_bytes(), others.certificate.read_bytes()
    )
    try:
        ended = []
        for channel in (
            open_channel(address, Peers.of(settings)),
            open_channel(address),
            open_channel(address, Peers(None, tls_of(others))),
            grpc.aio.secure_channel(address, nameless),
            grpc.aio.secure_channel(address, foreign),
        ):
            async with channel:
                ended.append(await health(channel))
        assert ended == ["OK", *["UNAVAILABLE"] * 4]
    finally:
        await delivery.stop()


async def test_a_server_with_a_certificate_for_elsewhere_is_told_nothing(tmp_path: Path) -> None:
    files = certificates.make(tmp_path, address="127.0.0.2")
    delivery = Delivery(
        DeliverySettings(
            delivery_port=0,
            drain_seconds=1,
            tls_cert_file=files.certificate,
            tls_key_file=files.key,
            tls_ca_file=files.authority,
        )
    )
    port = await delivery.start()
    try:
        async with open_channel(f"127.0.0.1:{port}", Peers(None, tls_of(files))) as channel:
            assert await health(channel) == "UNAVAILABLE"
    finally:
        await delivery.stop()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda env: env.pop("SMITH_TLS_CA_FILE"), "belong together"),
        (lambda env: env.update(SMITH_TLS_KEY_FILE="/nowhere"), "/nowhere"),
        (lambda env: env.update(SMITH_TLS_KEY_FILE=env["SMITH_TLS_CA_FILE"]), "cannot be used together"),
        (lambda env: env.update(SMITH_TLS_CERT_FILE=env["SMITH_TLS_CA_FILE"]), "cannot be used together"),
    ],
)
def test_files_that_do_not_fit_are_named_at_start(
    tmp_path: Path, spoil: Callable[[dict[str, str]], object], words: str
) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("SMITH_")}
    chosen = certificates.make(tmp_path).environment
    spoil(chosen)
    ended = subprocess.run(
        [sys.executable, "-m", "delivery_service"],
        env=env | chosen,
        capture_output=True,
        text=True,
        timeout=3 * LONG,
        check=False,
    )
    assert ended.returncode == 2
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_certificates_are_protection_enough_to_be_reachable(tmp_path: Path) -> None:
    files = certificates.make(tmp_path)
    names = {"tls_cert_file": files.certificate, "tls_key_file": files.key, "tls_ca_file": files.authority}
    require_protection(DeliverySettings(bind_host="0.0.0.0", **names), "delivery")
    with pytest.raises(SystemExit):
        require_protection(DeliverySettings(bind_host="0.0.0.0"), "delivery")


@pytest.mark.thorough
def test_a_whole_server_works_over_tls(make_stack: Callable[..., Stack], tmp_path: Path) -> None:
    stack = make_stack(**certificates.make(tmp_path).environment)
    try:
        team = Team.of(stack)
        assert push(team.client(stack.api_key), title="sealed").json()["devices_notified"] == 1
        Phone(team.simulator, stack.phone_id).shows("sealed")
    finally:
        stack.discard()
