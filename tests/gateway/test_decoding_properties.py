"""Whatever unknown fields and nulls a request is strewn with, it means what it meant without them."""

from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st
from smith.core.v1 import options_pb2

from gateway.bodies import MAX_HEADER_BYTES, MAX_PATHS, IgnoredFields, Ignoring, looks_like_audience
from gateway.routes import routes
from service_kit.json_mapping import REFUSED, FieldError, UnknownFields, decoder_for, parse_object
from service_kit.json_mapping.contract import JSON_OBJECT, fields_of, form_of, only_list_of
from tests.examples import examples
from tests.gateway.test_codec import dumps, json_values, valid_objects

pytestmark = pytest.mark.slow

SENDING = [
    route.rpc.input_type for route in routes() if route.rpc.GetOptions().Extensions[options_pb2.policy].sends
]  # fmt: skip


def decoded(descriptor: Descriptor, value: dict[str, Any], unknown: UnknownFields) -> Any:
    """The message."""
    message = GetMessageClass(descriptor)()
    decoder_for(descriptor).fill(message, parse_object(dumps(value)), unknown)
    return message


def unknown_names(message: Descriptor) -> st.SearchStrategy[str]:
    """Names of no field of the message."""
    known = {name for field in message.fields for name in (field.name, field.json_name)}
    return st.text(max_size=70).filter(lambda name: name not in known and not looks_like_audience(name))


def strew(message: Descriptor, value: Any, data: st.DataObject, *, unknown: bool) -> tuple[Any, int]:
    """The object with nulls for fields that it leaves out, and with unknown fields; how many these are."""
    strewn: dict[str, Any] = {}
    count = 0
    for field in fields_of(message):
        given_value = value.get(field.name)
        below = field.message_type
        is_object = below is not None and below.full_name != JSON_OBJECT and not only_list_of(below)
        is_open = is_object and below is not None and below.full_name.startswith("smith.")
        if given_value is None:
            if not form_of(field).decides_audience and data.draw(st.booleans()):
                strewn[field.name] = None
        elif is_open and below is not None and not form_of(field).decides_audience:
            items = given_value if field.is_repeated else [given_value]
            done = [strew(below, item, data, unknown=unknown) for item in items]
            strewn[field.name] = [item for item, _ in done] if field.is_repeated else done[0][0]
            count += sum(number for _, number in done)
        else:
            strewn[field.name] = given_value
    if unknown:
        more = data.draw(st.dictionaries(unknown_names(message), json_values, max_size=3))
        strewn, count = {**more, **strewn}, count + len(more)
    return strewn, count


@settings(max_examples=examples(150), deadline=None)
@given(st.data())
def test_unknown_fields_and_nulls_change_nothing(data: st.DataObject) -> None:
    descriptor = data.draw(st.sampled_from(SENDING))
    value = data.draw(valid_objects(descriptor))
    strewn, count = strew(descriptor, value, data, unknown=True)
    ignored = IgnoredFields()
    assert decoded(descriptor, strewn, Ignoring(ignored)) == decoded(descriptor, value, REFUSED)
    assert ignored.count == count
    if count:
        with pytest.raises(FieldError, match="is not a known field"):
            decoded(descriptor, strewn, REFUSED)


@settings(max_examples=examples(100), deadline=None)
@given(st.data())
def test_nulls_alone_are_taken_by_every_request(data: st.DataObject) -> None:
    descriptor = data.draw(st.sampled_from([route.rpc.input_type for route in routes()]))
    value = data.draw(valid_objects(descriptor))
    strewn, _ = strew(descriptor, value, data, unknown=False)
    assert decoded(descriptor, strewn, REFUSED) == decoded(descriptor, value, REFUSED)


places_of_fields = st.tuples(st.lists(st.text(max_size=100) | st.integers(0, 10**6), max_size=6), st.text(max_size=100))


@given(st.lists(places_of_fields, max_size=60))
def test_the_header_is_short_printable_and_complete(places: list[tuple[list[str | int], str]]) -> None:
    ignored = IgnoredFields()
    for steps, key in places:
        ignored.add(("root", *steps), key)
    header = ignored.header()
    assert len(header) <= MAX_HEADER_BYTES
    assert header.isascii()
    assert header.isprintable()
    parts = header.split(", ") if header else []
    others = int(parts.pop()[1:]) if parts and parts[-1].startswith("+") else 0
    assert len(parts) <= MAX_PATHS
    assert len(parts) + others == len(places)
