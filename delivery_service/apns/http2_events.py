"""What an HTTP/2 client tells the connection that it belongs to."""

from typing import Protocol


class ProtocolError(Exception):
    """The peer does not keep to HTTP/2. The connection cannot go on."""


class NoStreamsLeft(Exception):
    """All numbers for requests of this connection are used up."""


class Events(Protocol):
    """What a connection is told. Streams are those of its requests, including ones that are over for it."""

    def on_status(self, stream_id: int, status: str) -> None:
        """Headers have come. `status` has three digits; it is empty if they name none, as those after a body do."""

    def on_channel(self, stream_id: int, channel_id: str) -> None:
        """Headers have come that name the broadcast channel which was made."""

    def on_body(self, stream_id: int, data: bytes) -> None:
        """A part of the answer's body has come."""

    def on_end(self, stream_id: int) -> None:
        """The answer is complete."""

    def on_reset(self, stream_id: int, code: int) -> None:
        """The peer has broken the request off."""

    def on_settings(self, max_streams: int | None) -> None:
        """SETTINGS have come; with how many requests may be open at once, if they say so."""

    def on_goaway(self, last_stream_id: int) -> None:
        """The peer takes no request beyond this one, neither those to come nor those already sent."""
