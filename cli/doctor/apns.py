"""Checks the credentials with Apple: the files here, and APNs' answer."""

import re
import stat
from pathlib import Path

from smith.core.v1 import apns_service_pb2, apns_service_pb2_grpc, status_service_pb2, status_service_pb2_grpc

from cli.client.owner import known_owner
from cli.client.session import NoCode, Session, signed_in
from cli.doctor.finding import Finding, fail, ok, skip, warn
from cli.doctor.key_files import why_not_a_key
from cli.doctor.settings import DoctorSettings
from cli.up.errors import CannotStart, Failed

IDENTIFIER = re.compile(r"[A-Z0-9]{10}")
"""The form of key ids and team ids in Apple's developer portal."""
ANSWER_SECONDS = 12.0
"""Seconds. Core waits for APNs for up to 10."""
WORKING = apns_service_pb2.APNS_CHECK_RESULT_WORKING
UNCLEAR = apns_service_pb2.APNS_CHECK_RESULT_UNCLEAR
ENVIRONMENTS = {1: "sandbox (development)", 2: "production"}


def apns_key(settings: DoctorSettings) -> list[Finding]:
    """Checks the key file, its permissions, and the settings that belong to it."""
    path = settings.apns_key_file
    if path is None:
        return [skip("apns key", "SMITH_APNS_KEY_FILE is not set here: `smith up` has the simulator stand in for APNs")]
    try:
        mode = path.stat().st_mode
        if (why := why_not_a_key(path.read_bytes())) is not None:
            advice = "Download the .p8 file again, or make a new key in Apple's portal."
            return [fail("apns key", f"{path} {why}", advice)]
    except OSError as error:
        return [fail("apns key", f"{path}: {error.strerror}", "Put the .p8 file there, readable by delivery's user.")]
    return [_judge_key(settings, path, mode)]


def _judge_key(settings: DoctorSettings, path: Path, mode: int) -> Finding:
    for name, value in (("SMITH_APNS_KEY_ID", settings.apns_key_id), ("SMITH_APNS_TEAM_ID", settings.apns_team_id)):
        if not IDENTIFIER.fullmatch(value):
            return fail("apns key", f"{name} is not 10 capital letters and digits", "Copy it from Apple's portal.")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return warn("apns key", f"others can read {path}", f"Run `chmod 600 {path}`.")
    if not settings.apns_topic:
        advice = "Set it to your app's bundle id, unless all phones report one."
        return warn("apns key", "SMITH_APNS_TOPIC is not set", advice)
    return ok("apns key", f"{path} is a key for {settings.apns_topic}")


async def apns(settings: DoctorSettings, seconds: float) -> list[Finding]:
    """APNs' answer about the credentials, and core's alarms. A person must sign in for that."""
    try:
        owner = known_owner(settings)
        if owner is None:
            how = "Set SMITH_OWNER_EMAIL and SMITH_OWNER_PASSWORD: then APNs is asked, and core's alarms are shown."
            return [skip("apns", "not checked: no person is known who could sign in", how)]
        async with signed_in(settings, owner) as session:
            return [*await _ask_apns(session), *await _ask_for_alarms(session)]
    except NoCode as error:
        return [skip("apns", f"not checked: {error}", "API keys and deliveries are not concerned.")]
    except (CannotStart, Failed) as error:
        return [fail("apns", str(error), "See `core` above, and whether that person still has this password.")]


async def _ask_apns(session: Session) -> list[Finding]:
    stub = apns_service_pb2_grpc.ApnsServiceStub(session.channel)
    try:
        answer = await session.ask(stub.CheckApns, apns_service_pb2.CheckApnsRequest(), seconds=ANSWER_SECONDS)
    except Failed as error:
        # Refused because it was asked too often, for example: that says nothing about the credentials.
        return [warn("apns", f"not checked: {error}", "Try again in some seconds.")]
    return [_judge(check) for check in answer.checks]


def _judge(check: apns_service_pb2.ApnsCheck) -> Finding:
    which = f"{ENVIRONMENTS.get(check.environment, 'unknown')} {check.topic}".strip()
    if check.result == WORKING and check.simulated:
        return ok("apns", f"{which}: the simulator stands in for APNs and takes pushes; none reaches a real phone")
    if check.result == WORKING:
        return ok("apns", f"{which}: APNs takes pushes ({check.latency_ms} ms)")
    said = f"{which}: {check.reason}: {check.explanation}"
    return (warn if check.result == UNCLEAR else fail)("apns", said, check.advice)


async def _ask_for_alarms(session: Session) -> list[Finding]:
    stub = status_service_pb2_grpc.StatusServiceStub(session.channel)
    status = await session.ask(stub.GetServerStatus, status_service_pb2.GetServerStatusRequest())
    stopped = status_service_pb2.ALARM_KIND_LINE_STOPPED
    return [
        (fail if alarm.kind == stopped else warn)(
            "alarms", f"{alarm.line} {alarm.reason}: {alarm.explanation}".strip(), alarm.advice
        )
        for alarm in status.alarms
    ] or [ok("alarms", "core has none")]
