"""JSON Schemas of messages. They describe exactly what the codec reads and writes."""

from collections.abc import Sequence
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from gateway.openapi.rules import annotations, conditions, list_rules, message_rules, rules_of, value_rules
from gateway.openapi.words import paragraphs
from service_kit.json_mapping.contract import (
    JSON_OBJECT,
    TIMESTAMP,
    enum_names,
    fields_of,
    form_of,
    is_map,
    leaves_out_empty,
    only_list_of,
    text_form_of,
)
from service_kit.json_mapping.values import INTEGER_RANGES

SAFE_INTEGER = 2**53
MAX_LIST = 100
"""Most items of a list in a query: the query must fit in the request's head."""
DATE_TIME = {"type": "string", "format": "date-time"}
SINCE_1970 = {"pattern": "^(19[7-9][0-9]|[2-9][0-9]{3})-"}
"""The form of all times of the API."""


class Schemas:
    """The schema components of one document. A message has one schema as a request and one as an answer, because the
    two differ in their required fields."""

    def __init__(self) -> None:
        self.components: dict[str, dict[str, Any]] = {}
        self._requests: dict[str, bool] = {}

    def request(
        self, message: Descriptor, *, without: frozenset[str] = frozenset(), is_open: bool = False
    ) -> dict[str, Any]:
        """A reference to the schema of `message` as a request, without the fields that the path binds.

        With `is_open`, fields that it does not know are ignored. Raises ValueError if a message in it is described as
        both.
        """
        return self._reference(message, message.name, request=True, without=without, is_open=is_open)

    def response(self, message: Descriptor) -> dict[str, Any]:
        """A reference to the schema of `message` as an answer."""
        return self._reference(message, message.name, request=False)

    def required_of(self, message: Descriptor) -> set[str]:
        """Fields that a request must have."""
        return {field.name for field in message.fields if _is_required(field)}

    def _reference(
        self,
        message: Descriptor,
        name: str,
        *,
        request: bool,
        without: frozenset[str] = frozenset(),
        is_open: bool = False,
    ) -> dict[str, Any]:
        if self._requests.setdefault(name, request) is not request:
            name = f"{name}{'Input' if request else 'Output'}"
        if name not in self.components:
            schema: dict[str, Any] = {"type": "object"}
            # Stored before its fields are built, so that a type may contain itself.
            self.components[name] = schema
            fields = [field for field in fields_of(message) if field.name not in without]
            schema["additionalProperties"] = is_open
            schema["properties"] = {
                field.name: self._property(field, request=request, is_open=is_open) for field in fields
            }
            if required := [f.name for f in fields if (_is_required(f) if request else _is_always_there(f))]:
                schema["required"] = required
            if request:
                schema |= message_rules(message)
            describe(schema, message.full_name)
        if self.components[name]["additionalProperties"] is not is_open:
            raise ValueError(f"{message.full_name}: some requests refuse unknown fields in it, and others ignore them")
        return {"$ref": f"#/components/schemas/{name}"}

    def _property(self, field: FieldDescriptor, *, request: bool, is_open: bool) -> dict[str, Any]:
        value: dict[str, Any]
        is_open = is_open and not form_of(field).decides_audience
        if is_map(field):
            assert field.message_type is not None  # noqa: S101 - what makes it a map
            item = self._item(field.message_type.fields_by_name["value"], request=request, is_open=is_open)
            value = {"type": "object", "additionalProperties": item}
        elif field.is_repeated:
            value = {"type": "array", "items": self._item(field, request=request, is_open=is_open)}
            if request:
                value |= list_rules(field)
        else:
            value = self._item(field, request=request, is_open=is_open)
            if not request and form_of(field).null_if_unset:
                value = _or_null(value)
        if request:
            value |= annotations(field)
        if request and (place := rules_of(field).conditions) and field.message_type is not None:
            value |= conditions(field.message_type, place)
        return describe(value, field.full_name)

    def _item(self, field: FieldDescriptor, *, request: bool, is_open: bool) -> dict[str, Any]:
        message = field.message_type
        if message is None:
            value = _scalar_schema(field) | (_range(field) | value_rules(field) if request else {})
            text = text_form_of(field)
            return value if text is None else {"anyOf": [value, self._item(text, request=request, is_open=is_open)]}
        if message.full_name == JSON_OBJECT:
            return {"type": "object", "additionalProperties": True}
        if message.full_name == TIMESTAMP:
            return dict(DATE_TIME)
        if (items := only_list_of(message)) is not None:
            return self._property(items, request=request, is_open=is_open)
        return self._reference(message, message.name, request=request, is_open=is_open)


def describe(schema: dict[str, Any], full_name: str) -> dict[str, Any]:
    """`schema` with the proto's comment on the element, if there is one."""
    if text := paragraphs(full_name):
        schema["description"] = text
    return schema


def parameter_schema(field: FieldDescriptor) -> dict[str, Any] | None:
    """The schema of a field that can be a parameter of path or query; None if it cannot."""
    if field.message_type is not None:
        return DATE_TIME | SINCE_1970 if field.message_type.full_name == TIMESTAMP and not field.is_repeated else None
    item = _scalar_schema(field) | _range(field) | value_rules(field)
    if not field.is_repeated:
        return item | annotations(field)
    limits = list_rules(field)
    return {"type": "array", "items": item, **limits, "maxItems": min(limits.get("maxItems", MAX_LIST), MAX_LIST)}


def _scalar_schema(field: FieldDescriptor) -> dict[str, Any]:
    if field.enum_type is not None:
        return _enum_schema(field.enum_type, rules_of(field).values)
    if field.cpp_type in INTEGER_RANGES:
        return {"type": "integer"}
    if field.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return {"type": "number"}
    return {"type": "boolean" if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL else "string"}


def _range(field: FieldDescriptor) -> dict[str, Any]:
    """The range of the field's type. Limits beyond 2^53 are left out: most JSON readers round them."""
    low, high = INTEGER_RANGES.get(field.cpp_type, (-SAFE_INTEGER, SAFE_INTEGER))
    return {
        **({"minimum": low} if low > -SAFE_INTEGER else {}),
        **({"maximum": high} if high < SAFE_INTEGER else {}),
    }


def _enum_schema(enum: EnumDescriptor, only: Sequence[str]) -> dict[str, Any]:
    names = {number: name for number, name in enum_names(enum).items() if not only or name in only}
    meanings = {
        names[one.number]: paragraphs(f"{enum.full_name}.{one.name}") for one in enum.values if one.number in names
    }
    return {"type": "string", "enum": list(names.values()), "x-enumDescriptions": meanings}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema`, or null."""
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    if "anyOf" in schema:
        return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    nullable = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        nullable["enum"] = [*schema["enum"], None]
    return nullable


def _is_required(field: FieldDescriptor) -> bool:
    if not field.has_options:
        return False
    return field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def _is_always_there(field: FieldDescriptor) -> bool:
    if field.is_repeated:
        return not leaves_out_empty(field)
    if form_of(field).null_if_unset or rules_of(field).always_set:
        return True
    return not field.has_presence and field.enum_type is None
