"""An HTTP/2 client connection that forgives what APNs, proxies and networks have been seen to do."""

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.events import Event
from hyperframe.frame import Frame, GoAwayFrame

CONFIGURATION = H2Configuration(
    client_side=True,
    header_encoding=None,
    # The request's headers come from validated parts (see request.py), so that checking each again is lost time.
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
    # One odd header in one answer must not end the connection for a hundred other pushes.
    validate_inbound_headers=False,
)


class ForgivingH2Connection(H2Connection):
    """h2's connection, which by itself ends everything where only one stream is concerned.

    Leans on private methods of h2, which is why its version is pinned.
    """

    # h2 would remember 65,536 closed streams a connection, some 8 MB, for nothing that we ask it.
    MAX_CLOSED_STREAMS = 256

    def __init__(self) -> None:
        super().__init__(CONFIGURATION)

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        # h2 regards the connection as closed after GOAWAY and would refuse the answers that APNs still gives to the
        # streams it took (RFC 9113, section 6.8); some may even stand in the same segment.
        answer = super()._receive_goaway_frame(frame)
        self.state_machine.state = ConnectionState.CLIENT_OPEN
        return answer

    def _stream_is_closed_by_reset(self, stream_id: int) -> bool:
        # A frame for a stream that is over (a late or a second answer) concerns that stream only.
        return stream_id <= self.highest_outbound_stream_id
