"""The documented JSON form of messages."""

import json
import math
from decimal import Decimal
from typing import Any

import pytest
import simplejson
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st
from smith.core.v1 import options_pb2, push_notification_service_pb2

from gateway.routes import routes
from service_kit.json_mapping import FieldError, decoder_for, dump, encoder_for, parse_object
from service_kit.json_mapping.contract import (
    JSON_OBJECT,
    TIMESTAMP,
    enum_names,
    fields_of,
    form_of,
    only_list_of,
    text_form_of,
)
from service_kit.json_mapping.values import JsonSyntaxError, fill_timestamp, render_timestamp
from tests.examples import examples

MESSAGES = {
    message.full_name: message for route in routes() for message in (route.rpc.input_type, route.rpc.output_type)
}
SEND = push_notification_service_pb2.SendPushNotificationRequest
ALL_SCALARS = [
    "double",
    "float",
    "int32",
    "int64",
    "uint32",
    "uint64",
    "sint32",
    "sint64",
    "fixed32",
    "fixed64",
    "bool",
    "string",
]


def build_example() -> Descriptor:
    """A message with what the protos do not use yet: every scalar, maps, a oneof, itself."""
    file = FileDescriptorProto(name="example.proto", package="example", syntax="proto3")
    message = file.message_type.add(name="Example")
    for number, kind in enumerate(ALL_SCALARS, start=1):
        field_type = FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}")
        message.field.add(name=f"one_{kind}", number=number, type=field_type, label=1, json_name=f"one{kind.title()}")
        message.field.add(
            name=f"some_{kind}", number=number + 20, type=field_type, label=3, json_name=f"some{kind.title()}"
        )
    message.oneof_decl.add(name="choice")
    for number, name in ((41, "number_value"), (42, "text_value")):
        kind_of = FieldDescriptorProto.TYPE_DOUBLE if number == 41 else FieldDescriptorProto.TYPE_STRING
        message.field.add(name=name, number=number, type=kind_of, label=1, oneof_index=0)
    message.field.add(name="child", number=43, type=11, label=1, type_name=".example.Example")
    for number, name, value in ((44, "labels", None), (45, "children", ".example.Example")):
        entry = DescriptorProto(name=f"{name.title()}Entry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=FieldDescriptorProto.TYPE_STRING, label=1)
        entry.field.add(name="value", number=2, type=11 if value else 5, label=1, type_name=value)
        message.nested_type.append(entry)
        message.field.add(name=name, number=number, type=11, label=3, type_name=f".example.Example.{entry.name}")
    pool = DescriptorPool()
    pool.Add(file)
    return pool.FindMessageTypeByName("example.Example")


EXAMPLE = build_example()


def decode(text: str | bytes, descriptor: Descriptor = EXAMPLE) -> Any:
    """The message that the JSON text spells."""
    message = GetMessageClass(descriptor)()
    decoder_for(descriptor).fill(message, parse_object(text.encode() if isinstance(text, str) else text))
    return message


def encode(message: Any) -> str:
    """The JSON text of a message."""
    return dump(encoder_for(message.DESCRIPTOR).encode(message)).decode()


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ('{"one_int32": 3.0}', "one_int32", 3),
        ('{"one_int32": 3e0}', "one_int32", 3),
        ('{"one_int32": -0.0}', "one_int32", 0),
        ('{"oneInt64": 9223372036854775807}', "one_int64", 2**63 - 1),
        ('{"one_uint64": 18446744073709551615}', "one_uint64", 2**64 - 1),
        ('{"one_uint64": 1.8446744073709551615e19}', "one_uint64", 2**64 - 1),
        ('{"one_double": 1}', "one_double", 1.0),
        ('{"one_double": 1e-400}', "one_double", 0.0),
        ('{"one_float": 0.5}', "one_float", 0.5),
        ('{"one_float": 3.4028235e38}', "one_float", 3.4028234663852886e38),
        ('{"one_string": "\\u0000\\ud83d\\ude80"}', "one_string", "\0🚀"),
        ('{"one_bool": false}', "one_bool", False),
        ('{"some_int32": []}', "some_int32", []),
        ('{"some_string": ["a", "a"]}', "some_string", ["a", "a"]),
        ('{"labels": {"b": 1, "a": 0}}', "labels", {"a": 0, "b": 1}),
    ],
)
def test_a_value_is_taken(text: str, field: str, value: Any) -> None:
    """In every form that means the same number."""
    assert getattr(decode(text), field) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"one_int32": 2147483648}', "one_int32 must be an integer from -2147483648 to 2147483647"),
        ('{"one_uint32": -1}', "one_uint32 must be an integer from 0 to 4294967295"),
        ('{"one_uint64": 1E999999999}', "one_uint64 must be a number of a size that a floating-point number can hold"),
        ('{"one_uint64": 1E300}', "one_uint64 must be an integer from 0 to 18446744073709551615"),
        ('{"one_int32": 1e-999999}', "one_int32 must be an integer"),
        ('{"one_int32": false}', "one_int32 must be an integer"),
        ('{"one_double": true}', "one_double must be a number"),
        ('{"one_double": "1"}', "one_double must be a number"),
        ('{"one_double": 1E400}', "one_double must be a number of a size that a floating-point number can hold"),
        ('{"one_float": 3.5e38}', "one_float must be a number of a size that a floating-point number can hold"),
        ('{"one_bool": 1}', "one_bool must be true or false"),
        ('{"some_int32": 1}', "some_int32 must be an array"),
        ('{"some_int32": [1, null]}', "some_int32[1] must be an integer, not null"),
        ('{"child": {"child": {"some_string": ["a", 1]}}}', "child.child.some_string[1] must be a string"),
        ('{"labels": {"a": "b"}}', "labels.a must be an integer"),
        ('{"labels": []}', "labels must be an object"),
        ('{"children": {"a b": {"x": 1}}}', 'children."a b".x is not a known field'),
        ('{"number_value": 1, "text_value": "a"}', "text_value excludes number_value: give one of them"),
        ('{"one_int32": 1, "oneInt32": 1}', "oneInt32 is given twice, as one_int32 too"),
        ('{"oneInt32": "x"}', "oneInt32 must be an integer"),
        ('{"One_Int32": 1}', "One_Int32 is not a known field"),
    ],
)
def test_a_wrong_value_is_refused_by_its_path(text: str, message: str) -> None:
    """In the user's own spelling."""
    with pytest.raises(FieldError) as error:
        decode(text)
    assert str(error.value) == message


def test_a_type_may_contain_itself_and_its_maps() -> None:
    """Decoders and encoders are built once per type."""
    message = decode('{"child": {"child": {}}, "children": {"a": {"one_int32": 1}}}')
    assert message.child.HasField("child")
    assert decode(encode(message)) == message


def with_form(name: str, field: dict[str, Any], form: options_pb2.FieldForm) -> Descriptor:
    """A message `name.Message` with one field of this form."""
    file = FileDescriptorProto(name=f"{name}.proto", package=name, syntax="proto3")
    made = file.message_type.add(name="Message").field.add(name="field", number=1, **field)
    made.options.Extensions[options_pb2.form].CopyFrom(form)
    pool = DescriptorPool()
    pool.Add(file)
    return pool.FindMessageTypeByName(f"{name}.Message")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("not_a_list", options_pb2.FieldForm(refuse_empty="must not be empty")),
        ("never_unset", options_pb2.FieldForm(null_if_unset=True)),
    ],
)
def test_a_form_that_makes_no_sense_is_refused_when_built(name: str, form: options_pb2.FieldForm) -> None:
    descriptor = with_form(name, {"type": FieldDescriptorProto.TYPE_STRING, "label": 1}, form)
    for build in (decoder_for, encoder_for):
        with pytest.raises(TypeError, match=rf"{name}\.Message\.field: "):
            build(descriptor)


def test_a_type_without_a_documented_form_is_refused_when_built() -> None:
    """At start, not at the first request."""
    file = FileDescriptorProto(name="raw.proto", package="raw", syntax="proto3")
    file.message_type.add(name="Raw").field.add(name="data", number=1, type=FieldDescriptorProto.TYPE_BYTES, label=1)
    pool = DescriptorPool()
    pool.Add(file)
    for build in (decoder_for, encoder_for):
        with pytest.raises(TypeError, match=r"raw\.Raw\.data"):
            build(pool.FindMessageTypeByName("raw.Raw"))


@pytest.mark.parametrize(
    ("text", "seconds", "nanos"),
    [
        ("2025-08-12T12:00:00Z", 1755000000, 0),
        ("2025-08-12t12:00:00.5z", 1755000000, 500_000_000),
        ("2025-08-12T14:00:00.123456789+02:00", 1755000000, 123_456_789),
        ("1969-12-31T23:59:59.999Z", -1, 999_000_000),
        ("0001-01-01T00:00:00Z", -62135596800, 0),
        ("9999-12-31T23:59:59Z", 253402300799, 0),
    ],
)
def test_rfc_3339_is_taken_and_written(text: str, seconds: int, nanos: int) -> None:
    """Any offset in, UTC to the millisecond out."""
    moment = Timestamp()
    fill_timestamp(moment, text)
    assert (moment.seconds, moment.nanos) == (seconds, nanos)
    again = Timestamp()
    fill_timestamp(again, render_timestamp(moment))
    assert (again.seconds, again.nanos) == (seconds, nanos - nanos % 1_000_000)


@pytest.mark.parametrize(
    "value",
    [None, 0, "", "now", "2025-08-12", "2025-08-12T12:00:00", "2025-02-30T12:00:00Z", "2025-08-12T25:00:00Z",
     "2025-08-12 12:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
     "٢٠٢٥-08-12T12:00:00Z", "2025-08-12T12:00:00+99:99"],
)  # fmt: skip
def test_anything_else_is_no_time(value: Any) -> None:
    """The message shows an example."""
    with pytest.raises(FieldError, match="must be an RFC 3339 date and time such as"):
        fill_timestamp(Timestamp(), value)


def valid_values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    """JSON values that the field takes, in the form in which they are written."""
    kind = field.cpp_type
    if text_form_of(field) is not None:
        return st.floats(allow_nan=False, allow_infinity=False) | text
    if field.message_type is not None:
        return valid_messages(field.message_type)
    if field.enum_type is not None:
        return st.sampled_from(list(enum_names(field.enum_type).values()))
    bits = {FieldDescriptor.CPPTYPE_INT32: 32, FieldDescriptor.CPPTYPE_INT64: 64}
    if kind in bits:
        return st.integers(-(2 ** (bits[kind] - 1)), 2 ** (bits[kind] - 1) - 1)
    return {
        FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
        FieldDescriptor.CPPTYPE_DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
        FieldDescriptor.CPPTYPE_STRING: text,
    }[kind]


def valid_messages(message: Descriptor) -> st.SearchStrategy[Any]:
    """JSON values that the message takes, in the form in which it is written."""
    if message.full_name == TIMESTAMP:
        return st.datetimes().map(lambda at: f"{at.isoformat(timespec='milliseconds')}Z")
    if message.full_name == JSON_OBJECT:
        return st.dictionaries(text, json_values, max_size=4)
    only_list = only_list_of(message)
    return valid_objects(message) if only_list is None else valid_lists(only_list)


def valid_lists(field: FieldDescriptor) -> st.SearchStrategy[list[Any]]:
    """JSON arrays that the field takes."""
    return st.lists(valid_values(field), min_size=bool(form_of(field).refuse_empty), max_size=3)


def valid_objects(message: Descriptor) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects that the message takes, with any of its fields."""
    values = {
        field.name: valid_lists(field) if field.is_repeated else valid_values(field) for field in fields_of(message)
    }
    # Where answers say null, requests would leave the field out: there is no way back.
    always = {field.name for field in fields_of(message) if form_of(field).null_if_unset}
    objects = st.fixed_dictionaries(
        {name: value for name, value in values.items() if name in always},
        optional={name: value for name, value in values.items() if name not in always},
    )
    return objects.map(lambda value: one_of_each(message, value))


def one_of_each(message: Descriptor, value: dict[str, Any]) -> dict[str, Any]:
    """The object with only the first of fields that exclude each other."""
    rivals = [[field.name for field in oneof.fields if field.name in value] for oneof in message.oneofs]
    left_out = {name for names in rivals for name in names[1:]}
    return {name: given for name, given in value.items() if name not in left_out}


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.decimals(-(10**308), 10**308) | text
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=8
)


def dumps(value: Any) -> bytes:
    """JSON text as a client may write it."""
    return simplejson.dumps(value, use_decimal=True).encode()


@settings(max_examples=examples(150), deadline=None)
@given(st.data())
@pytest.mark.slow
def test_any_valid_message_survives_the_way_there_and_back(data: st.DataObject) -> None:
    """JSON to message to JSON to message."""
    descriptor = data.draw(st.sampled_from(sorted(MESSAGES.values(), key=lambda message: message.full_name)))
    value = data.draw(valid_objects(descriptor))
    message = decode(dumps(value), descriptor)
    wire = GetMessageClass(descriptor).FromString(message.SerializeToString())
    written = encode(wire)
    assert decode(written, descriptor) == message
    assert agree(simplejson.loads(dumps(value), use_decimal=True), simplejson.loads(written, use_decimal=True))


def agree(given: Any, written: Any) -> bool:
    """True if `written` says all that `given` says; it may say more, that something is empty."""
    if isinstance(given, dict):
        return all((name in written and agree(item, written[name])) or item == [] for name, item in given.items())
    if isinstance(given, list):
        return len(given) == len(written) and all(agree(*pair) for pair in zip(given, written, strict=True))
    return type(given) is type(written) and bool(given == written)


def mutated(value: Any, data: st.DataObject) -> Any:
    """`value` with something in it replaced by any JSON value."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: mutated(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        return [mutated(value[0], data), *value[1:]]
    return data.draw(json_values)


@settings(max_examples=examples(300), deadline=None)
@given(st.data())
@pytest.mark.slow
def test_any_json_is_either_a_message_or_an_error_that_names_a_path(data: st.DataObject) -> None:
    """And never another exception."""
    value = mutated(data.draw(valid_objects(SEND.DESCRIPTOR)), data)
    outcome = outcome_of(dumps(value))
    if isinstance(outcome, FieldError):
        assert outcome.path
        assert str(outcome).startswith(f"{outcome.path} ")
        str(outcome).encode()
    elif isinstance(outcome, JsonSyntaxError):
        assert not isinstance(value, dict) or any_huge(value)
    else:
        json.loads(encode(outcome))


def outcome_of(body: bytes) -> Any:
    """The message, or the error that says why there is none."""
    try:
        return decode(body, SEND.DESCRIPTOR)
    except (FieldError, JsonSyntaxError) as error:
        return error


def any_huge(value: Any) -> bool:
    """True if a number in `value` has more digits than Python reads."""
    if isinstance(value, dict):
        return any(any_huge(item) for item in value.values())
    if isinstance(value, list):
        return any(any_huge(item) for item in value)
    return isinstance(value, int | Decimal) and math.isfinite(value) and len(str(value)) > 4000


@settings(max_examples=examples(300), deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda value: value.encode("utf-8", "surrogatepass")))
@pytest.mark.slow
def test_any_bytes_are_either_an_object_or_an_error(body: bytes) -> None:
    """With words for the answer that can be written."""
    try:
        assert isinstance(parse_object(body), dict)
    except (JsonSyntaxError, FieldError) as error:
        str(error).encode()
