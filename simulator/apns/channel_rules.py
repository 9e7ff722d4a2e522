"""APNs' checks of requests for broadcast channels: their making, their end, and broadcasts to them.

Sources: Apple's "Sending channel management requests to APNs", "Sending broadcast push notification requests to APNs"
and "Handling error responses from Apple Push Notification service". Apple publishes no order of the checks, and not the
status of each reason; where it is silent, these are those of pushes to devices.
"""

import base64
import binascii
import json
import re
from typing import NamedTuple

from simulator.apns.channels import MOST_RECENT, NO_STORAGE, Channels
from simulator.apns.rules import MAX_VOIP_BODY, Request, Verdict, decode_document, is_expiration, is_message_id

BROADCASTS, MANAGEMENT = "broadcasts", "channels"
"""What scripts of faults call these requests, and the log of requests too."""
PRIORITIES = frozenset((b"1", b"5", b"10"))

_broadcast = re.compile(rb"/4/broadcasts/apps/([^/]*)").fullmatch
_management = re.compile(rb"/1/apps/([^/]*)/(channels|all-channels)").fullmatch


class ChannelPolicy(NamedTuple):
    """What this APNs allows."""

    bundle_id: bytes
    is_enabled: bool
    """Whether the app may broadcast."""
    most: int
    """Channels that it may have."""


def kind_of(path: bytes) -> str:
    """What such a request is called; empty for one that is about no channel."""
    if _broadcast(path):
        return BROADCASTS
    return MANAGEMENT if _management(path) else ""


def judge(request: Request, policy: ChannelPolicy, channels: Channels) -> Verdict:
    """The answer to the request. A channel that is made or deleted by it is so from then on."""
    refusal = _refusal(request, policy)
    if refusal is not None:
        return refusal
    if request.token == BROADCASTS:
        return _broadcast_verdict(request, channels)
    return _manage(request, policy, channels)


def channel_of(request: Request) -> str:
    """The id of the channel that it names; empty if it names none."""
    return request.headers.get(b"apns-channel-id", b"").decode("latin-1")


def _refusal(request: Request, policy: ChannelPolicy) -> Verdict | None:
    headers, path = request.headers, request.headers.get(b":path", b"")
    request_id = headers.get(b"apns-request-id")
    if request.repeated:
        return Verdict(400, "BadRequestParams")
    if request_id is not None and not is_message_id(request_id):
        return Verdict(400, "BadMessageId")
    if request.auth_problem is not None:
        return Verdict(*request.auth_problem)
    found = _broadcast(path) or _management(path)
    if found is None:
        return Verdict(404, "BadPath")
    if found[1] != policy.bundle_id:
        return Verdict(400, "TopicDisallowed")
    return None if policy.is_enabled else Verdict(400, "FeatureNotEnabled")


def _manage(request: Request, policy: ChannelPolicy, channels: Channels) -> Verdict:
    method, path = request.headers.get(b":method", b""), request.headers[b":path"]
    if path.endswith(b"/all-channels"):
        return Verdict(200, document={"channels": channels.all()}) if method == b"GET" else NOT_ALLOWED
    if method == b"POST":
        return _create(request, policy, channels)
    if method not in (b"GET", b"DELETE"):
        return NOT_ALLOWED
    unknown = _unknown_channel(request, channels)
    if unknown is not None:
        return unknown
    channel = channels.find(channel_of(request))
    if method == b"GET" and channel is not None:
        return Verdict(200, document={"message-storage-policy": channel.policy, "push-type": "LiveActivity"})
    channels.delete(channel_of(request))
    return Verdict(204)


def _create(request: Request, policy: ChannelPolicy, channels: Channels) -> Verdict:
    try:
        wanted = json.loads(request.body)
    except (ValueError, RecursionError):
        return Verdict(400, "BadRequestPayload")
    if not isinstance(wanted, dict):
        return Verdict(400, "BadRequestPayload")
    stored = wanted.get("message-storage-policy")
    if type(stored) is not int or stored not in (NO_STORAGE, MOST_RECENT):
        return Verdict(400, "MissingChannelQueueSize")
    if wanted.get("push-type") != "LiveActivity":
        return Verdict(400, "InvalidPushType")
    if len(channels) >= policy.most:
        return Verdict(400, "CannotCreateChannelConfig")
    return Verdict(201, channel_id=channels.create(stored))


def _broadcast_verdict(request: Request, channels: Channels) -> Verdict:
    headers = request.headers
    if headers.get(b":method") != b"POST":
        return NOT_ALLOWED
    unknown = _unknown_channel(request, channels)
    if unknown is not None:
        return unknown
    expiration = headers.get(b"apns-expiration", b"0")
    channel = channels.find(channel_of(request))
    keeps_nothing = channel is not None and channel.policy == NO_STORAGE
    broken = {
        "MissingPushType": b"apns-push-type" not in headers,
        "InvalidPushType": headers.get(b"apns-push-type") != b"liveactivity",
        "BadPriority": headers.get(b"apns-priority", b"10") not in PRIORITIES,
        "BadExpirationDate": not is_expiration(expiration) or (keeps_nothing and expiration.strip(b"0") != b""),
    }
    reason = next((reason for reason, is_so in broken.items() if is_so), None)
    return _body_verdict(request) if reason is None else Verdict(400, reason)


def _body_verdict(request: Request) -> Verdict:
    if request.length > MAX_VOIP_BODY:
        return Verdict(413, "PayloadTooLarge")
    document = decode_document(request.body)
    if document is None:
        return Verdict(400, "PayloadEmpty")
    request.document = document
    return Verdict(200)


def _unknown_channel(request: Request, channels: Channels) -> Verdict | None:
    channel_id = channel_of(request)
    if not channel_id:
        return Verdict(400, "MissingChannelId")
    try:
        base64.b64decode(channel_id, validate=True)
    except (binascii.Error, ValueError):
        return Verdict(400, "BadChannelId")
    return None if channels.find(channel_id) is not None else Verdict(400, "ChannelNotRegistered")


NOT_ALLOWED = Verdict(405, "MethodNotAllowed")
