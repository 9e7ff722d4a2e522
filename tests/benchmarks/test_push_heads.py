"""The stand-in's reader of headers says the same as hpack's decoder, whichever program has written them."""

from hpack import Decoder, Encoder, HeaderTuple, NeverIndexedHeaderTuple
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.apns_stand_in.push_heads import PATH_PREFIX, HeadReader
from delivery_service.apns.header_blocks import HeaderWriter

names = st.sampled_from([b":path", b"apns-id", b"apns-push-type", b"apns-topic", b"x-other", b"z" * 130])
values = st.sampled_from([b"", b"/3/device/abc", b"alert", b"c" * 126, b"d" * 127, b"e" * 300, b"f" * 5_000])
kinds = st.sampled_from([HeaderTuple, NeverIndexedHeaderTuple])
blocks = st.lists(st.lists(st.builds(lambda kind, name, value: kind(name, value), kinds, names, values), max_size=6))


@given(blocks, st.booleans(), st.booleans())
def test_headers_are_read_as_hpack_reads_them(blocks: list[list[HeaderTuple]], ours: bool, huffman: bool) -> None:
    encoder, writer, reader, decoder = Encoder(), HeaderWriter(), HeadReader(), Decoder()
    for headers in blocks:
        if ours:
            block = writer.prelude() + b"".join(map(writer.write, headers))
        else:
            block = encoder.encode(headers, huffman=huffman)
        head, known = reader.read(block), dict(decoder.decode(block, raw=True))
        assert head.token == known.get(b":path", b"")[len(PATH_PREFIX) :]
        assert head.apns_id == known.get(b"apns-id", b"")
        assert head.push_type == known.get(b"apns-push-type", b"")
