"""The headers of pushes, read from HPACK (RFC 7541)."""

from typing import NamedTuple

from hpack import Decoder, HPACKError

from delivery_service.apns.header_blocks import INDEXED, INSERTED, RESIZED
from delivery_service.apns.http2_events import ProtocolError

PATH_PREFIX = b"/3/device/"
CONTINUES = 0x7F
"""A length or an index that goes on in the next byte, or a text in Huffman's code."""
NEW_NAME, LONG_NAME = 0x00, 0x0F

Fields = dict[bytes, bytes]


class PushHead(NamedTuple):
    """What the headers of a push say."""

    token: bytes
    apns_id: bytes
    """Empty if there is none."""
    push_type: bytes
    fault: str
    """Apple's reason to refuse it; empty if there is none."""


class HeadReader:
    """Reads the headers of one connection.

    hpack's decoder takes as long for one push as all the rest of the stand-in. It is asked only for blocks that change
    the table of headers, or that are written in a way that senders of pushes do not use.
    """

    def __init__(self) -> None:
        self._decoder = Decoder()
        self._indexed: dict[int, tuple[bytes, bytes]] = {}
        """Entries of both tables by index, as they are now."""

    def read(self, block: bytes) -> PushHead:
        """The head of a push. Raises ProtocolError if the block cannot be read."""
        try:
            fields = self._read_plain(block) or self._decode(block)
        except HPACKError as error:
            raise ProtocolError(f"headers that cannot be read: {error}") from error
        path = fields.get(b":path", b"")
        return PushHead(
            path[len(PATH_PREFIX) :], fields.get(b"apns-id", b""), fields.get(b"apns-push-type", b""), _fault(fields)
        )

    def _decode(self, block: bytes) -> Fields:
        self._indexed.clear()
        return {bytes(name): bytes(value) for name, value in self._decoder.decode(block, raw=True)}

    def _read_plain(self, block: bytes) -> Fields | None:
        """The fields; None if the block needs hpack's decoder. Leaves its table as it is."""
        fields: Fields = {}
        place, end = 0, len(block)
        while place < end:
            first = block[place]
            place += 1
            if first & INDEXED:
                name, value = self._entry(first & CONTINUES)
                if first & CONTINUES == CONTINUES:
                    return None
                fields[name] = value
                continue
            index = first & LONG_NAME
            if first & (INSERTED | RESIZED) or index == LONG_NAME or place >= end:
                return None
            if index == NEW_NAME:
                length = block[place]
                place += 1 + length
                if length >= CONTINUES or place >= end:
                    return None
                name = block[place - length : place]
            else:
                name = self._entry(index)[0]
            length = block[place]
            place += 1 + length
            if length >= CONTINUES:
                return None
            fields[name] = block[place - length : place]
        return fields if place == end else None

    def _entry(self, index: int) -> tuple[bytes, bytes]:
        found = self._indexed.get(index)
        if found is None:
            found = self._indexed[index] = self._decoder.header_table.get_by_index(index)
        return found


def _fault(fields: Fields) -> str:
    if fields.get(b":method") != b"POST":
        return "MethodNotAllowed"
    if not fields.get(b":path", b"").startswith(PATH_PREFIX):
        return "BadPath"
    if not fields.get(b"authorization", b"").startswith(b"bearer "):
        return "MissingProviderToken"
    if not fields.get(b"apns-topic"):
        return "MissingTopic"
    return "" if fields.get(b"apns-push-type") else "InvalidPushType"
