"""Pushes to browsers by `python -m delivery_service`, as operators run it."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from prometheus_client.parser import text_string_to_metric_families
from smith.delivery.v1.delivery_service_pb2 import DeliverRequest
from smith.delivery.v1.delivery_service_pb2_grpc import DeliveryServiceStub

from service_kit.client import open_channel
from tests.delivery.harness import ACCEPTED, Apns, tally
from tests.delivery.push_services import Browser, Received, answering, push_service, web_push
from tests.delivery.test_process import DeliveryProcess, made
from tests.delivery.test_web_push import _now, answers_nothing, key, settings
from tests.stack import free_ports
from tests.waiting import LONG, eventually_async

__all__ = ["key", "made"]
pytestmark = pytest.mark.slow


async def test_a_push_on_its_way_to_a_browser_is_answered_before_the_process_stops(
    apns: Apns, key: ec.EllipticCurvePrivateKey, tmp_path: Path, made: list[DeliveryProcess]
) -> None:
    may_answer = asyncio.Event()

    async def later(received: Received, writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    async with push_service(later) as plain:
        patient = settings(tmp_path, plain, SMITH_DRAIN_SECONDS=f"{LONG:g}")
        process = DeliveryProcess(tmp_path, apns.process.environment(**patient))
        made.append(process)
        async with open_channel(process.until_serving()) as channel:
            call = DeliveryServiceStub(channel).Deliver(
                DeliverRequest(pushes=[web_push(plain.browser())]), timeout=LONG
            )
            await eventually_async("it is on its way", lambda: _now(len(plain.received) == 1))
            process.process.send_signal(signal.SIGTERM)
            may_answer.set()
            outcomes = [outcome async for group in call for outcome in group.outcomes]
    assert tally(outcomes) == {(ACCEPTED, ""): 1}
    assert await asyncio.to_thread(process.process.wait, LONG) == 0
    assert "Traceback" not in process.log.read_text()


async def test_a_killed_process_answers_nothing_and_its_successor_sends(
    apns: Apns, key: ec.EllipticCurvePrivateKey, tmp_path: Path, made: list[DeliveryProcess]
) -> None:
    async with push_service(answers_nothing) as plain:
        request = DeliverRequest(pushes=[web_push(*(plain.browser() for _ in range(20)))])
        process = DeliveryProcess(tmp_path, apns.process.environment(**settings(tmp_path, plain)))
        made.append(process)
        async with open_channel(process.until_serving()) as channel:
            call = DeliveryServiceStub(channel).Deliver(request, timeout=LONG)
            await eventually_async("some are on their way", lambda: _now(len(plain.received) > 3))
            process.process.kill()
            with pytest.raises(Exception, match="UNAVAILABLE"):
                [group async for group in call]
        plain.answer = answering(201)
        process = DeliveryProcess(tmp_path, apns.process.environment(**settings(tmp_path, plain)))
        made.append(process)
        async with open_channel(process.until_serving()) as channel:
            call = DeliveryServiceStub(channel).Deliver(request, timeout=LONG)
            outcomes = [outcome async for group in call for outcome in group.outcomes]
    assert tally(outcomes) == {(ACCEPTED, ""): 20}


async def test_pushes_are_counted_by_service_and_outcome(
    apns: Apns, key: ec.EllipticCurvePrivateKey, tmp_path: Path, made: list[DeliveryProcess]
) -> None:
    [port] = free_ports(1)
    async with push_service() as plain, push_service(answering(410)) as gone:
        given = settings(tmp_path, plain) | {"SMITH_METRICS_PORT": str(port)}
        given["SMITH_WEBPUSH_ALLOW"] = f"mozilla={plain.origin},{gone.origin}"
        process = DeliveryProcess(tmp_path, apns.process.environment(**given))
        made.append(process)
        async with open_channel(process.until_serving()) as channel, httpx.AsyncClient(timeout=LONG) as http:
            sent = [web_push(plain.browser(), plain.browser(), gone.browser(), Browser("https://unknown.example/x"))]
            call = DeliveryServiceStub(channel).Deliver(DeliverRequest(pushes=sent), timeout=LONG)
            [group async for group in call]
            text = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    pushes = [one for one in samples if one.name == "smith_web_pushes_total"]
    counted = {(one.labels["service"], one.labels["outcome"], one.labels["reason"]): one.value for one in pushes}
    assert counted == {
        ("mozilla", "accepted", ""): 2,
        ("other", "token_dead", "SubscriptionGone"): 1,
        ("none", "rejected", "PushServiceNotAllowed"): 1,
    }
    assert [one.value for one in samples if one.name == "smith_web_push_in_progress"] == [0]


@pytest.mark.parametrize(
    ("variable", "value", "why"),
    [
        ("SMITH_WEBPUSH_SUBJECT", "mailto:operator@localhost", "must be one of the public internet"),
        ("SMITH_WEBPUSH_SUBJECT", "https://192.168.1.2", "Apple refuses IP addresses"),
        ("SMITH_WEBPUSH_SUBJECT", "operator", "must be a mailto: or https: address"),
        ("SMITH_WEBPUSH_ALLOW", "push.example.com", "is not an origin"),
        ("SMITH_WEBPUSH_CA_FILE", "/nowhere/ca.pem", "No such file"),
    ],
)
def test_a_wrong_setting_ends_the_process_with_one_line_that_names_it(
    tmp_path: Path, made: list[DeliveryProcess], variable: str, value: str, why: str
) -> None:
    process = DeliveryProcess(tmp_path, {"SMITH_DELIVERY_PORT": "0", "SMITH_APNS_KEY_FILE": "", variable: value})
    made.append(process)
    assert process.process.wait(LONG) != 0
    assert [line for line in process.log.read_text().splitlines() if variable in line and why in line]
