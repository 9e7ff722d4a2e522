"""A push service that Chromium takes for Google's: three switches of the command line lead it here.

Checking in and registering are HTTP; messages come over a TLS connection of protobuf frames (MCS). Of both, this is as
much as Chromium needs.
"""

import asyncio
import base64
import datetime as dt
import hashlib
import ssl
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from simulator.control.server import ControlServer, build_app
from simulator.web_push import base64url, rules, vapid
from simulator.web_push.answers import Answer, Refusal, refuse
from simulator.web_push.kinds import TRAITS, Kind

MCS_VERSION = 41
PING, PING_ACK, LOGIN, LOGIN_ANSWER, CLOSE, DATA = 0, 1, 2, 3, 4, 8
RECEIVED = 10
"""The field of a login that names messages which the browser has taken."""


def _varint(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _fixed64(number: int, value: int) -> bytes:
    return _varint(number << 3 | 1) + value.to_bytes(8, "little")


def _texts(data: bytes, wanted: int) -> Iterator[str]:
    """The texts of the field `wanted` of a protobuf message."""
    at = 0

    def read() -> int:
        nonlocal at
        shift = result = 0
        while True:
            byte = data[at]
            at += 1
            result |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return result

    while at < len(data):
        key = read()
        kind = key & 7
        if kind == 0:
            read()
        elif kind == 2:
            size = read()
            if key >> 3 == wanted:
                yield data[at : at + size].decode()
            at += size
        else:
            at += 8 if kind == 1 else 4


@dataclass
class Registration:
    """One subscription of the browser."""

    key: str
    """The key of the application server, in base64url."""
    app: str
    subtype: str
    is_gone: bool = False


class GooglesService:
    """The stand-in."""

    def __init__(self, folder: Path, port: int) -> None:
        """`port` is that of its HTTP."""
        self._folder = folder
        self.port = port
        self._registrations: dict[str, Registration] = {}
        self._undelivered: dict[str, tuple[float, bytes]] = {}
        """Messages that the browser has not said to have taken: until when, and what."""
        self._writer: asyncio.StreamWriter | None = None
        self.accepted = 0

    async def __aenter__(self) -> "GooglesService":
        """Listens."""
        routes = [
            Route("/checkin", self._check_in, methods=["POST"]),
            Route("/register", self._register, methods=["POST"]),
            Route("/fcm/send/{token}", self._push, methods=["POST"]),
        ]
        self._http = ControlServer(build_app(list(routes)))
        await self._http.start("127.0.0.1", self.port, 1)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate, self._digest = _make_certificate(self._folder)
        tls.load_cert_chain(certificate)
        self._mcs = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=tls)
        self._mcs_port = self._mcs.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: Any) -> None:
        """Ends it."""
        self._mcs.close()
        if self._writer is not None:
            self._writer.close()
        await self._http.stop()

    @property
    def origin(self) -> str:
        """Where it takes messages."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def switches(self) -> list[str]:
        """What leads Chromium here."""
        return [
            f"--gcm-checkin-url={self.origin}/checkin",
            f"--gcm-registration-url={self.origin}/register",
            f"--gcm-mcs-endpoint=https://127.0.0.1:{self._mcs_port}",
            f"--ignore-certificate-errors-spki-list={self._digest}",
        ]

    # --- the browser's side ---

    async def _check_in(self, _: Request) -> Response:
        answer = _field(1, 1) + _field(3, int(time.time() * 1000)) + _fixed64(7, 4711) + _fixed64(8, 815)
        return Response(answer, media_type="application/x-protobuf")

    async def _register(self, request: Request) -> Response:
        form = await request.form()
        app = str(form["app"])
        subtype = str(form.get("X-subtype", app))
        if form.get("delete"):
            for one in self._registrations.values():
                one.is_gone = one.is_gone or one.subtype == subtype
            return PlainTextResponse(f"token={subtype}")
        token = f"{uuid.uuid4().hex}:{uuid.uuid4().hex}"
        self._registrations[token] = Registration(str(form["sender"]), app, subtype)
        return PlainTextResponse(f"token={token}")

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readexactly(1)
            writer.write(bytes([MCS_VERSION]))
            while True:
                tag, body = await _frame(reader)
                if tag == LOGIN:
                    self._logged_in(writer, body)
                elif tag == PING:
                    _write(writer, PING_ACK, b"")
                elif tag == CLOSE:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if self._writer is writer:
                self._writer = None
            writer.close()

    def _logged_in(self, writer: asyncio.StreamWriter, login: bytes) -> None:
        for taken in _texts(login, RECEIVED):
            self._undelivered.pop(taken, None)
        now = time.time()
        answer = _field(1, "1") + _field(5, 1) + _field(6, 1) + _field(8, int(now * 1000))
        _write(writer, LOGIN_ANSWER, answer)
        self._writer = writer
        for until, stanza in self._undelivered.values():
            if until > now:
                _write(writer, DATA, stanza)

    # --- the application server's side ---

    async def _push(self, request: Request) -> Response:
        body = await request.body()
        answer = self._take(request, request.path_params["token"], body)
        return Response(answer.body, answer.status, headers=answer.headers)

    def _take(self, request: Request, token: str, body: bytes) -> Answer:
        one = self._registrations.get(token)
        if one is None or one.is_gone:
            return refuse(Kind.CHROME, Refusal.UNKNOWN if one is None else Refusal.GONE)
        asked = TRAITS[Kind.CHROME].vapid
        authorization = request.headers.get("authorization")
        fault = vapid.fault_of(authorization, base64url.decode(one.key), self.origin, asked, time.time())
        wanted = fault or rules.read(Kind.CHROME, request.headers, len(body))
        if not isinstance(wanted, rules.Wanted):
            return refuse(Kind.CHROME, wanted)
        version = uuid.uuid4().hex
        data = {"subtype": one.subtype, "content-encoding": request.headers.get("content-encoding", "")}
        stanza = b"".join(
            [
                _field(2, version),
                _field(3, one.key),
                _field(5, one.app),
                *(_field(7, _field(1, name) + _field(2, value)) for name, value in data.items()),
                _field(9, version),
                _field(17, wanted.ttl),
                _field(18, int(time.time())),
                _field(21, body),
            ]
        )
        self.accepted += 1
        self._undelivered[version] = (time.time() + wanted.ttl, stanza)
        if self._writer is not None:
            _write(self._writer, DATA, stanza)
        return Answer(201, headers={"location": f"{self.origin}/m/{version}"})


async def _frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    tag = (await reader.readexactly(1))[0]
    size = shift = 0
    while True:
        byte = (await reader.readexactly(1))[0]
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return tag, await reader.readexactly(size)


def _write(writer: asyncio.StreamWriter, tag: int, body: bytes) -> None:
    writer.write(bytes([tag]) + _varint(len(body)) + body)


def _make_certificate(folder: Path) -> tuple[Path, str]:
    """A certificate with its key (PEM), and the digest of the key that Chromium is told to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "mcs.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return path, base64.b64encode(hashlib.sha256(public).digest()).decode()
