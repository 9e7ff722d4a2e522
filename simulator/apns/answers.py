"""Writes HTTP/2 answers: as APNs does, or with the faults that were asked for."""

import json
from typing import Any

from h2.connection import H2Connection
from hpack import NeverIndexedHeaderTuple
from hyperframe.frame import GoAwayFrame, HeadersFrame

from simulator.apns.faults import Step
from simulator.apns.rules import Verdict

PLAIN = Step()
JSON_TYPE = (b"content-type", b"application/json")
HTML_TYPE = (b"content-type", b"text/html")
HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


def send(
    h2: H2Connection,
    stream: int,
    verdict: Verdict,
    apns_id: bytes,
    step: Step = PLAIN,
    *,
    id_header: bytes = b"apns-id",
) -> None:
    """Answers a stream. Success is one HEADERS frame that ends the stream; an error has a JSON body in one DATA frame.

    `step` may ask for a body that APNs would not send. Raises h2's errors if the stream cannot be answered.
    """
    if step.apns_id == "upper":
        apns_id = apns_id.upper()
    headers: list[tuple[bytes, bytes]] = [
        (b":status", b"%d" % verdict.status),
        # Not indexed: it is never the same twice and would only fill the compression table.
        NeverIndexedHeaderTuple(id_header, apns_id),
    ]
    if verdict.channel_id:
        headers.append(NeverIndexedHeaderTuple(b"apns-channel-id", verdict.channel_id.encode()))
    if step.body is None:
        if verdict.status < 300 and verdict.document is None:
            h2.send_headers(stream, headers, end_stream=True)
        else:
            h2.send_headers(stream, [*headers, JSON_TYPE])
            h2.send_data(stream, body_of(verdict), end_stream=True)
        return
    if step.body == "empty":
        h2.send_headers(stream, headers, end_stream=True)
        return
    body = HTML if step.body == "html" else b"" if step.body == "empty_data" else body_of(verdict)
    h2.send_headers(stream, [*headers, HTML_TYPE if step.body == "html" else JSON_TYPE])
    if step.body == "split":
        middle = len(body) // 2
        h2.send_data(stream, body[:middle])
        body = body[middle:]
    h2.send_data(stream, body, end_stream=True)


def body_of(verdict: Verdict) -> bytes:
    """The JSON body of an error, or of an answer about channels."""
    document: dict[str, Any] = dict(verdict.document or {})
    if verdict.reason is not None:
        document["reason"] = verdict.reason
    if verdict.timestamp is not None:
        document["timestamp"] = verdict.timestamp
    return json.dumps(document, separators=(",", ":")).encode()


def repeated_headers(h2: H2Connection, stream: int, verdict: Verdict, apns_id: bytes) -> bytes:
    """The frames of a second answer for a stream that has ended, which h2 refuses to send."""
    frame = HeadersFrame(stream, flags=["END_HEADERS", "END_STREAM"])
    frame.data = h2.encoder.encode([(b":status", b"%d" % verdict.status), (b"apns-id", apns_id)])
    return bytes(frame.serialize())


def goaway(last_stream: int, reason: str) -> bytes:
    """A GOAWAY with Apple's debug data. Not made by h2, because after its own no answer can be sent any more."""
    frame = GoAwayFrame(0, last_stream_id=last_stream, error_code=0)
    frame.additional_data = json.dumps({"reason": reason}).encode()
    return bytes(frame.serialize())
