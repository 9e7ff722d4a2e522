"""One HTTP request to APNs: a push to a device, a broadcast to a channel, or the making or end of a channel.

Sources: Apple, "Sending notification requests to APNs", "Sending broadcast push notification requests to APNs",
"Sending channel management requests to APNs".
"""

from aioapns.common import NotificationRequest
from hpack import HeaderTuple

from delivery_service.apns.header_blocks import POST, never_indexed

DELETE = never_indexed(b":method", b"DELETE")
NEW_CHANNEL = b'{"message-storage-policy":1,"push-type":"LiveActivity"}'
"""Policy 1: Apple keeps the most recent message, so that a phone which was off, or has begun to listen a moment too
late, gets the newest state. It takes fewer messages for that than under policy 0, which keeps none."""


class ApnsRequest(NotificationRequest):
    """A push to one device, with a ready body and headers; aioapns' own would encode the JSON once for each device."""

    __slots__ = ("payload", "shared")
    method = POST
    success = "200"
    """The status of APNs' answer if it does what is asked."""
    what = "POST /3/device"
    """The call, for traces."""

    def __init__(self, token: str, apns_id: str, payload: bytes, shared: tuple[HeaderTuple, ...]) -> None:
        """`shared` are the headers that other requests may have too."""
        super().__init__(token, {}, apns_id)
        self.payload = payload
        self.shared = shared

    @property
    def path(self) -> bytes:
        """The path, encoded. No table of headers may hold it: it has the token."""
        return never_indexed(b":path", b"/3/device/" + self.device_token.encode())

    @property
    def own(self) -> bytes:
        """The headers that no other request has, encoded."""
        return never_indexed(b"apns-id", self.notification_id.encode())


class BroadcastRequest(ApnsRequest):
    """A broadcast to the phones that listen to a channel, whose id is in the place of the token."""

    __slots__ = ("bundle_id",)
    what = "POST /4/broadcasts/apps"

    def __init__(
        self, channel_id: str, request_id: str, payload: bytes, shared: tuple[HeaderTuple, ...], bundle_id: str
    ) -> None:
        super().__init__(channel_id, request_id, payload, shared)
        self.bundle_id = bundle_id

    @property
    def path(self) -> bytes:
        """The path, encoded."""
        return never_indexed(b":path", f"/4/broadcasts/apps/{self.bundle_id}".encode())

    @property
    def own(self) -> bytes:
        """The headers that no other request has, encoded."""
        channel = never_indexed(b"apns-channel-id", self.device_token.encode())
        return never_indexed(b"apns-request-id", self.notification_id.encode()) + channel


class NewChannelRequest(BroadcastRequest):
    """The making of a channel. Apple's answer names it."""

    __slots__ = ()
    success = "201"
    what = "POST /1/apps/channels"

    def __init__(self, request_id: str, bundle_id: str) -> None:
        super().__init__("", request_id, NEW_CHANNEL, (), bundle_id)

    @property
    def path(self) -> bytes:
        """The path, encoded."""
        return never_indexed(b":path", f"/1/apps/{self.bundle_id}/channels".encode())

    @property
    def own(self) -> bytes:
        """The headers that no other request has, encoded."""
        return never_indexed(b"apns-request-id", self.notification_id.encode())


class ChannelEndRequest(BroadcastRequest):
    """The end of a channel."""

    __slots__ = ()
    method = DELETE
    success = "204"
    what = "DELETE /1/apps/channels"

    def __init__(self, channel_id: str, request_id: str, bundle_id: str) -> None:
        super().__init__(channel_id, request_id, b"", (), bundle_id)

    @property
    def path(self) -> bytes:
        """The path, encoded."""
        return never_indexed(b":path", f"/1/apps/{self.bundle_id}/channels".encode())
