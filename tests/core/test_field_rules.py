"""Every rule that a proto declares for a field of a request holds over gRPC: at the limit, and one beyond."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.api import annotations_pb2, field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from smith.core.v1 import options_pb2
from smith.core.v1.device_pb2 import APNS_ENVIRONMENT_SANDBOX
from smith.core.v1.live_activity_pb2 import LiveActivityContentState
from smith.core.v1.metric_service_pb2 import METRIC_FORMAT_CURRENCY, METRIC_FORMAT_UNIT

from service_kit.json_mapping.contract import form_of, only_list_of
from service_kit.status import RemoteError, from_rpc_error
from tests.core.conftest import NewDatabase
from tests.core.harness import METHODS, Caller, start_account, start_core

SOME_ID = "00000000-0000-7000-8000-000000000000"
STATE = LiveActivityContentState.DESCRIPTOR.full_name
OF_FORMATS = {"unit": METRIC_FORMAT_UNIT, "unit_spacing": METRIC_FORMAT_UNIT, "currency_code": METRIC_FORMAT_CURRENCY}
"""The format of a metric that has these fields."""
MORE_THAN_A_PROTO_CAN_ASK_FOR = (
    "of a channel in the account",
    "value must be a number",
    "value requires upper_limit too",
    "must be the URL of a push service",
)
"""That a channel exists; that a metric is one of texts; that a value is to show progress; whose push service it is."""
OF_ONE_LENGTH = {"p256dh": "B" * 87, "auth": "A" * 22}
"""Values of fields that take no other length."""
LEFT_ALONE = {
    "ListDevices.device_ids[0] format": "what is no id is the id of no device",
    "CreateAccount.email max_length": "a server that has an account says so first",
    "CreateAccount.email required": "a server that has an account says so first",
    "CreateAccount.email format": "a server that has an account says so first",
}
"""Rules that do not refuse these requests, and why."""


@dataclass(frozen=True)
class Probe:
    """A request of a method with one value at, or just beyond, a limit."""

    method: MethodDescriptor
    path: str
    rule: str
    request: Any
    is_good: bool


def probes() -> Iterator[Probe]:
    """Requests for every limit that a proto declares for a field of a request."""
    for method in METHODS.values():
        if not method.server_streaming:
            for path, rule, request, is_good in of_message(method.input_type):
                yield Probe(method, path, rule, request, is_good)


Found = Iterator[tuple[str, str, Any, bool]]


def of_message(message: Descriptor) -> Found:
    """Messages of this type, each with one value at a limit: the value's path, the rule, and whether it is kept."""
    for field in message.fields:
        for rule, value, is_good in of_field(field):
            made = good(message, field)
            put(made, field, value)
            yield place_of(field, rule), rule, made, is_good
        if is_required(field) and is_asked_for(field):
            made = good(message)
            made.ClearField(field.name)
            yield field.name, "required", made, False
        if field.message_type is not None and field.message_type.full_name.startswith("smith."):
            for path, rule, inner, is_good in of_message(field.message_type):
                made = good(message, field)
                put(made, field, [inner] if field.is_repeated else inner)
                place = f"{field.name}{'[0]' if field.is_repeated else ''}"
                # A list that is written without the message around it.
                rest = path.removeprefix(only.name) if (only := only_list_of(field.message_type)) else f".{path}"
                yield f"{place}{rest}", rule, made, is_good
    for declared in message.GetOptions().Extensions[options_pb2.message_rules]:
        yield from of_message_rule(message, declared)


def of_message_rule(message: Descriptor, declared: options_pb2.MessageRule) -> Found:
    """A message that breaks what one of its fields asks of the others."""
    field = message.fields_by_name[declared.field]
    for name in declared.values or [""]:
        made = GetMessageClass(message)()
        made.CopyFrom(good(message))
        for other in (*declared.requires, *declared.requires_one_of):
            made.ClearField(other)
        for other in declared.excludes:
            put(made, message.fields_by_name[other], [a_value(message.fields_by_name[other])])
        for one in declared.patterns:
            put(made, message.fields_by_name[one.field], "shortcuts://x")
        put(made, field, number_of(field, name) if name else a_value(field))
        if name in {"segmented_progress", "counter", "timer", "countdown"}:
            made.number_of_steps = 3
        yield "", f"{declared.field} {name}", made, False


def of_field(field: FieldDescriptor) -> Iterator[tuple[str, Any, bool]]:
    """Values of the field by the rule that they try, and whether they keep it."""
    rules = rules_of(field)
    if field.is_repeated:
        if rules.HasField("max_items"):
            yield "max_items", [a_value(field, place) for place in range(rules.max_items)], True
            yield "max_items", [a_value(field, place) for place in range(rules.max_items + 1)], False
        if rules.min_items and is_required(field):
            yield "min_items", [], False
        for rule, value, is_good in of_value(field):
            yield rule, [value], is_good
    else:
        yield from of_value(field)


def of_value(field: FieldDescriptor) -> Iterator[tuple[str, Any, bool]]:
    rules = rules_of(field)
    if field.enum_type is not None:
        yield from (("enum", value.number, True) for value in field.enum_type.values if value.number)
        yield "enum", 99, False
        if field.has_presence or field.is_repeated:
            yield "enum", 0, False
    for rule, step in (("minimum", -1), ("maximum", 1)):
        if rules.HasField(rule):
            limit = getattr(rules, rule)
            of_type = float if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE else int
            yield rule, of_type(limit), True
            yield rule, of_type(limit + step), False
    if rules.HasField("exclusive_minimum"):
        yield "exclusive_minimum", rules.exclusive_minimum + 0.5, True
        yield "exclusive_minimum", rules.exclusive_minimum, False
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        yield from (("finite", float(number), False) for number in ("nan", "inf", "-inf"))
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        yield from of_text(rules)


def of_text(rules: options_pb2.FieldRules) -> Iterator[tuple[str, Any, bool]]:
    step = 2 if "{2}" in rules.pattern else 1
    if rules.HasField("max_length"):
        yield "max_length", a_text(rules, rules.max_length), True
        yield "max_length", a_text(rules, rules.max_length + step), False
    if rules.HasField("min_length"):
        yield "min_length", a_text(rules, rules.min_length), True
        yield "min_length", "a" * (rules.min_length - step), False
    if rules.pattern:
        yield "pattern", " " * max(rules.min_length, 1), False
    if rules.format:
        yield "format", a_text(rules, 40), True
        yield "format", "no such thing", False


def a_text(rules: options_pb2.FieldRules, length: int) -> str:
    """A text of that many characters that keeps the rules but for their limits of length. A UUID has its own."""
    if rules.format == "uuid":
        return SOME_ID
    if rules.format == "uri" or rules.pattern.startswith("^https?://"):
        return "https://example.com/".ljust(length, "a")
    if rules.format == "email":
        host = f"@{'b' * 60}.{'c' * 60}.{'d' * 60}.example" if length > 200 else "@b.example"
        return "a" * (length - len(host)) + host
    return "a" * length


def a_value(field: FieldDescriptor, place: int = 0) -> Any:
    """A value, or an item, that keeps the rules of the field; another one at each place."""
    rules = rules_of(field)
    if field.message_type is not None:
        return good(field.message_type)
    if field.name in OF_ONE_LENGTH:
        return OF_ONE_LENGTH[field.name]
    if field.enum_type is not None:
        return field.enum_type.values[1].number
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        numbered = {"uuid": f"00000000-0000-7000-8000-{place:012d}", "email": f"p-{place}@b.example"}
        text = f"{a_text(rules, 30) if rules.format else ''}{place:0{rules.min_length or 1}d}"
        return numbered.get(rules.format, text)
    return 1


def good(message: Descriptor, also: FieldDescriptor | None = None) -> Any:
    """A message with all that it has to have, and what a value of `also` asks for."""
    made = GetMessageClass(message)()
    for field in message.fields:
        if is_required(field):
            put(made, field, [a_value(field)] if field.is_repeated else a_value(field))
    if message.full_name == STATE:
        made.type, made.percentage = 2, 5.0
    if also is not None and also.name in OF_FORMATS and also.containing_type is message:
        made.format = OF_FORMATS[also.name]
        if also.name == "unit_spacing":
            made.unit = "ms"
    for declared in message.GetOptions().Extensions[options_pb2.message_rules]:
        if also is not None and declared.field == also.name and not declared.values:
            for name in declared.requires:
                put(made, message.fields_by_name[name], a_value(message.fields_by_name[name]))
        if also is not None and also.name in declared.requires:
            asking = message.fields_by_name[declared.field]
            put(made, asking, number_of(asking, declared.values[0]) if declared.values else a_value(asking))
    return made


def put(message: Any, field: FieldDescriptor, value: Any) -> None:
    message.ClearField(form_of(field).text_of or field.name)
    if field.is_repeated:
        getattr(message, field.name).extend(value)
    elif field.message_type is not None:
        getattr(message, field.name).CopyFrom(value)
    else:
        setattr(message, field.name, value)


def number_of(field: FieldDescriptor, name: str) -> int:
    """The number of an enum's value by its documented name."""
    assert field.enum_type is not None
    return next(one.number for one in field.enum_type.values if one.name.lower().endswith(f"_{name}"))


def place_of(field: FieldDescriptor, rule: str) -> str:
    name = form_of(field).text_of or field.name
    return f"{name}[0]" if field.is_repeated and not rule.endswith("_items") else name


def rules_of(field: FieldDescriptor) -> options_pb2.FieldRules:
    found: options_pb2.FieldRules = field.GetOptions().Extensions[options_pb2.rules]
    return found


def is_required(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def is_asked_for(field: FieldDescriptor) -> bool:
    """Whether its absence can be told from a value: a text of which nothing is asked may be empty."""
    rules = rules_of(field)
    is_text = field.cpp_type == FieldDescriptor.CPPTYPE_STRING and not field.is_repeated
    return not is_text or bool(rules.min_length or rules.pattern or rules.format)


def names_by_path(method: MethodDescriptor) -> set[str]:
    """Fields in the path of the REST call."""
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    return set(re.findall(r"\{(\w+)", getattr(rule, rule.WhichOneof("pattern") or "get")))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def callers(new_database: NewDatabase) -> AsyncIterator[dict[int, Caller]]:
    """Somebody who may call a method, by each kind of access."""
    async with start_core(await asyncio.to_thread(new_database), rate_limit_per_minute=100_000) as core:
        account = await start_account(core)
        phone = await account.add_phone()
        await phone.caller.PutDeviceTokens(environment=APNS_ENVIRONMENT_SANDBOX, push_token=secrets.token_hex(32))
        yield {
            options_pb2.ACCESS_PUBLIC: core.caller(),
            options_pb2.ACCESS_API_KEY: core.caller((await account.add_key())[1]),
            options_pb2.ACCESS_DEVICE: phone.caller,
            options_pb2.ACCESS_MEMBER: account.owner,
            options_pb2.ACCESS_OWNER: account.owner,
        }


ALL = list(probes())


@pytest.mark.parametrize("method", sorted({probe.method.name for probe in ALL}))
async def test_each_declared_limit_is_taken_and_one_beyond_is_refused(callers: dict[int, Caller], method: str) -> None:
    asked = METHODS[method]
    caller = callers[asked.GetOptions().Extensions[options_pb2.policy].allow[0]]
    for probe in (one for one in ALL if one.method.name == method):
        refused = await outcome(caller, probe)
        told = f"{probe.path} {probe.rule}: {refused}"
        code, field = (refused.code, refused.field) if refused is not None else (None, "")
        # Of a rule between fields the message is to blame, whichever of its fields is named.
        is_in_place = field == probe.path or (probe.path[-1:] in {"", "."} and field.startswith(probe.path))
        is_blamed = code is grpc.StatusCode.INVALID_ARGUMENT and field != "" and is_in_place
        if probe.is_good or f"{method}.{probe.path} {probe.rule}" in LEFT_ALONE:
            assert not is_blamed or any(words in told for words in MORE_THAN_A_PROTO_CAN_ASK_FOR), told
        elif probe.rule.startswith("type ") and code is grpc.StatusCode.NOT_FOUND:
            # What a type asks for depends on what the activity had before, so that it is looked for first.
            assert method in {"UpdateLiveActivity", "EndLiveActivity", "DeleteLiveActivityStream"}, told
        elif probe.path in {*names_by_path(asked), "account_id", "notification_id"}:
            # What cannot be the name of anything is not found.
            assert code in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}, told
        else:
            assert is_blamed, told


async def outcome(caller: Caller, probe: Probe) -> RemoteError | None:
    """What the request was refused with, if it was."""
    try:
        await caller.call(probe.method, probe.request)
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error)
    return None


def test_the_limits_are_many() -> None:
    """A reader of the protos that found nothing would let every rule pass."""
    assert len(ALL) > 400
    assert {"max_length", "min_items", "max_items", "minimum", "exclusive_minimum", "enum"} <= {one.rule for one in ALL}
