"""A server whose pushes reach real browsers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.simulator.app_server import AppServer
from tests.stack import PATIENCE, Stack, free_ports
from tests.web_push.world import World, world

BROWSERS = ["firefox", "chromium"]


@pytest.fixture(scope="session")
def web_push_key() -> ec.EllipticCurvePrivateKey:
    """The server's key."""
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="session")
def other_sender(web_push_key: ec.EllipticCurvePrivateKey) -> AppServer:
    """Sends what the server would not, with its key."""
    return AppServer(web_push_key)


@pytest.fixture(scope="session")
def google_port() -> int:
    """Where the stand-in of Google's push service listens."""
    return free_ports(1)[0]


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, web_push_key: ec.EllipticCurvePrivateKey, google_port: int
) -> Iterator[Stack]:
    """The server. Tests may kill its processes."""
    path = tmp_path_factory.mktemp("web-push") / "key.pem"
    path.touch(0o600)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(web_push_key.private_bytes(pem, form, serialization.NoEncryption()))
    with Stack(
        SMITH_RATE_LIMIT_PER_MINUTE="1000000",
        **PATIENCE,
        SMITH_WEBPUSH_KEY_FILE=str(path),
        SMITH_WEBPUSH_ALLOW=f"google=http://127.0.0.1:{google_port}",
    ) as one:
        yield one.start()


@pytest.fixture(params=BROWSERS)
async def paired(
    request: pytest.FixtureRequest, server: Stack, google_port: int, tmp_path: Path
) -> AsyncIterator[World]:
    """A browser that a person has paired by the link."""
    async with world(request.param, server, tmp_path, google_port) as one:
        await one.pair()
        try:
            yield one
        finally:
            await one.unpair()
