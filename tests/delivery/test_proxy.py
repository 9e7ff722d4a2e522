"""APNs behind an HTTP proxy."""

import base64
import logging
from collections.abc import AsyncIterator

import pytest
from smith.delivery.v1.delivery_service_pb2 import CheckCredentialsRequest

from delivery_service.apns import dialer
from delivery_service.apns.proxy import Proxy
from delivery_service.settings import DeliverySettings
from service_kit.settings import load
from tests.delivery.conftest import Start
from tests.delivery.connect_proxy import ConnectProxy, connect_proxy
from tests.delivery.harness import ACCEPTED, MISCONFIGURED, PRODUCTION, RETRY, TOPIC, Apns, push, refusing_port, tally
from tests.waiting import eventually_async

UNREACHABLE = "localhost:443"
"""What tests ask the proxy for. Directly it could not be reached."""
PASSWORD = "pa:ss@wörd/"
USERINFO = "smith:pa%3Ass%40w%C3%B6rd%2F"


@pytest.fixture
async def proxy(apns: Apns) -> AsyncIterator[ConnectProxy]:
    """A proxy whose tunnels lead to the simulated APNs."""
    async with connect_proxy(apns.process.apns_port) as proxy:
        yield proxy


def through(proxy: ConnectProxy, userinfo: str = "", address: str = UNREACHABLE, seconds: str = "60") -> dict[str, str]:
    """Settings of a service that knows no other way, and gives a connection so many seconds."""
    return {
        "SMITH_APNS_PROXY": f"http://{userinfo}{'@' if userinfo else ''}127.0.0.1:{proxy.port}",
        "SMITH_APNS_PRODUCTION_ADDRESS": address,
        "SMITH_APNS_CONNECT_TIMEOUT": seconds,
    }


async def test_pushes_reach_apns_through_the_proxy_by_http2_within_tls(
    apns: Apns, start: Start, proxy: ConnectProxy
) -> None:
    async with start(**through(proxy)) as service:
        assert tally(await service.deliver(push(count=200))) == {(ACCEPTED, ""): 200}

        # Each connection is a tunnel. The last may not have come about yet.
        assert 0 < (await apns.stats())["connections_opened"] <= len(proxy.asked)
    assert len(await apns.requests()) == 200
    assert {head.splitlines()[0] for head in proxy.asked} == {f"CONNECT {UNREACHABLE} HTTP/1.1"}


async def test_the_certificate_must_have_the_hosts_name_though_a_proxy_is_between(
    apns: Apns, start: Start, proxy: ConnectProxy
) -> None:
    async with start(**through(proxy, address="api.push.apple.com:443")) as service:
        assert tally(await service.deliver(push(count=3))) == {(RETRY, "ConnectFailed"): 3}
    assert proxy.asked[0].startswith("CONNECT api.push.apple.com:443 HTTP/1.1\r\nHost: api.push.apple.com:443\r\n")
    assert await apns.requests() == []


async def test_the_proxy_is_told_who_we_are_and_no_log_is(
    start: Start, proxy: ConnectProxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with start(**through(proxy, USERINFO)) as service:
        assert tally(await service.deliver(push(count=1))) == {(ACCEPTED, ""): 1}
        proxy.status = 407
        for connection in service.connections:
            connection.close()

        async def all_gone() -> bool:
            return not service.connections

        await eventually_async("the connections have ended", all_gone)
        assert tally(await service.deliver(push(count=1))) == {(MISCONFIGURED, "ProxyAuthentication"): 1}
    credentials = base64.b64encode(f"smith:{PASSWORD}".encode()).decode()
    assert f"Proxy-Authorization: Basic {credentials}" in proxy.asked[0].splitlines()
    assert f"the proxy http://127.0.0.1:{proxy.port} refuses the user name and password (407)" in caplog.text
    for secret in (PASSWORD, USERINFO, credentials):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (407, (MISCONFIGURED, "ProxyAuthentication")),
        (403, (MISCONFIGURED, "ProxyForbidden")),
        (405, (MISCONFIGURED, "ProxyForbidden")),
        (502, (RETRY, "ProxyCannotConnect")),
        (302, (RETRY, "ProxyCannotConnect")),
        (0, (RETRY, "ProxyUnreachable")),
    ],
)
async def test_what_the_proxy_refuses_is_told_by_name_and_passes(
    start: Start, proxy: ConnectProxy, monkeypatch: pytest.MonkeyPatch, status: int, told: tuple[int, str]
) -> None:
    proxy.status = status
    if not status:
        # A machine that is held up until the time for the whole connection is over too would blame the wrong side.
        monkeypatch.setattr(dialer, "PROXY_SHARE", 0.025)
    async with start(**through(proxy, seconds="15" if status else "60")) as service:
        assert tally(await service.deliver(push(count=50))) == {told: 50}
        request = CheckCredentialsRequest(environment=PRODUCTION, bundle_id=TOPIC)
        answer = await service.stub.CheckCredentials(request, timeout=20)
        assert (answer.kind, answer.reason) == told
        proxy.status = 200

        async def accepted() -> bool:
            return tally(await service.deliver(push(count=1))) == {(ACCEPTED, ""): 1}

        await eventually_async("accepted", accepted)


async def test_a_proxy_that_is_not_there_is_told(start: Start, apns: Apns) -> None:
    with refusing_port() as port:
        absent = ConnectProxy(apns.process.apns_port)
        absent.port = port
        async with start(**through(absent)) as service:
            assert tally(await service.deliver(push(count=3))) == {(RETRY, "ProxyUnreachable"): 3}


async def test_what_is_no_proxy_is_told(start: Start, apns: Apns, proxy: ConnectProxy) -> None:
    proxy.port = apns.process.apns_port
    async with start(**through(proxy)) as service:
        [reason] = {outcome.reason for outcome in await service.deliver(push(count=3))}
    assert reason in ("ProxyCannotConnect", "ProxyUnreachable")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("http://me:secret@proxy:8080/", "http://proxy:8080"),
        ("http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080"),
    ],
)
def test_a_proxy_is_shown_without_its_password(url: str, shown: str) -> None:
    assert str(Proxy.parse(url)) == shown
    assert "secret" not in repr(Proxy.parse(url))


@pytest.mark.parametrize(
    "url",
    ["proxy:3128", "socks5://me:hunter2@proxy:1080", "https://me:hunter2@proxy:443", "http://me:hunter2@proxy",
     "http://me:hunter2@proxy:99999", "http://me:hunter2@:80", "http://me:hunter2@proxy:80/path",
     "http://me:hunter2@pro\r\nxy:80"],
)  # fmt: skip
def test_what_cannot_be_a_proxy_ends_the_start_with_one_line_that_hides_the_password(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SMITH_APNS_PROXY", url)
    with pytest.raises(SystemExit):
        load(DeliverySettings)
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("SMITH_APNS_PROXY=(hidden): ")
    assert "http://host:port" in line
    assert "hunter2" not in line


def test_an_empty_setting_is_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMITH_APNS_PROXY", "")
    settings = load(DeliverySettings)
    assert settings.apns_proxy is None or not settings.apns_proxy.get_secret_value()
