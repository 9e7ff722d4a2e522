"""Headers of HTTP/2 as bytes (HPACK, RFC 7541): requests are nearly alike, and answers nearly empty."""

from collections.abc import Iterable

from hpack import Decoder, HeaderTuple, HPACKError

from delivery_service.apns.http2_events import ProtocolError

TABLE_BYTES = 4096
"""Size of a table of headers unless its owner announces another."""
ENTRY_OVERHEAD = 32
"""Bytes that an entry counts besides its name and value."""
FIRST_DYNAMIC = 62
"""Index of the newest entry. Those below are the standard's own table."""

POST = b"\x83"
HTTPS = b"\x87"
STATUS_200 = 0x88
PATH, AUTHORITY, AUTHORIZATION, METHOD = 4, 1, 23, 2
"""Names in the standard's table."""
STANDARD_NAMES = {b":authority": AUTHORITY, b":path": PATH, b"authorization": AUTHORIZATION, b":method": METHOD}

INDEXED, INSERTED, RESIZED, NEVER_INDEXED = 0x80, 0x40, 0x20, 0x10
"""How a field begins: one of the table; one that enters it; a new size of the table; one that must never enter it."""


def never_indexed(name: bytes, value: bytes) -> bytes:
    """A header that is used once, or that no table may hold."""
    return _literal(name, value, 4, NEVER_INDEXED)


def integer(value: int, bits: int, first: int) -> bytes:
    """A number with a prefix of this many bits, in a byte that begins with the bits of `first`."""
    most = (1 << bits) - 1
    if value < most:
        return bytes((first | value,))
    value -= most
    written = bytearray((first | most,))
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def text(value: bytes) -> bytes:
    """A string, without Huffman's code, which saves some 30 bytes of a push and costs more time than all the rest."""
    return integer(len(value), 7, 0) + value


class HeaderWriter:
    """Writes headers so that those which repeat are one byte each.

    Its table is the peer's: what it counts as inserted, the peer has inserted. It never lets an entry be evicted. It
    has the peer empty the table once it is full.
    """

    def __init__(self) -> None:
        self._limit = TABLE_BYTES
        self._places: dict[HeaderTuple, int] = {}
        """The entries, numbered in the order of their insertion."""
        self._used = 0
        self._resize = b""
        """What the next block has to begin with."""
        self._last: tuple[HeaderTuple, ...] | None = None
        self._last_written = b""

    def limit(self, size: int) -> None:
        """The peer announces the size of its table, in bytes."""
        if (limit := min(size, TABLE_BYTES)) != self._limit:
            self._limit = limit
            self._empty()

    def prelude(self) -> bytes:
        """What a block has to begin with; usually nothing."""
        resize, self._resize = self._resize, b""
        return resize

    def write(self, header: HeaderTuple) -> bytes:
        """One header. It enters the table if its tuple lets it (`header.indexable`)."""
        place = self._places.get(header)
        if place is not None:
            return integer(FIRST_DYNAMIC + len(self._places) - 1 - place, 7, INDEXED)
        name, value = header
        if not header.indexable:
            return never_indexed(name, value)
        size = len(name) + len(value) + ENTRY_OVERHEAD
        if self._used + size > self._limit and size <= self._limit and not self._resize:
            self._empty()
        if self._resize or size > self._limit:
            return _literal(name, value, 4, 0)
        self._places[header] = len(self._places)
        self._used += size
        self._last = None  # all places have moved
        return _literal(name, value, 6, INSERTED)

    def write_all(self, headers: tuple[HeaderTuple, ...]) -> bytes:
        """All of these. The same tuple once more is not looked at again."""
        if headers is not self._last:
            self._last = headers
            written = b"".join(map(self.write, headers))
            if self._last is not headers:  # one of them has entered the table: it is shorter next time
                return written
            self._last_written = written
        return self._last_written

    def _empty(self) -> None:
        # The next block says so. In this one nothing refers to the table or enters it any more.
        self._places.clear()
        self._used = 0
        self._last = None
        self._resize = integer(0, 5, RESIZED) + (integer(self._limit, 5, RESIZED) if self._limit else b"")


class HeaderReader:
    """Reads the status of answers. It skips what it need not know of a block, if nothing that comes later depends on
    it."""

    def __init__(self) -> None:
        self._decoder = Decoder()

    def status(self, block: bytes) -> str:
        """The three digits of `:status`; empty if there are none. Raises ProtocolError if the block cannot be read."""
        return self.read(block)[0]

    def read(self, block: bytes) -> tuple[str, str]:
        """The same, and the id of the broadcast channel that was made; empty if none was."""
        if block and block[0] == STATUS_200 and self._leaves_no_trace(block):
            return "200", ""
        try:
            headers = self._decoder.decode(block, raw=True)
            return status_of(headers), channel_of(headers)
        except HPACKError as error:
            raise ProtocolError(f"headers that cannot be read: {error}") from error

    def _leaves_no_trace(self, block: bytes) -> bool:
        """Whether the block is well-formed, refers to the standard's table only, and puts nothing into the other."""
        place, end = 0, len(block)
        while place < end:
            first = block[place]
            place += 1
            if first & INDEXED:
                if not INDEXED < first < INDEXED | FIRST_DYNAMIC:
                    return False
                continue
            name = first & 0x0F
            if first & (INSERTED | RESIZED) or name == 0x0F:
                return False
            for _ in range(1 if name else 2):
                if place >= end or (length := block[place] & 0x7F) == 0x7F:
                    return False
                place += 1 + length
        return place == end


def status_of(headers: Iterable[tuple[bytes | str, ...]]) -> str:
    """The three digits of `:status`; empty if there are none."""
    for name, value in headers:
        if name == b":status":
            digits = bytes(value).decode("latin-1") if not isinstance(value, str) else value
            return digits if len(digits) == 3 and digits.isascii() and digits.isdecimal() else ""
    return ""


def channel_of(headers: Iterable[tuple[bytes | str, ...]]) -> str:
    """The id of a broadcast channel, `apns-channel-id`; empty if there is none."""
    for name, value in headers:
        if name == b"apns-channel-id":
            return bytes(value).decode("latin-1") if not isinstance(value, str) else value
    return ""


def _literal(name: bytes, value: bytes, bits: int, first: int) -> bytes:
    index = STANDARD_NAMES.get(name, 0)
    return integer(index, bits, first) + (b"" if index else text(name)) + text(value)
