"""Checks the processes of the server, and their protection from strangers."""

import datetime as dt

from cli.doctor.finding import Finding, fail, ok, skip, warn
from cli.doctor.settings import DoctorSettings
from cli.probing.answer import Answer, State
from cli.probing.by_grpc import ask_grpc
from cli.probing.by_http import ask_http
from service_kit.addresses import is_loopback
from service_kit.peers import Peers

EXPIRES_SOON = dt.timedelta(days=14)


async def core(settings: DoctorSettings, seconds: float) -> list[Finding]:
    """Each core that SMITH_CORE_ADDRESS names."""
    return await _by_grpc("core", settings.core, settings, seconds)


async def delivery(settings: DoctorSettings, seconds: float) -> list[Finding]:
    """Each delivery service that SMITH_DELIVERY_ADDRESS names."""
    return await _by_grpc("delivery", settings.delivery, settings, seconds)


async def gateway(settings: DoctorSettings, seconds: float) -> list[Finding]:
    """The gateway, as phones and backends reach it."""
    return [_judge("gateway", settings.gateway, await ask_http(settings.gateway, seconds))]


async def admin(settings: DoctorSettings, seconds: float) -> list[Finding]:
    """The web admin."""
    if settings.admin is None:
        return [skip("admin", "SMITH_ADMIN_PORT is empty: this machine runs no web admin")]
    return [_judge("admin", settings.admin, await ask_http(settings.admin.rstrip("/"), seconds))]


async def simulator(settings: DoctorSettings, seconds: float) -> list[Finding]:
    """The simulator, where it stands in for APNs."""
    if not settings.simulated:
        return [skip("simulator", "SMITH_APNS_KEY_FILE is set: pushes go to Apple")]
    return [_judge("simulator", settings.simulator, await ask_http(settings.simulator, seconds, "/healthz"))]


def protection(settings: DoctorSettings) -> list[Finding]:
    """Checks that processes on reachable addresses have a secret or certificates, and that certificates are valid."""
    if settings.internal_secret is None and settings.tls is None:
        if not is_loopback(settings.bind_host):
            advice = "Set SMITH_INTERNAL_SECRET or certificates: core and delivery do not start without."
            return [
                fail("protection", f"SMITH_BIND_HOST={settings.bind_host} can be reached from other machines", advice)
            ]
        return [ok("protection", "processes listen on this machine only")]
    if settings.tls is None:
        return [ok("protection", "processes recognize each other by a secret")]
    from cryptography import x509

    expires = x509.load_pem_x509_certificate(settings.tls.certificate).not_valid_after_utc
    left = expires - dt.datetime.now(dt.UTC)
    said = f"the certificate {settings.tls_cert_file} is valid until {expires:%Y-%m-%d}"
    renew = "Renew it and restart the processes one after another."
    if left <= dt.timedelta():
        return [fail("protection", said, renew)]
    return [warn("protection", said, renew) if left < EXPIRES_SOON else ok("protection", said)]


async def _by_grpc(process: str, addresses: str, settings: DoctorSettings, seconds: float) -> list[Finding]:
    each = [addresses] if ":///" in addresses else [one.strip() for one in addresses.split(",") if one.strip()]
    peers = Peers.of(settings)
    return [_judge(process, one, await ask_grpc(process, one, peers, seconds / len(each))) for one in each]


def _judge(process: str, address: str, answer: Answer) -> Finding:
    said = f"{address}: {answer.words}"
    if answer.state is State.READY:
        return ok(process, said) if answer.words == "ready" else warn(process, said, "`apns` below says more.")
    if answer.state is State.STRANGE:
        return fail(process, said, "Another program listens there: see `ports`, and the addresses that are set.")
    if answer.state is State.NOT_READY:
        return fail(process, said, "Something that it needs cannot be reached: see the other lines.")
    return fail(process, said, f"Start it (`smith serve {process}`, `smith up`), or correct its address.")
