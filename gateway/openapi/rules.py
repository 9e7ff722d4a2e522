"""Translates the protos' `rules` and `message_rules` into JSON Schema."""

import json
from collections.abc import Iterable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from smith.core.v1 import options_pb2

TEXT_RULES = {"min_length": "minLength", "max_length": "maxLength"}
NUMBER_RULES = {"minimum": "minimum", "maximum": "maximum", "exclusive_minimum": "exclusiveMinimum"}
LIST_RULES = {"min_items": "minItems", "max_items": "maxItems"}


def rules_of(field: FieldDescriptor) -> options_pb2.FieldRules:
    """The field's rules; empty if it has none."""
    if not field.has_options:
        return options_pb2.FieldRules()
    found: options_pb2.FieldRules = field.GetOptions().Extensions[options_pb2.rules]
    return found


def value_rules(field: FieldDescriptor) -> dict[str, Any]:
    """The JSON Schema keywords for a value of the field, or for each item of a list."""
    rules = rules_of(field)
    given = {one.name: value for one, value in rules.ListFields()}
    schema: dict[str, Any] = {word: given[name] for name, word in TEXT_RULES.items() if name in given}
    schema |= {word: _plain(given[name]) for name, word in NUMBER_RULES.items() if name in given}
    if rules.pattern:
        schema["pattern"] = rules.pattern
    if rules.format:
        schema["format"] = rules.format
    return schema


def list_rules(field: FieldDescriptor) -> dict[str, Any]:
    """The JSON Schema keywords for the list of a repeated field."""
    given = {one.name: value for one, value in rules_of(field).ListFields()}
    return {word: given[name] for name, word in LIST_RULES.items() if name in given}


def annotations(field: FieldDescriptor) -> dict[str, Any]:
    """The field's default and an example. Raises ValueError if either is not JSON."""
    rules = rules_of(field)
    notes: dict[str, Any] = {}
    if rules.default_json:
        notes["default"] = json.loads(rules.default_json)
    if rules.example_json:
        notes["examples"] = [json.loads(rules.example_json)]
    return notes


def message_rules(message: Descriptor) -> dict[str, Any]:
    """The JSON Schema keywords for rules between fields of the message."""
    if not message.has_options:
        return {}
    return conditions(message, message.GetOptions().Extensions[options_pb2.message_rules])


def conditions(message: Descriptor, rules: Iterable[options_pb2.MessageRule]) -> dict[str, Any]:
    """These rules as a part of the message's schema.

    Raises KeyError for a field that the message does not have.
    """
    schema: dict[str, Any] = {}
    for rule in rules:
        others = (*rule.requires, *rule.requires_one_of, *rule.excludes, *(one.field for one in rule.patterns))
        for name in (*others, *([rule.field] if rule.field else ())):
            message.fields_by_name[name]
        then = _asked(rule)
        if not rule.field:
            schema.setdefault("allOf", []).append({"type": "object", **then})
        elif rule.values:
            given = {"required": [rule.field], "properties": {rule.field: {"enum": list(rule.values)}}}
            schema.setdefault("allOf", []).append({"type": "object", "if": given, "then": then})
        elif [*then] == ["required"]:
            schema.setdefault("dependentRequired", {})[rule.field] = then["required"]
        else:
            schema.setdefault("dependentSchemas", {})[rule.field] = then
    return schema


def _asked(rule: options_pb2.MessageRule) -> dict[str, Any]:
    then: dict[str, Any] = {}
    if rule.requires:
        then["required"] = list(rule.requires)
    if rule.requires_one_of:
        then["anyOf"] = [{"required": [name]} for name in rule.requires_one_of]
    properties: dict[str, Any] = {name: {"maxItems": 0} for name in rule.excludes}
    properties |= {one.field: {"pattern": one.pattern} for one in rule.patterns}
    if properties:
        then["properties"] = properties
    return then


def _plain(number: float) -> int | float:
    return int(number) if number.is_integer() else number
