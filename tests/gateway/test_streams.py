"""An answer that comes in pieces: whole or recognisably cut off, and no longer asked for than somebody reads it."""

import asyncio
from typing import Any

import httpx
import pytest
from smith.core.v1.account_data_service_pb2 import ExportAccountResponse

from service_kit.errors import Unavailable
from tests.gateway.conftest import MakeGateway, RunningGateway
from tests.gateway.core_stand_in import CoreStandIn
from tests.waiting import LONG, eventually_async

PATH = "/api/account/export"
PIECE = "x" * 64_000


def answering(core: CoreStandIn, *pieces: str, then: Exception | None = None) -> None:
    """What core's export says."""

    async def export(request: Any, context: Any) -> Any:
        for piece in pieces:
            await context.write(ExportAccountResponse(content=piece))
        if then is not None:
            raise then

    core.behaviours["ExportAccount"] = export


def url(gateway: RunningGateway) -> str:
    return f"http://127.0.0.1:{gateway.port}{PATH}"


async def test_pieces_become_one_answer(core: CoreStandIn, gateway: RunningGateway) -> None:
    answering(core, '{"a": "ä', '", "complete": true}\n')
    async with httpx.AsyncClient(timeout=LONG) as client:
        answer = await client.get(url(gateway), headers={"authorization": "Bearer ses_x"})
        assert (answer.status_code, answer.json()) == (200, {"a": "ä", "complete": True})
        # The connection can be used again.
        assert (await client.get(url(gateway))).status_code == 200
    assert core.calls[0].metadata["authorization"] == "Bearer ses_x"


async def test_a_refusal_before_the_first_piece_is_an_error(core: CoreStandIn, gateway: RunningGateway) -> None:
    answering(core, then=Unavailable("Another export is running."))
    answer = await gateway.request("GET", PATH)
    assert (answer.status, answer.json()["message"]) == (503, "Another export is running.")


async def test_an_answer_that_fails_in_the_middle_is_cut_off(core: CoreStandIn, gateway: RunningGateway) -> None:
    answering(core, "{", PIECE, then=Unavailable("The database is away."))
    async with httpx.AsyncClient(timeout=LONG) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(url(gateway))


@pytest.mark.thorough
async def test_a_core_that_hangs_in_the_middle_is_not_waited_for(core: CoreStandIn, make_gateway: MakeGateway) -> None:
    async def hang(request: Any, context: Any) -> Any:
        await context.write(ExportAccountResponse(content="{"))
        await asyncio.Event().wait()

    core.behaviours["ExportAccount"] = hang
    gateway = await make_gateway(f"127.0.0.1:{core.port}", gateway_call_timeout=3)
    async with httpx.AsyncClient(timeout=LONG) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(url(gateway))


async def test_core_is_asked_no_further_once_the_client_has_left(core: CoreStandIn, gateway: RunningGateway) -> None:
    """Nor while it does not read: memory holds some pieces, not all."""
    written, ended = 0, asyncio.Event()

    async def endless(request: Any, context: Any) -> Any:
        nonlocal written
        try:
            while True:
                await context.write(ExportAccountResponse(content=PIECE))
                written += 1
        finally:
            ended.set()

    core.behaviours["ExportAccount"] = endless
    async with await gateway.connect() as connection:
        await connection.send(f"GET {PATH} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        await connection.reader.readexactly(1000)

        async def is_held_up() -> bool:
            before = written
            await asyncio.sleep(0.5)
            return written == before

        await eventually_async("core is held up by the client", is_held_up)
        assert written * len(PIECE) < 64_000_000
    async with asyncio.timeout(LONG):
        await ended.wait()


async def test_head_takes_no_more_than_the_first_piece(core: CoreStandIn, gateway: RunningGateway) -> None:
    answering(core, "{", PIECE)
    async with httpx.AsyncClient(timeout=LONG) as client:
        answer = await client.head(url(gateway))
    assert (answer.status_code, answer.content) == (200, b"")
