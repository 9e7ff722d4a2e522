"""Our headers read by hpack, and hpack's by us."""

import pytest
from hpack import Decoder, Encoder, HeaderTuple, NeverIndexedHeaderTuple
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery_service.apns.header_blocks import TABLE_BYTES, HeaderReader, HeaderWriter, integer, never_indexed
from delivery_service.apns.http2_events import ProtocolError
from tests.examples import examples

names = st.sampled_from([b":authority", b":path", b"authorization", b"apns-topic", b"apns-push-type", b"x" * 200])
values = st.sampled_from([b"", b"a", b"10", b"b" * 126, b"c" * 127, b"d" * 300, b"e" * 2500, b"f" * 5000])
headers = st.builds(
    lambda kind, name, value: kind(name, value), st.sampled_from([HeaderTuple, NeverIndexedHeaderTuple]), names, values
)
blocks = st.lists(st.lists(headers, max_size=6).map(tuple), min_size=1, max_size=40)
sizes = st.sampled_from([None, None, None, 0, 40, 300, TABLE_BYTES, 65_536])


@given(st.data(), blocks)
def test_what_is_written_is_read_the_same_whatever_came_before_and_however_large_the_table_is(
    data: st.DataObject, blocks: list[tuple[HeaderTuple, ...]]
) -> None:
    writer, peer = HeaderWriter(), Decoder()
    peer.max_allowed_table_size = 65_536
    for block in blocks:
        if (size := data.draw(sizes)) is not None:
            writer.limit(size)
            peer.max_allowed_table_size = size
        written = writer.prelude() + writer.write_all(block) + b"".join(map(writer.write, block))
        assert [*peer.decode(written, raw=True)] == [*block, *block]


def test_what_repeats_is_one_byte_each() -> None:
    writer = HeaderWriter()
    block = tuple(HeaderTuple(b"apns-topic", b"com.example.%d" % number) for number in range(3))
    assert len(writer.write_all(block)) > 30
    assert len(writer.write_all(block)) == len(writer.write_all(block)) == 3


@given(st.integers(min_value=0, max_value=2**31), st.integers(min_value=4, max_value=7))
def test_a_number_is_written_as_hpack_does(value: int, bits: int) -> None:
    from hpack.hpack import encode_integer

    assert integer(value, bits, 0) == bytes(encode_integer(value, bits))


def test_a_token_enters_no_table_on_the_way() -> None:
    (header,) = Decoder().decode(never_indexed(b":path", b"/3/device/00"), raw=True)
    assert isinstance(header, NeverIndexedHeaderTuple)
    assert header == (b":path", b"/3/device/00")


answers = st.lists(
    st.tuples(
        st.sampled_from([b"200", b"200", b"400", b"410", b"503"]),
        st.sampled_from([HeaderTuple, NeverIndexedHeaderTuple]),
        st.sampled_from([b"apns-id", b"apns-unique-id", b"content-type", b"z" * 130]),
        st.sampled_from([b"1", b"11111111-2222-4333-8444-555555555555", b"application/json", b"y" * 3000]),
        st.booleans(),
    ),
    max_size=30,
)


@given(answers, st.integers(min_value=0, max_value=30))
def test_a_status_is_read_whatever_the_peer_puts_into_its_table(
    answers: list[tuple[bytes, type, bytes, bytes, bool]], shrinks_at: int
) -> None:
    reader, peer = HeaderReader(), Encoder()
    for number, (status, kind, name, value, huffman) in enumerate(answers):
        if number == shrinks_at:
            peer.header_table_size = 0
        block = peer.encode([HeaderTuple(b":status", status), kind(name, value)], huffman=huffman)
        assert reader.status(block) == status.decode()


@given(st.binary(max_size=60))
@settings(max_examples=examples(500))
def test_any_block_has_a_status_or_none_or_is_no_block(block: bytes) -> None:
    for begun in (block, b"\x88" + block):
        try:
            status = HeaderReader().status(begun)
        except ProtocolError:
            continue
        assert status == "" or (len(status) == 3 and status.isdecimal())


@pytest.mark.parametrize("block", [b"\x88\xbe", b"\x88\xff\x00", b"\x88\x10\x05ab", b"\x88\x0f"])
def test_a_block_that_refers_to_nothing_or_ends_too_soon_ends_the_connection(block: bytes) -> None:
    with pytest.raises(ProtocolError):
        HeaderReader().status(block)
