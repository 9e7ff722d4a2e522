"""The stand-in for APNs, with senders that are not ours: h2, and httpx on top of it; then with our own."""

import asyncio
import json
import socket
import ssl
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import httpx
import psutil
import pytest
from h2.connection import H2Connection
from h2.events import Event, PingAckReceived, ResponseReceived, StreamEnded, WindowUpdated

from benchmarks.bare_client import send_bare
from benchmarks.stand_in import HOST, StandIn, running_stand_in
from tests.delivery.harness import ACCEPTED, delivery_service, push, random_token, settings_from
from tests.waiting import eventually_async

ALERT = {"aps": {"alert": {"title": "Deployed"}}}


@pytest.fixture(scope="module")
def process() -> Iterator[StandIn]:
    """The stand-in."""
    with running_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
async def apns(process: StandIn) -> StandIn:
    """It, with nothing counted yet."""
    await process.reset(latency_ms=0)
    return process


@pytest.fixture
async def sender(apns: StandIn) -> AsyncIterator[httpx.AsyncClient]:
    """A client that speaks HTTP/2 by h2."""
    headers = {"authorization": "bearer x.y.z", "apns-topic": "com.example.app", "apns-push-type": "alert"}
    url = f"https://{HOST}:{apns.port}"
    async with httpx.AsyncClient(
        base_url=url, verify=apns.tls(), http1=False, http2=True, headers=headers, timeout=20, trust_env=False
    ) as client:
        yield client


async def send(sender: httpx.AsyncClient, token: str = "", content: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await sender.post(f"/3/device/{token or random_token()}", headers=named, json=content or ALERT)


async def test_a_push_is_answered_with_200_and_its_apns_id(apns: StandIn, sender: httpx.AsyncClient) -> None:
    apns_id = str(uuid.uuid4())
    answer = await send(sender, apns_id=apns_id)
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
    assert answer.headers["apns-id"] == apns_id
    assert (await apns.stats())["accepted"] == 1


async def test_a_push_without_an_apns_id_gets_one(sender: httpx.AsyncClient) -> None:
    answer = await send(sender)
    assert uuid.UUID(answer.headers["apns-id"])


async def test_many_pushes_at_once_are_answered_each_with_its_own_id(apns: StandIn, sender: httpx.AsyncClient) -> None:
    ids = [str(uuid.uuid4()) for _ in range(300)]
    answers = await asyncio.gather(*(send(sender, apns_id=apns_id) for apns_id in ids))
    assert [answer.headers["apns-id"] for answer in answers] == ids
    counts = await apns.stats()
    assert (counts["accepted"], counts["duplicates_by_apns_id"], counts["in_flight"]) == (300, 0, 0)


async def test_a_push_that_comes_twice_is_counted(apns: StandIn, sender: httpx.AsyncClient) -> None:
    apns_id = str(uuid.uuid4())
    for _ in range(3):
        await send(sender, apns_id=apns_id)
    await send(sender, apns_id=str(uuid.uuid4()))
    assert (await apns.stats())["duplicates_by_apns_id"] == 2


async def test_an_answer_takes_as_long_as_it_is_told(apns: StandIn, sender: httpx.AsyncClient) -> None:
    await apns.reset(latency_ms=200)
    began = time.monotonic()
    await asyncio.gather(*(send(sender) for _ in range(20)))
    assert time.monotonic() - began >= 0.2
    assert (await apns.stats())["peak_in_flight"] >= 2


@pytest.mark.parametrize(
    ("header", "value", "reason"),
    [
        ("authorization", "basic x", "MissingProviderToken"),
        ("apns_topic", "", "MissingTopic"),
        ("apns_push_type", "", "InvalidPushType"),
    ],
)
async def test_a_push_that_apple_would_not_take_is_refused_and_counted(
    apns: StandIn, sender: httpx.AsyncClient, header: str, value: str, reason: str
) -> None:
    answer = await send(sender, **{header: value})
    assert (answer.status_code, answer.json()) == (400, {"reason": reason})
    counts = await apns.stats()
    assert (counts["accepted"], counts["rejected"]) == (0, 1)


async def test_a_wait_ends_with_the_push_that_was_waited_for(apns: StandIn, sender: httpx.AsyncClient) -> None:
    waiting = asyncio.create_task(apns.until_accepted(2))
    await send(sender)
    assert not waiting.done()
    await send(sender)
    assert (await waiting)["accepted"] == 2


def state(number: int) -> dict[str, Any]:
    return {"title": "Import", "subtitle": f"{number} rows"}


def update(number: int, timestamp: int) -> dict[str, Any]:
    return {"aps": {"event": "update", "timestamp": timestamp, "content-state": state(number)}}


async def test_the_newest_state_of_each_live_activity_is_known(apns: StandIn, sender: httpx.AsyncClient) -> None:
    for token, number, timestamp in (("aa" * 32, 1, 100), ("bb" * 32, 1, 100), ("aa" * 32, 2, 101)):
        await send(sender, token, update(number, timestamp), apns_push_type="liveactivity")
    assert await apns.states() == [state(2), state(1)]
    counts = await apns.stats()
    assert (counts["live_activity_updates"], counts["timestamps_backwards"]) == (3, 0)


async def test_an_update_that_comes_late_is_counted_and_changes_nothing(
    apns: StandIn, sender: httpx.AsyncClient
) -> None:
    for number, timestamp in ((2, 101), (1, 100)):
        await send(sender, "cc" * 32, update(number, timestamp), apns_push_type="liveactivity")
    assert await apns.states() == [state(2)]
    assert (await apns.stats())["timestamps_backwards"] == 1


async def test_an_update_that_cannot_be_read_is_refused(sender: httpx.AsyncClient) -> None:
    answer = await send(sender, content={"aps": {}}, apns_push_type="liveactivity")
    assert (answer.status_code, answer.json()) == (400, {"reason": "BadPayload"})


class Peer:
    """A sender that writes the frames that it likes."""

    def __init__(self, apns: StandIn) -> None:
        plain = socket.create_connection((HOST, apns.port), timeout=20)
        self.tls = apns.tls().wrap_socket(plain, server_hostname=HOST)
        self.h2 = H2Connection()
        self.h2.initiate_connection()
        self.events: list[Event] = []

    def begin(self, apns_id: str, more: Sequence[tuple[str, str]] = ()) -> int:
        """Sends the headers of a push; its stream."""
        stream_id = self.h2.get_next_available_stream_id()
        method = [(":method", "POST"), (":scheme", "https"), (":authority", HOST), (":path", f"/3/device/{'ab' * 32}")]
        headers = [("authorization", "bearer x"), ("apns-topic", "a.b"), ("apns-push-type", "alert")]
        self.h2.send_headers(stream_id, [*method, *headers, ("apns-id", apns_id), *more])
        return stream_id

    def write(self, size: int = 65_536) -> None:
        """Sends what is to be sent, in pieces of this size."""
        data = self.h2.data_to_send()
        for place in range(0, len(data), size):
            self.tls.sendall(data[place : place + size])

    def until(self, kind: type[Event]) -> Event:
        """Reads until an event of this kind. Fails if the connection ends before it."""
        while True:
            for event in self.events:
                if isinstance(event, kind):
                    self.events.remove(event)
                    return event
            data = self.tls.recv(65_536)
            assert data, f"the connection ended before {kind.__name__}"
            self.events += self.h2.receive_data(data)
            self.tls.sendall(self.h2.data_to_send())

    def until_closed(self) -> None:
        """Reads until the connection is closed."""
        try:
            while self.tls.recv(65_536):
                pass
        except (ConnectionResetError, ssl.SSLEOFError):
            pass


@pytest.fixture
def peer(apns: StandIn) -> Iterator[Peer]:
    """It."""
    peer = Peer(apns)
    yield peer
    peer.tls.close()


async def test_a_push_in_many_padded_frames_is_read_byte_by_byte(apns: StandIn, peer: Peer) -> None:
    apns_id = str(uuid.uuid4())
    # Too long for one frame of headers.
    stream_id = peer.begin(apns_id, [("x-long", "y" * 20_000)])
    body = json.dumps(ALERT).encode()
    for place in range(len(body)):
        peer.h2.send_data(stream_id, body[place : place + 1], pad_length=3, end_stream=place == len(body) - 1)
    peer.write(size=7)
    answer = peer.until(ResponseReceived)
    assert isinstance(answer, ResponseReceived)
    assert answer.headers is not None
    assert dict(answer.headers)[b"apns-id"] == apns_id.encode()
    assert (await apns.stats())["accepted"] == 1


def test_the_window_grows_again(peer: Peer) -> None:
    peer.until(WindowUpdated)
    before = peer.h2.outbound_flow_control_window
    sent = 0
    while sent <= 1 << 20:
        stream_id = peer.begin(str(uuid.uuid4()))
        peer.h2.send_data(stream_id, b"{" + b" " * 16_000, end_stream=True)
        sent += 16_001
        peer.write()
        peer.until(StreamEnded)
    assert peer.h2.outbound_flow_control_window > before - sent


def test_a_ping_is_answered(peer: Peer) -> None:
    peer.h2.ping(b"12345678")
    peer.write()
    assert peer.until(PingAckReceived)


async def test_pushes_that_are_cancelled_or_whose_sender_leaves_get_no_answer(apns: StandIn, peer: Peer) -> None:
    await apns.reset(latency_ms=60_000)
    complete, incomplete = peer.begin(str(uuid.uuid4())), peer.begin(str(uuid.uuid4()))
    peer.h2.send_data(complete, b"{}", end_stream=True)
    peer.h2.send_data(peer.begin(str(uuid.uuid4())), b"{}", end_stream=True)
    peer.write()
    await until_in_flight(apns, 3)
    peer.h2.reset_stream(complete)
    peer.h2.reset_stream(incomplete)
    peer.write()
    await until_in_flight(apns, 1)
    peer.tls.close()
    await until_in_flight(apns, 0)
    assert (await apns.stats())["accepted"] == 0


async def until_in_flight(apns: StandIn, count: int) -> None:
    async def probe() -> bool:
        return (await apns.stats())["in_flight"] == count

    await eventually_async(f"{count} pushes without an answer", probe)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 9])
async def test_what_is_no_http2_ends_the_connection(apns: StandIn, peer: Peer, data: bytes) -> None:
    peer.tls.sendall(data)
    peer.until_closed()
    assert (await apns.stats())["protocol_errors"] == 1


async def test_the_delivery_service_has_all_its_pushes_accepted(apns: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_from({**apns.environment(), "SMITH_DELIVERY_PORT": "0"}, monkeypatch)
    async with delivery_service(settings) as service:
        outcomes = await service.deliver(push(count=1_000))
    assert {outcome.kind for outcome in outcomes} == {ACCEPTED}
    counts = await apns.stats()
    assert (counts["accepted"], counts["rejected"], counts["duplicates_by_apns_id"]) == (1_000, 0, 0)


async def test_it_takes_20_000_pushes_in_a_second_of_a_processor(apns: StandIn) -> None:
    process = psutil.Process(apns.pid)
    before = sum(process.cpu_times()[:2])
    await send_bare(HOST, apns.port, apns.tls(), count=20_000, in_flight=200)
    assert sum(process.cpu_times()[:2]) - before < 1.0
    assert (await apns.stats())["accepted"] == 20_000
