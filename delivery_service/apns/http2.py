"""h2's client connection, which here tolerates faults of APNs, proxies and networks, and sends bodies in pieces."""

from contextlib import suppress

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.events import Event
from h2.exceptions import ProtocolError
from hyperframe.frame import Frame, GoAwayFrame

CONFIGURATION = H2Configuration(
    client_side=True,
    header_encoding=None,
    # The request's headers are made of validated parts (see request.py): checking them again would only cost time.
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
    # One invalid header in one answer must not end the connection of a hundred other pushes.
    validate_inbound_headers=False,
)


class ForgivingH2Connection(H2Connection):
    """h2's connection, except that an error of one stream does not end the whole connection.

    It overrides private methods of h2, which is why h2's version is pinned.
    """

    # h2 would remember 65,536 closed streams for each connection, some 8 MB, which we do not use.
    MAX_CLOSED_STREAMS = 256

    def __init__(self) -> None:
        super().__init__(CONFIGURATION)
        self.unsent: dict[int, bytes] = {}
        """By stream: what flow control has not let through yet."""

    def send_piecewise(self, stream_id: int, body: bytes) -> None:
        """Sends as much of a request's body as the windows allow; `send_unsent` sends more once they have opened."""
        while body:
            size = min(len(body), self.local_flow_control_window(stream_id), self.max_outbound_frame_size)
            if size <= 0:
                self.unsent[stream_id] = body
                return
            piece, body = body[:size], body[size:]
            self.send_data(stream_id, piece, end_stream=not body)
        self.unsent.pop(stream_id, None)

    def send_unsent(self) -> None:
        """Goes on with the bodies that flow control held up."""
        for stream_id, body in list(self.unsent.items()):
            self.send_piecewise(stream_id, body)

    def cancel_stream(self, stream_id: int) -> None:
        """Tells the peer that the stream's answer is no longer wanted."""
        with suppress(ProtocolError):  # the stream has ended by itself
            self.reset_stream(stream_id, ErrorCodes.CANCEL)

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        # h2 considers the connection closed after GOAWAY and would refuse the answers that APNs still sends for the
        # streams that it took (RFC 9113, section 6.8); some may even be in the same segment.
        answer = super()._receive_goaway_frame(frame)
        self.state_machine.state = ConnectionState.CLIENT_OPEN
        return answer

    def _stream_is_closed_by_reset(self, stream_id: int) -> bool:
        # A frame for a closed stream (a late or a second answer) concerns that stream only.
        return stream_id <= self.highest_outbound_stream_id
