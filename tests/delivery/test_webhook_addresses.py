"""No URL leads a webhook into the network that the server stands in."""

import ipaddress
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from smith.delivery.v1.webhook_pb2 import HttpMethod, WebhookCall, WebhookResult, WebhookResultKind
from smith.delivery.v1.webhook_service_pb2 import CallWebhookRequest

from delivery_service.settings import DeliverySettings
from delivery_service.webhooks.addresses import AddressRules, Permit, is_public
from tests.delivery.harness import Service, delivery_service
from tests.waiting import LONG

FAILED = WebhookResultKind.WEBHOOK_RESULT_KIND_FAILED

# fmt: off
LITERALS = [
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "0.0.0.0", "0", "0x7f.1", "0x7f000001", "0x7f.0x0.0x0.0x1",
    "2130706433", "017700000001", "0177.0.0.1", "0177.1", "00000177.0.0.1", "127.0.0.1.", "localhost", "LOCALHOST",
    "localhost.", "10.0.0.1", "10.255.255.255", "012.0.0.1", "167772161", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "3232235521", "0xc0a80001", "192.168.257", "169.254.169.254", "169.254.0.1", "2852039166",
    "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "100.64.0.1", "100.127.255.255", "100.100.100.200",
    "168.63.129.16", "192.0.0.1", "192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1",
    "198.19.255.255", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "[::1]", "[::]",
    "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::10.0.0.1]", "[64:ff9b:1::1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::]",
    "[2001:0:7f00:1::]", "[2001:0:0:0:0:0:80ff:fffe]", "[2001:db8::1]", "[3fff::1]", "[100::1]", "[5f00::1]",
    "[fc00::1]", "[fd00:ec2::254]", "[fdff::1]", "[fe80::1]", "[febf::1]", "[fec0::1]", "[ff02::1]", "[ff0e::1]",
    "[2001:10::1]", "[2001:20::1]",
]
# fmt: on

ODD = [
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "https:///etc/passwd",
    "https://",
    "https://user:pass@127.0.0.1/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1#@example.com/",
    "https://127.0.0.1?@example.com/",
    "https://127.0.0.1:443\\@example.com/",
    "https://127。0。0。1/",
    "https://１２７.0.0.1/",
    "https://①②⑦.0.0.1/",
    "https://[fe80::1%25lo]/",
    "https://[::1%25lo]/",
    "https://127.0.0.1%00.example.com/",
    "https://127.0.0.1\r\nHost: example.com/",
    "https://exa mple.com/",
    "https://127.0.0.1:99999/",
    "https://[::1/",
    "https://%31%32%37.0.0.1/",
    "",
    "x" * 5000,
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def strict() -> AsyncIterator[Service]:
    """A delivery service with the settings that everybody begins with."""
    async with delivery_service(DeliverySettings(delivery_port=0, drain_seconds=1)) as running:
        yield running


async def call(service: Service, url: str) -> WebhookResult:
    """The result of a GET."""
    attempt = WebhookCall(url=url, method=HttpMethod.HTTP_METHOD_GET, idempotency_key=str(uuid.uuid4()))
    return (await service.webhooks.CallWebhook(CallWebhookRequest(call=attempt), timeout=LONG)).result


@pytest.mark.parametrize("host", LITERALS)
async def test_an_address_of_ones_own_is_never_called(strict: Service, host: str) -> None:
    result = await call(strict, f"https://{host}/latest/meta-data")
    # A form that this system takes for no address at all is none that it could connect to.
    assert result.reason in ("AddressRefused", "HostUnknown", "UrlRefused"), result
    assert not result.status


@pytest.mark.parametrize("url", ODD)
async def test_a_url_in_disguise_leads_nowhere(strict: Service, url: str) -> None:
    result = await call(strict, url)
    assert result.reason in ("AddressRefused", "HostUnknown", "UrlRefused"), result
    assert not result.status


def test_at_least_sixty_hostile_urls_are_tried() -> None:
    assert len(set(LITERALS)) + len(set(ODD)) >= 60


def addresses() -> list[str]:
    """Those of the hosts that are addresses in the usual form, in which the rule sees them."""
    usual = []
    for host in LITERALS:
        with suppress(ValueError):
            usual.append(str(ipaddress.ip_address(host.strip("[]"))))
    return usual


@pytest.mark.parametrize("address", addresses())
def test_no_such_address_is_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("text", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::1.1.1.1", "::ffff:1.1.1.1"])
def test_the_internet_is_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_in_whatever_it_is_wrapped(address: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    translated = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(address))
    assert is_public(mapped) == is_public(translated) == is_public(address)


@given(st.ip_addresses())
def test_what_is_private_is_never_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if address.is_private or address.is_multicast or address.is_reserved:
        mapped = getattr(address, "ipv4_mapped", None)
        assert not is_public(address) or (mapped is not None and is_public(mapped)) or address in NAT64_NETWORK


NAT64_NETWORK = ipaddress.ip_network("64:ff9b::/96")


@pytest.mark.parametrize(
    ("permit", "host", "address", "port", "allowed"),
    [
        ("10.1.0.0/16", "ci.internal", "10.1.2.3", 443, True),
        ("10.1.0.0/16", "ci.internal", "10.2.2.3", 443, False),
        ("10.1.2.3:8443", "ci.internal", "10.1.2.3", 8443, True),
        ("10.1.2.3:8443", "ci.internal", "10.1.2.3", 443, False),
        ("ci.internal", "CI.internal", "10.1.2.3", 443, True),
        ("CI.internal:443", "ci.internal", "10.1.2.3", 443, True),
        ("ci.internal", "other.internal", "10.1.2.3", 443, False),
        ("[fd00::1]:443", "ci.internal", "fd00::1", 443, True),
        ("fd00::/8", "ci.internal", "fd12::1", 443, True),
    ],
)
def test_an_operator_may_permit_more(permit: str, host: str, address: str, port: int, allowed: bool) -> None:
    assert AddressRules([Permit.parse(permit)]).allow(host, ipaddress.ip_address(address), port) is allowed


@pytest.mark.parametrize(
    "text", ["", ":443", "host:0", "host:99999", "host:x", "10.0.0.0/33", "[::1", "http://host", "a/b"]
)
def test_a_permit_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"port|host|brackets"):
        Permit.parse(text)
