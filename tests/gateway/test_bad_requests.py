"""Whatever a client sends, it gets a JSON answer that names what is wrong."""

import asyncio
import json
from typing import Any

import pytest

from tests.gateway.conftest import MakeGateway, RunningGateway
from tests.gateway.core_stand_in import CoreStandIn
from tests.gateway.http_client import Connection
from tests.waiting import LONG

LIMIT = 256 * 1024
INVALID = "The body is not valid JSON: "
PUSH = "/api/push-notification"


def nested(levels: int) -> bytes:
    """A push whose payload is nested this deep."""
    return b'{"title":"x","payload":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            b"{",
            INVALID + "Expecting property name enclosed in double quotes or '}' at line 1 column 2",
        ),
        (
            b'{"title":\n "x",}',
            INVALID + "Illegal trailing comma before end of object at line 2 column 5",
        ),
        (b"[]", "The body must be a JSON object"),
        (b" ", INVALID + "Expecting value at line 1 column 2"),
        (b'{"title":"\xff"}', "The body must be UTF-8 text; byte 11 is not"),
        (b'{"title":"\xed\xa0\x80"}', "The body must be UTF-8 text; byte 11 is not"),
        (b'{"title":"a","title":"b"}', "title appears twice in one object"),
        (b'{"payload":{"a":{"b":1,"b":2}}}', "b appears twice in one object"),
        (b'{"title":NaN}', INVALID + "Expecting value at line 1 column 10"),
        (b'{"badge":1E-9999999999999999999999}', "The body contains a number with too many digits"),
        (b'{"badge":1E400', "The body contains a number that no floating-point number can hold"),
        (b"[" * 10_000, "The body is nested too deeply"),
        (b'{"a":' * 10_000, "The body is nested too deeply"),
        (b"[" * LIMIT, "The body is nested too deeply"),
    ],
)
async def test_text_that_is_no_json_object_is_refused(
    gateway: RunningGateway, core: CoreStandIn, body: bytes, message: str
) -> None:
    """Malformed text, bad UTF-8, duplicates, depth. No field is to blame."""
    reply = await gateway.push(body)
    assert (reply.status, reply.json()) == (400, {"error": "Invalid request", "message": message})
    assert core.calls == []


async def test_thirty_two_levels_are_taken(gateway: RunningGateway, core: CoreStandIn) -> None:
    """The limit itself."""
    assert (await gateway.push(nested(32))).status == 200


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        (b'{"title":"\\ud800"}', "title", "must be valid Unicode text"),
        (b'{"payload":{"a":"\\udc00"}}', "payload", "must be valid Unicode text"),
        (nested(33), "payload", "must be nested at most 32 levels deep"),
        (nested(900), "payload", "must be nested at most 32 levels deep"),
        ({"title": 1}, "title", "must be a string"),
        ({"actions": {}}, "actions", "must be an array of objects"),
        ({"actions": [{"title": "a"}, {"title": 2}]}, "actions[1].title", "must be a string"),
        ({"actions": [None]}, "actions[0]", "must be an object, not null"),
        ({"actions": [{"type": "OPEN_URL"}]}, "actions[0].type", "must be one of open_url, webhook"),
        ({"actions": [{"type": "unspecified"}]}, "actions[0].type", "must be one of open_url, webhook"),
        ({"actions": [{"method": "post"}]}, "actions[0].method", "must be one of GET, POST"),
        ({"actions": [{"body": [1]}]}, "actions[0].body", "must be an object"),
        ({"payload": "x"}, "payload", "must be an object"),
        ({"badge": True}, "badge", "must be an integer"),
        ({"badge": 1.5}, "badge", "must be an integer"),
        ({"badge": "1"}, "badge", "must be an integer"),
        ({"badge": 1e300}, "badge", f"must be an integer from {-(2**63)} to {2**63 - 1}"),
    ],
)
async def test_a_wrong_value_is_named_as_the_user_wrote_it(
    gateway: RunningGateway, core: CoreStandIn, body: dict[str, Any], field: str, message: str
) -> None:
    """By its path, with the rule."""
    reply = await gateway.push(body)
    problem = {"error": "Invalid request", "message": f"{field} {message}", "field": field}
    assert (reply.status, reply.json()) == (400, problem)
    assert core.calls == []


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"channels": "devs"}, "target.channels must be an array of channel slugs"),
        ({"channels": None}, "target.channels must be an array of channel slugs, not null"),
        ({"channels": [1]}, "target.channels[0] must be a string"),
        ("devs", "target must be an object"),
    ],
)
async def test_a_malformed_target_has_its_documented_title(gateway: RunningGateway, target: Any, message: str) -> None:
    """`Invalid channel targeting`."""
    reply = await gateway.push({"title": "x", "target": target})
    problem = {"error": "Invalid channel targeting", "message": message, "field": message.split(" ", maxsplit=1)[0]}
    assert (reply.status, reply.json()) == (400, problem)


@pytest.mark.parametrize(
    ("request_line", "body", "message"),
    [
        ("POST /api/device/pair", {"pairing_code": "a", "pairingCode": "b"}, "is given twice"),
        ("PATCH /api/channels/c", {"channel_id": "d"}, "channel_id is given by the path"),
        ("PATCH /api/channels/c", {"channelId": "d"}, "channelId is given by the path"),
        ("DELETE /api/channels/c", {"slug": "d"}, "slug is not a known field: this request takes none"),
        ("GET /api/channels?page_size=ten", None, "page_size must be an integer"),
        ("GET /api/channels?page_size=" + "9" * 5000, None, "page_size must be an integer"),
        ("GET /api/channels?page_size=3000000000", None, "page_size must be an integer from"),
        ("GET /api/channels?page_size=1&page_size=2", None, "page_size is given twice"),
        ("GET /api/channels?page_size=1&pageSize=2", None, "is given twice"),
        ("GET /api/channels?colour=red", None, "colour is not a known parameter"),
        ("GET /api/channels?page_token=%FF", None, "The query must be UTF-8 text"),
        ("GET /api/channels?" + "a=1&" * 300, None, "The query must be UTF-8 text with 256 parameters at most"),
        ("DELETE /api/channels/c?channel_id=d", None, "channel_id is not a known parameter"),
        ("POST /api/channels?slug=a", {}, "slug is not a known parameter"),
    ],
)
async def test_path_query_and_body_must_not_contradict_each_other(
    gateway: RunningGateway, core: CoreStandIn, request_line: str, body: Any, message: str
) -> None:
    """Nothing is given twice, nothing unknown is ignored."""
    method, path = request_line.split(" ")
    reply = await gateway.request(method, path, body)
    assert reply.status == 400
    assert message in reply.json()["message"]
    assert core.calls == []


UNKNOWN_PATHS = ("/", "/api", f"{PUSH}/", f"{PUSH}%0A", "/api/channels/a/b", "/api/channels/a%0A", "//", "/%FF")


async def test_unknown_paths_and_wrong_methods_are_told_apart(gateway: RunningGateway) -> None:
    """404 and 405, the latter with what is allowed; in JSON."""
    for path in UNKNOWN_PATHS:
        reply = await gateway.request("POST", path, {})
        assert (reply.status, reply.json()["error"]) == (404, "Not found"), path
    reply = await gateway.request("GET", PUSH)
    assert (reply.status, reply.headers["allow"]) == (405, "OPTIONS, POST")
    assert reply.json()["error"] == "Method not allowed"
    assert (await gateway.request("TRACE", "/api/channels")).headers["allow"] == "GET, HEAD, OPTIONS, POST"


async def test_options_and_head_are_answered(gateway: RunningGateway) -> None:
    """OPTIONS says what is allowed, HEAD is GET without its body; no other origin is let in."""
    reply = await gateway.request("OPTIONS", "/api/channels", headers={"origin": "https://evil.example"})
    assert (reply.status, reply.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert not any(name.startswith("access-control") for name in reply.headers)
    reply = await gateway.request("HEAD", "/api/channels")
    assert (reply.status, reply.body) == (200, b"")
    assert (await gateway.request("HEAD", "/nowhere")).status == 404


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/vnd.x+json", "APPLICATION/JSON", ""]
)
async def test_json_may_call_itself_json_or_nothing(gateway: RunningGateway, content_type: str) -> None:
    """With parameters, as a suffix, in any case, or without a content type."""
    reply = await gateway.request("POST", PUSH, b'{"title":"x"}', {"content-type": content_type})
    assert reply.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-encoding": "gzip"},
    ],
)
async def test_a_body_of_another_type_is_refused(gateway: RunningGateway, headers: dict[str, str]) -> None:
    """415, rather than guessing."""
    assert (await gateway.request("POST", PUSH, b'{"title":"x"}', headers)).status == 415


async def test_a_body_of_256_kb_is_taken_and_one_byte_more_is_not(gateway: RunningGateway, core: CoreStandIn) -> None:
    """By declared length."""
    frame = len(b'{"title":""}')
    assert (await gateway.push(b'{"title":"' + b"x" * (LIMIT - frame) + b'"}')).status == 200
    reply = await gateway.push(b'{"title":"' + b"x" * (LIMIT + 1 - frame) + b'"}')
    assert (reply.status, reply.json()["limit"]) == (413, LIMIT)
    assert len(core.calls) == 1


async def test_a_declared_length_alone_is_refused(gateway: RunningGateway) -> None:
    """Before anything of the body has come; also with `Expect: 100-continue`."""
    for expect in (b"", b"expect: 100-continue\r\n"):
        async with await gateway.connect() as connection:
            head = b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n"
            await connection.send(head + expect + b"\r\n")
            assert (await connection.reply()).status == 413
            assert await connection.closed()


async def send_until_refused(connection: Connection) -> None:
    """Sends chunks until the other side has had enough."""
    async with asyncio.timeout(LONG):
        while True:
            try:
                await connection.send(b"40000\r\n" + b" " * 0x40000 + b"\r\n")
            except ConnectionError:
                return


async def test_a_length_with_leading_zeros_is_a_length(gateway: RunningGateway, core: CoreStandIn) -> None:
    """RFC 9110 section 8.6: any number of digits."""
    zeros = b"0" * 5000
    async with await gateway.connect() as connection:
        await connection.send(b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: " + zeros)
        await connection.send(b'13\r\n\r\n{"title":"x"}')
        assert (await connection.reply()).status == 200
        await connection.send(b"GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: " + zeros + b"\r\n\r\n")
        assert (await connection.reply()).status == 200


async def test_garbage_after_a_request_does_not_cost_its_answer(gateway: RunningGateway, core: CoreStandIn) -> None:
    """It was sent to core; its caller must learn what came of it. Then the connection ends."""
    request = b'POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n{"title":"x"}'
    async with await gateway.connect() as connection:
        await connection.send(request * 2 + b"garbage\r\n\r\n")
        for _ in range(2):
            assert (await connection.reply()).status == 200
        assert await connection.closed()
    assert len(core.calls) == 2


async def test_chunked_bodies_are_taken_and_counted(gateway: RunningGateway, core: CoreStandIn) -> None:
    """Without a declared length the limit is the same, and a sender that does not stop is cut off."""
    head = b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    async with await gateway.connect() as connection:
        await connection.send(head)
        for byte in b'{"title":"x"}':
            await connection.send(b"1\r\n%c\r\n" % byte)
        await connection.send(b"0\r\n\r\n")
        assert (await connection.reply()).status == 200
        assert core.calls[0].request.title == "x"
        await connection.send(head)
        await connection.send(b"40001\r\n" + b" " * 0x40001 + b"\r\n")
        assert (await connection.reply()).status == 413
        await send_until_refused(connection)


async def test_a_client_that_sends_before_it_reads_learns_why_it_was_refused(gateway: RunningGateway) -> None:
    """The connection is not reset while it is still sending."""
    async with await gateway.connect() as connection:
        length = 2 * 1024 * 1024
        await connection.send(b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % length)
        for _ in range(32):
            await connection.send(b" " * (length // 32))
            await asyncio.sleep(0.002)
        assert (await connection.reply()).status == 413


async def test_expect_100_continue_is_answered(gateway: RunningGateway) -> None:
    """A client may ask before it sends."""
    async with await gateway.connect() as connection:
        head = b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\nexpect: 100-continue\r\n\r\n"
        await connection.send(head)
        assert (await connection.reply()).status == 100
        await connection.send(b'{"title":"x"}')
        assert (await connection.reply()).status == 200


async def test_slow_bodies_and_slow_heads_are_cut_off(make_gateway: MakeGateway, core: CoreStandIn) -> None:
    """408, and the connection is closed."""
    quick = await make_gateway(f"127.0.0.1:{core.port}", gateway_body_timeout=1.5)
    head = b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n"
    async with (
        await quick.connect(head + b"{") as slow_body,
        await quick.connect(head[:40]) as slow_head,
        await quick.connect() as silent,
    ):
        for connection in (slow_body, slow_head):
            reply = await connection.reply()
            assert (reply.status, reply.json()["error"]) == (408, "Request timeout")
            assert await connection.closed()
        assert await silent.closed()
    assert core.calls == []


async def test_a_client_that_leaves_harms_no_other(gateway: RunningGateway, core: CoreStandIn) -> None:
    """In the middle of its body."""
    async with await gateway.connect() as connection:
        await connection.send(b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: 13\r\n\r\n{")
    assert (await gateway.push({"title": "x"})).status == 200
    assert len(core.calls) == 1


@pytest.mark.parametrize(
    "text",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\n",
    ],
)
async def test_malformed_http_is_refused_in_json(gateway: RunningGateway, text: bytes) -> None:
    """TLS on a plain port, unknown versions, ambiguous lengths."""
    async with await gateway.connect() as connection:
        await connection.send(text)
        reply = await connection.reply()
        assert (reply.status, set(reply.json())) == (400, {"error", "message"})
        assert reply.headers["x-request-id"]


@pytest.mark.parametrize("text", [b"OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n", b"GET http://x/nowhere HTTP/1.1\r\n\r\n"])
async def test_other_forms_of_the_request_target_are_answered(gateway: RunningGateway, text: bytes) -> None:
    """RFC 9112 section 3.2: asterisk and absolute form."""
    async with await gateway.connect() as connection:
        await connection.send(text)
        assert (await connection.reply()).status in (400, 404)


OFFER = (
    b"host: x\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"
)
OFFERS = [
    b"GET /healthz HTTP/1.1\r\n" + OFFER + b"\r\n",
    b"POST /api/push-notification HTTP/1.1\r\n" + OFFER + b'content-length: 13\r\n\r\n{"title":"x"}',
    b"POST /api/push-notification HTTP/1.1\r\n"
    + OFFER
    + b'transfer-encoding: chunked\r\n\r\nd\r\n{"title":"y"}\r\n0\r\n\r\n',
    b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n",
]


@pytest.mark.parametrize("piece", [10, 230, 100_000])
async def test_an_offer_of_http2_is_answered_in_http1(gateway: RunningGateway, core: CoreStandIn, piece: int) -> None:
    """Java's HTTP client and `curl --http2` offer an upgrade with their requests; the connection serves on."""
    stream = b"".join(OFFERS) * 3
    async with await gateway.connect() as connection:
        for start in range(0, len(stream), piece):
            await connection.send(stream[start : start + piece])
            await asyncio.sleep(0)
        for _ in range(12):
            assert (await connection.reply()).status == 200
    assert [call.request.title for call in core.calls] == ["x", "y"] * 3


async def test_an_offer_of_websocket_is_answered_in_http1(gateway: RunningGateway) -> None:
    """There is nothing to talk to."""
    reply = await gateway.request("GET", "/", headers={"connection": "upgrade", "upgrade": "websocket"})
    assert reply.status == 404


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 200 + b"\r\n",
        b"GET /healthz HTTP/1.1\r\na: " + b"b" * 40_000 + b"\r\n\r\n",
        b"GET /" + b"b" * 40_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\na: " + b"b" * 400_000,
    ],
)
async def test_an_endless_head_is_refused(gateway: RunningGateway, head: bytes) -> None:
    """431, whether it ever ends or not."""
    async with await gateway.connect() as connection:
        connection.writer.write(head)
        assert (await connection.reply()).status == 431


async def test_a_large_body_in_one_piece_is_no_large_head(gateway: RunningGateway) -> None:
    """Head and body may arrive together."""
    body = json.dumps({"title": "x" * 100_000}).encode()
    async with await gateway.connect() as connection:
        for _ in range(3):
            await connection.send(
                b"POST /api/push-notification HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body
            )
            assert (await connection.reply()).status == 200
