"""Checks as protobuf carries them."""

from collections.abc import Iterable

from smith.core.v1 import apns_service_pb2, device_pb2

from core_service.apns_check.service import Check, CheckResult

ENVIRONMENTS = {
    "production": device_pb2.APNS_ENVIRONMENT_PRODUCTION,
    "sandbox": device_pb2.APNS_ENVIRONMENT_SANDBOX,
}
RESULTS = {result: apns_service_pb2.ApnsCheckResult.Value(f"APNS_CHECK_RESULT_{result.name}") for result in CheckResult}


def to_response(checks: Iterable[Check]) -> apns_service_pb2.CheckApnsResponse:
    """The answer."""
    return apns_service_pb2.CheckApnsResponse(
        checks=[
            apns_service_pb2.ApnsCheck(
                environment=ENVIRONMENTS[check.environment],
                topic=check.answer.topic,
                result=RESULTS[check.explanation.result],
                reason=check.answer.reason,
                explanation=check.explanation.meaning,
                advice=check.explanation.advice,
                latency_ms=check.answer.latency_ms,
                simulated=check.answer.simulated,
            )
            for check in checks
        ]
    )
