"""Checks what pushes to browsers need: the server's key, its contact address, and the delivery service's view."""

import stat
from pathlib import Path

import grpc

from cli.doctor.finding import Finding, fail, ok, skip, warn
from cli.doctor.key_files import why_not_a_key
from cli.doctor.settings import DoctorSettings
from cli.probing.by_grpc import ask_destinations
from service_kit.peers import Peers
from service_kit.web_push_subject import PLACEHOLDER, first_public, why_refused

CHECK = "webpush-key"
STRANGERS = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


def web_push_key(settings: DoctorSettings) -> list[Finding]:
    """Checks the key file, its permissions, and the contact address that goes with it."""
    return [_judge_key(settings.web_push_key, is_set=settings.webpush_key_file is not None), _judge_subject(settings)]


async def web_push(settings: DoctorSettings, seconds: float) -> list[Finding]:
    """Whether the delivery service can send to browsers."""
    try:
        told = await ask_destinations(settings.delivery, Peers.of(settings), seconds)
    except grpc.aio.AioRpcError as error:
        if error.code() in STRANGERS:
            why = "not checked: the delivery service answers only processes that know its secret"
            return [skip("webpush", why, "Set SMITH_INTERNAL_SECRET as its own is, if you have set that.")]
        return [skip("webpush", "not checked: the delivery service does not answer", "See `delivery` above.")]
    if told.web_push_fault:
        advice = "Set SMITH_WEBPUSH_KEY_FILE for the delivery service; docs/operating.md says how a key is made."
        return [fail("webpush", f"{told.web_push_fault}: {told.web_push_fault_explanation}", advice)]
    return [ok("webpush", f"the delivery service can send to browsers, with the key {told.web_push_public_key[:12]}…")]


def _judge_key(path: Path, *, is_set: bool) -> Finding:
    advice = "Put the key back, from a backup: without it every browser has to be paired again."
    try:
        mode, content = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError:
        if is_set:
            return fail(CHECK, f"{path} does not exist", advice)
        return skip(CHECK, f"there is no {path} yet: the next `smith up` makes it")
    except OSError as error:
        return fail(CHECK, f"{path}: {error.strerror}", "Let the delivery service's user read it.")
    if (why := why_not_a_key(content)) is not None:
        return fail(CHECK, f"{path} {why}", advice)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return warn(CHECK, f"others can read {path}", f"Run `chmod 600 {path}`.")
    return ok(CHECK, f"{path} is this server's key for browsers")


def _judge_subject(settings: DoctorSettings) -> Finding:
    if settings.webpush_subject and (why := why_refused(settings.webpush_subject)):
        return fail(
            CHECK, f"SMITH_WEBPUSH_SUBJECT={settings.webpush_subject}: {why}", "The delivery service does not start."
        )
    known = (settings.smtp_from, settings.admin_url, settings.gateway_url)
    subject = settings.webpush_subject or first_public(*(one or "" for one in known))
    if subject == PLACEHOLDER:
        return skip(
            CHECK,
            "no contact address for push services is known: Apple's refuses pushes without",
            "Set SMITH_WEBPUSH_SUBJECT to mailto:you@your-domain before iPhones are paired.",
        )
    return ok(CHECK, f"push services are told to reach you at {subject}")
