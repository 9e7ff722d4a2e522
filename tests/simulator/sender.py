"""A small sender: enough HTTP/2 to say anything to APNs and to see every frame of its answer."""

import asyncio
import json
import ssl
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h2.events as ev
import jwt
from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.settings import SettingCodes

from tests.waiting import LONG

TOPIC = "com.activitysmith.simulator"
FRAME = 16_000


def provider_token(folder: Path, *, iat: float | None = None, kid: str = "SIMULATOR1", iss: str = "SIMULATED1") -> str:
    """A provider token signed with the simulator's key."""
    key = (folder / "simulator" / "AuthKey.p8").read_text()
    claims = {"iss": iss, "iat": int(time.time() if iat is None else iat)}
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": kid})


@dataclass
class Answer:
    """What came back on a stream."""

    headers: list[dict[str, str]] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    ended: bool = False
    ended_by_headers: bool = False
    reset: int | None = None

    @property
    def status(self) -> int:
        """The status of the first answer."""
        return int(self.headers[0][":status"])

    @property
    def document(self) -> dict[str, Any]:
        """The JSON body."""
        return dict(json.loads(b"".join(self.data)))


class Sender:
    """One connection to APNs."""

    def __init__(self, port: int, folder: Path, *, alpn: bool = True) -> None:
        self._port = port
        self.token = provider_token(folder)
        self._context = ssl.create_default_context(cafile=str(folder / "simulator" / "ca.pem"))
        if alpn:
            self._context.set_alpn_protocols(["h2"])
        self.h2 = H2Connection(H2Configuration(header_encoding="utf-8", validate_outbound_headers=False))
        self.answers: dict[int, Answer] = {}
        self.settings: list[dict[int, int]] = []
        self.goaway: ev.ConnectionTerminated | None = None
        self.closed = False
        self.order: list[str] = []
        self._changed = asyncio.Event()

    async def __aenter__(self) -> "Sender":
        self.reader, self.writer = await asyncio.wait_for(
            asyncio.open_connection("localhost", self._port, ssl=self._context), LONG
        )
        self.h2.initiate_connection()
        self.flush()
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        self.writer.transport.abort()
        # The socket is closed in the loop's next turn; callers go on to block the loop.
        await asyncio.gather(self._reading, return_exceptions=True)
        await asyncio.sleep(0)

    @property
    def alpn(self) -> str | None:
        """The protocol that ALPN chose."""
        protocol: str | None = self.writer.get_extra_info("ssl_object").selected_alpn_protocol()
        return protocol

    @property
    def limit(self) -> int:
        """Concurrent streams that the server allows now."""
        return self.settings[-1][SettingCodes.MAX_CONCURRENT_STREAMS]

    async def until(self, condition: Callable[[], object], seconds: float = LONG) -> None:
        """Waits until `condition()` holds; fails the test after `seconds`."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def post(self, device: str, body: object = None, **headers: str | None) -> int:
        """Sends a push; `headers` overrules the usual ones (underscores for hyphens, None leaves out)."""
        usual: dict[str, str | None] = {
            ":method": "POST",
            ":scheme": "https",
            ":authority": "localhost",
            ":path": f"/3/device/{device}",
            "authorization": f"bearer {self.token}",
            "apns-topic": TOPIC,
            "apns-push-type": "alert",
            "apns-id": str(uuid.uuid4()),
        }
        for name, value in headers.items():
            pseudo = f":{name[1:]}" if name.startswith("_") else name.replace("_", "-")
            usual[pseudo] = value
        if body is None:
            body = {"aps": {"alert": {"title": "Hello"}}}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send([(name, value) for name, value in usual.items() if value is not None], content)

    def send(self, headers: list[tuple[str, str]], content: bytes) -> int:
        """Sends a request as it is; returns its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        self.h2.send_headers(stream, headers, end_stream=not content)
        for start in range(0, len(content), FRAME):
            self.h2.send_data(stream, content[start : start + FRAME], end_stream=start + FRAME >= len(content))
        self.flush()
        return stream

    async def push(self, device: str, body: object = None, **headers: str | None) -> Answer:
        """Sends a push and waits for its answer."""
        await self.until(lambda: self.settings)
        answer = self.answers[self.post(device, body, **headers)]
        await self.until(lambda: answer.ended or answer.reset is not None or self.closed)
        assert answer.ended or answer.reset is not None, "the connection was closed without an answer"
        return answer

    def reading_error(self) -> BaseException | None:
        """Why reading ended, if not because the server closed the connection."""
        return self._reading.exception() if self._reading.done() else None

    def flush(self) -> None:
        """Writes what h2 wants written."""
        self.writer.write(self.h2.data_to_send())

    async def _read(self) -> None:
        try:
            while data := await self.reader.read(65_536):
                for event in self.h2.receive_data(data):
                    self._take(event)
                self.flush()
                self._changed.set()
        except ConnectionError:
            self.order.append("connection reset")
        finally:
            self.closed = True
            self._changed.set()

    def _take(self, event: ev.Event) -> None:
        match event:
            case ev.RemoteSettingsChanged():
                self.order.append("settings")
                self.settings.append({int(code): change.new_value for code, change in event.changed_settings.items()})
            case ev.ResponseReceived():
                self.order.append("answer")
                answer = self.answers[event.stream_id]
                answer.headers.append({str(name): str(value) for name, value in event.headers})
                answer.ended_by_headers = event.stream_ended is not None
            case ev.DataReceived():
                self.answers[event.stream_id].data.append(event.data)
            case ev.StreamEnded():
                self.answers[event.stream_id].ended = True
            case ev.StreamReset():
                self.answers[event.stream_id].reset = event.error_code
            case ev.ConnectionTerminated():
                self.goaway = event
                # h2 would refuse the answers that are still owed.
                self.h2.state_machine.state = ConnectionState.CLIENT_OPEN
