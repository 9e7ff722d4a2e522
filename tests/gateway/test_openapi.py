"""The description of the API, and the API against its description."""

import asyncio
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings

from gateway.openapi import document
from gateway.routes import routes
from tests.gateway.conftest import RunningGateway
from tests.gateway.core_stand_in import CoreStandIn


def resolve(whole: dict[str, Any], reference: str) -> Any:
    """What a `$ref` names."""
    found: Any = whole
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(node: Any) -> list[str]:
    """Every `$ref` in a document."""
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in references(value)]
    if isinstance(node, list):
        return [found for value in node for found in references(value)]
    return []


async def test_every_annotated_rpc_is_served_and_described(gateway: RunningGateway) -> None:
    """From the descriptors alone."""
    described = (await gateway.request("GET", "/openapi.json")).json()
    assert described["openapi"] == "3.1.0"
    table = routes()
    assert len(table) > 20
    for route in table:
        operation = described["paths"][route.path][route.method.lower()]
        assert operation["summary"]
        assert {"200", "400", "401", "429", "503"} <= set(operation["responses"])
    for reference in references(described):
        assert resolve(described, reference)


def test_the_documented_request_is_described_as_documented() -> None:
    """Required, closed, with its enums."""
    schemas = document(routes())["components"]["schemas"]
    push = schemas["SendPushNotificationRequest"]
    assert push["required"] == ["title"]
    assert push["additionalProperties"] is False
    assert push["properties"]["payload"]["additionalProperties"] is True
    action = schemas["PushNotificationAction"]
    assert set(action["required"]) == {"title", "type", "url"}
    assert action["properties"]["method"]["enum"] == ["GET", "POST"]
    assert action["properties"]["type"]["enum"] == ["open_url", "webhook"]
    answer = schemas["SendPushNotificationResponse"]
    assert "effective_channel_slugs" not in answer["required"]
    assert {"success", "devices_notified", "users_notified"} <= set(answer["required"])
    assert answer["properties"]["timestamp"]["format"] == "date-time"


def drive(base_url: str) -> int:
    """Sends generated requests of every operation, good and bad; returns how many."""
    schema = schemathesis.openapi.from_url(f"{base_url}/openapi.json")
    schema.validate()
    sent = 0
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr]

        for mode in schemathesis.GenerationMode:

            @settings(max_examples=4, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: Any) -> None:
                nonlocal sent
                response = case.call(base_url=base_url, timeout=10)
                sent += 1
                assert response.status_code < 500, (case, response.text)
                body = response.json() if case.method != "HEAD" else {}
                assert response.status_code == 200 or {"error", "message"} <= set(body)
                case.validate_response(
                    response, checks=[schemathesis.checks.CHECKS.get_one("response_schema_conformance")]
                )

            send()
    return sent


async def test_generated_requests_are_answered_as_described(gateway: RunningGateway, core: CoreStandIn) -> None:
    """Never a 5xx, always JSON of the described form."""
    assert await asyncio.to_thread(drive, f"http://127.0.0.1:{gateway.port}") > 100
