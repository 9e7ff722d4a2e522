"""What ends a connection to APNs, or a request on it."""


class ProtocolError(Exception):
    """The peer does not keep to HTTP/2. The connection cannot go on."""


class NoStreamsLeft(Exception):
    """All numbers for requests of this connection are used up."""
