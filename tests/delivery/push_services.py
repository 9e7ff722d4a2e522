"""Push services of browsers (RFC 8030) that do as a test says, and browsers that are subscribed with them."""

import asyncio
import base64
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from smith.delivery.v1.delivery_pb2 import Environment, Push, Target

from service_kit.web_push import Subscription
from tests.delivery.harness import push

WEB = Environment.ENVIRONMENT_WEB
CREATED = b"HTTP/1.1 201 Created\r\nLocation: /m/1\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Received:
    """A request that came."""

    path: str
    headers: dict[str, str]
    """By their names in lower case."""
    body: bytes


Answers = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


def answering(status: int, body: bytes = b"", **headers: str) -> Answers:
    """Answers each request with this; `_` stands for `-` in names of headers."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    whole = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(whole)

    return answer


@dataclass
class Listening:
    """A push service that listens, and what came to it."""

    origin: str
    answer: Answers
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    """How many were made."""
    open: int = 0
    """How many are."""

    def browser(self, path: str = "") -> "Browser":
        """A browser that has subscribed here."""
        return Browser(f"{self.origin}{path or '/push/' + os.urandom(9).hex()}")


@asynccontextmanager
async def push_service(
    answer: Answers | None = None, *, tls: Path | None = None, certificate: str = "server", host: str = ""
) -> AsyncIterator[Listening]:
    """Listens on a free port, over TLS with a certificate of the folder if there is one; says 201 by default."""
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / f"{certificate}.pem", tls / f"{certificate}.key")
    listening = Listening("", answer or answering(201))
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        listening.connections += 1
        listening.open += 1
        writers.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
                while True:
                    received = await _read(reader)
                    listening.received.append(received)
                    await listening.answer(received, writer)
                    await writer.drain()
        finally:
            listening.open -= 1
            writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    listening.origin = f"{'https' if tls else 'http'}://{host or ('localhost' if tls else '127.0.0.1')}:{port}"
    try:
        yield listening
    finally:
        server.close()
        for writer in list(writers):
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(head[0].split(" ")[1], headers, body)


class Browser:
    """A browser with a subscription, which decrypts what comes for it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)

    @property
    def subscription(self) -> Subscription:
        """What it hands out."""
        return Subscription(self.endpoint, point(self._key), self._auth)

    def info(self) -> dict[str, Any]:
        """The same as `PushSubscription.toJSON()`."""
        keys = {"p256dh": b64(point(self._key)), "auth": b64(self._auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def target(self, **fields: Any) -> Target:
        """It as a target."""
        return Target(**{"token": self.subscription.token, "environment": WEB, **fields})

    def decrypt(self, received: Received) -> bytes:
        """What was sent to it, by another implementation than ours."""
        return bytes(
            http_ece.decrypt(received.body, private_key=self._key, auth_secret=self._auth, version="aes128gcm")
        )


def web_push(*browsers: Browser, **fields: Any) -> Push:
    """A good push for these browsers, save for what the test sets."""
    return push(*(browser.target() for browser in browsers), **{"payload": b'{"web_push":8030}', **fields})


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key for browsers."""
    return ec.generate_private_key(ec.SECP256R1())


def write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Puts the key into the file, as operators do."""
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Its public key, uncompressed."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
