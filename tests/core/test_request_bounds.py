"""What is sent straight to core, past the gateway's bounds, costs little and gets a clear answer."""

import time
from typing import Any

import grpc
import psutil
import pytest

from tests.core.harness import Account, Core, refusal
from tests.waiting import LONG

PUSH = "/smith.core.v1.PushNotificationService/SendPushNotification"
DIGITS = "7" * 900_000


async def backend(account: Account) -> Any:
    return account.core.caller((await account.add_key())[1])


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        '{"a":' * 200_000,
        '{"a":' + "[" * 33 + "]" * 33 + "}",
        f'{{"n":{DIGITS}}}',
        '{"n":1e999999999999999999999}',
        '{"n":NaN}',
        '{"n":-Infinity}',
        '{"s":"\\ud800"}',
        "[]",
        "null",
        "",
    ],
    ids=lambda text: text[:12],
)
async def test_a_payload_that_could_hurt_is_refused_in_no_time(account: Account, text: str) -> None:
    caller = await backend(account)
    began = time.process_time()
    error = await refusal(caller.SendPushNotification(title="x", payload={"json": text}))
    assert error.reason == "INVALID_REQUEST", error
    # Core runs in this process. What else runs on the machine does not count.
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "text",
    [f'{{"n":0.{DIGITS}}}', "{" + ",".join(f'"{n}":0' for n in range(90_000)) + "}"],
    ids=["many digits", "many keys"],
)
async def test_a_payload_that_is_merely_long_is_measured_and_no_more(account: Account, text: str) -> None:
    caller = await backend(account)
    began = time.process_time()
    error = await refusal(caller.SendPushNotification(title="x", payload={"json": text}))
    assert error.reason == "PAYLOAD_TOO_LARGE", error
    # Core runs in this process. What else runs on the machine does not count.
    assert time.process_time() - began < 2


async def test_a_number_is_not_written_out(account: Account) -> None:
    await account.add_startable_phone()
    await (await backend(account)).SendPushNotification(title="x", payload={"json": '{"n":1E-999999999}'})


async def send(core: Core, message: bytes, compression: grpc.Compression | None = None) -> grpc.StatusCode:
    """How a message of anybody's ends."""
    options = [("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(core.address, options=options, compression=compression) as channel:
        try:
            await channel.unary_unary(PUSH)(message, timeout=3 * LONG)
        except grpc.aio.AioRpcError as error:
            return error.code()
    return grpc.StatusCode.OK


async def test_a_message_beyond_a_megabyte_is_refused_unread(core: Core) -> None:
    assert await send(core, bytes(1024 * 1024 + 1)) is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
async def test_a_bomb_is_not_unfolded(core: Core, compression: grpc.Compression) -> None:
    """300 MB in 300 kB. This process holds it once to send it; core must not hold it as well."""
    bomb = bytes(300 * 1024 * 1024)
    before = psutil.Process().memory_info().rss
    assert await send(core, bomb, compression) is grpc.StatusCode.RESOURCE_EXHAUSTED
    # gRPC's client takes copies of its own.
    assert psutil.Process().memory_info().rss - before < 2 * len(bomb)


@pytest.mark.parametrize(
    "message", [b"\x0b" * 500_000, b"\x0a\xff\xff\xff\xff\x0f", b"\xff" * 1000, b"\x0a\x02\xff\xfe"]
)
async def test_bytes_that_are_no_message_are_named_so(core: Core, message: bytes) -> None:
    assert await send(core, message) is grpc.StatusCode.INVALID_ARGUMENT


async def test_credentials_without_end_are_none(core: Core) -> None:
    for size in (201, 8_000, 100_000):
        error = await refusal(core.caller("ask_" + "x" * size).SendPushNotification(title="x"))
        assert error.reason == "UNAUTHENTICATED"
