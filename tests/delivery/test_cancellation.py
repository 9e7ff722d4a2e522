"""A caller that gives up, or vanishes, takes nothing with it."""

import asyncio

import grpc
import pytest
from smith.delivery.v1.delivery_service_pb2 import DeliverRequest

from tests.delivery.conftest import Start
from tests.delivery.harness import ACCEPTED, Apns, push, random_token, tally, target


async def test_a_callers_deadline_frees_its_streams_and_spares_its_neighbours(apns: Apns, start: Start) -> None:
    async with start(SMITH_APNS_CONNECTIONS="1", SMITH_APNS_ANSWER_TIMEOUT="60") as service:
        await service.deliver(push(count=1))
        await apns.hold()
        neighbour = asyncio.create_task(service.deliver(push(count=40), deadline=60))
        await apns.until_streams_open(40)
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await service.deliver(push(count=300), deadline=0.3)
        assert refusal.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        await apns.release()
        assert tally(await neighbour) == {(ACCEPTED, ""): 40}
        await apns.until_streams_open(0)
        assert tally(await service.deliver(push(count=300))) == {(ACCEPTED, ""): 300}
        (connection,) = service.connections
        assert connection.load == 0
    stats = await apns.stats()
    assert stats["connections_opened"] == 1
    assert stats["duplicates_by_apns_id"] == 0


async def test_a_caller_that_cancels_between_messages_frees_its_streams_and_its_place(apns: Apns, start: Start) -> None:
    mute = [target(random_token()) for _ in range(50)]
    for one in mute:
        await apns.script(one.token, {"action": "mute"})
    async with start(
        SMITH_APNS_MAX_IN_FLIGHT="100", SMITH_APNS_CONNECTIONS="1", SMITH_APNS_ANSWER_TIMEOUT="30"
    ) as service:
        await service.deliver(push(count=1))
        call = service.stub.Deliver(DeliverRequest(pushes=[push(*mute, count=50)]))
        seen = 0
        while seen < 50:
            seen += len((await call.read()).outcomes)
        await apns.until_streams_open(50)
        call.cancel()
        await apns.until_streams_open(0)
        assert tally(await service.deliver(push(count=100))) == {(ACCEPTED, ""): 100}


async def test_a_vanished_core_frees_its_streams(apns: Apns, start: Start) -> None:
    await apns.script("*", {"action": "mute"})
    async with start(SMITH_APNS_ANSWER_TIMEOUT="30") as service:
        async with grpc.aio.insecure_channel(service.address) as channel:
            _call = channel.unary_stream(
                "/smith.delivery.v1.DeliveryService/Deliver", request_serializer=DeliverRequest.SerializeToString
            )(DeliverRequest(pushes=[push(count=3)]))
            await apns.until_streams_open(3)
        await apns.until_streams_open(0)
