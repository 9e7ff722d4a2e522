"""Checks a message against the `(rules)` and `message_rules` of its fields. They are compiled once for each type of
message."""

import math
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from core_service.field_rules.between_fields import checks_between_fields
from core_service.field_rules.rules import BrokenRule, Check, forms_of, is_required, rules_of
from core_service.field_rules.values import NUMBERS, enum_check, number_check, text_check
from service_kit.json_mapping.contract import form_of, place_of


def check(message: Any, *, without: frozenset[str] = frozenset()) -> None:
    """Checks a message, except the fields `without`.

    Raises InvalidRequest, or InvalidTarget for a field that decides who is reached, naming the first field that breaks
    a rule.
    """
    enforce(checker_of(message.DESCRIPTOR, without), message)


def enforce(checker: Check | None, message: Any) -> None:
    """Checks a message with the compiled checker of its type."""
    if checker is not None:
        try:
            checker(message)
        except BrokenRule as broken:
            raise broken.told() from None


@cache
def checker_of(message: Descriptor, without: frozenset[str] = frozenset()) -> Check | None:
    """Returns a checker of messages of this type, except the fields `without`; None if there is nothing to check.

    Raises TypeError for a rule that has no sentence.
    """
    fields = [field for field in message.fields if field.name not in without]
    checks = {field.number: found for field in fields if (found := _field_check(field)) is not None}
    required = [_required_check(field, checks.get(field.number)) for field in fields if is_required(field)]
    needed = [
        (field.number, check) for field, check in zip(filter(is_required, fields), required, strict=True) if check
    ]
    between = checks_between_fields(message)
    if not (checks or needed or between):
        return None

    def check_message(value: Any) -> None:
        for check_fields in between:
            check_fields(value)
        # Only fields that are set are checked: most messages leave most fields out.
        for field, item in value.ListFields():
            if (check_item := checks.get(field.number)) is not None:
                try:
                    check_item(item)
                except BrokenRule as broken:
                    for number, check_presence in needed:
                        if number < field.number:
                            check_presence(value)
                    raise broken.within(place_of(field)) from None
        for _, check_presence in needed:
            check_presence(value)

    return check_message


def _required_check(field: FieldDescriptor, found: Check | None) -> Check | None:
    """Returns what refuses a message without the field. None if a message cannot lack it: a text without rules may
    be empty."""
    name = field.name
    if field.has_presence:
        forms = forms_of(field)

        def check_set(message: Any) -> None:
            if not any(message.HasField(form) for form in forms):
                raise BrokenRule("is required").within(name)

        return check_set
    if found is None:
        return None

    def check_default(message: Any) -> None:
        if not (value := getattr(message, name)):
            try:
                found(value)
            except BrokenRule as broken:
                raise broken.within(name) from None

    return check_default


def _field_check(field: FieldDescriptor) -> Check | None:
    """Returns what checks the field's value, or its list of values."""
    return _list_check(field) if field.is_repeated else _value_check(field)


def _list_check(field: FieldDescriptor) -> Check | None:
    rules, form, check_item = rules_of(field), form_of(field), _value_check(field)
    # An empty list counts as left out: only a required one must have items.
    least = rules.min_items if is_required(field) else 0
    most = rules.max_items if rules.HasField("max_items") else math.inf
    if check_item is None and not least and most == math.inf:
        return None
    if least > 1:
        raise TypeError(f"{field.full_name}: there is no sentence for lists of fewer than {least} items")
    too_few = rules.items_refusal or f"must contain at least one {field.name.removesuffix('s')}"
    too_many = rules.items_refusal or f"must have at most {rules.max_items} items"
    of_target = form.decides_audience

    def check_list(items: Any) -> None:
        count = len(items)
        if not least <= count <= most:
            sentence = (too_few if count < least else too_many).replace("{value}", str(count))
            raise BrokenRule(sentence, of_target=of_target)
        if check_item is not None:
            for place, item in enumerate(items):
                try:
                    check_item(item)
                except BrokenRule as broken:
                    broken.of_target = broken.of_target or of_target
                    raise broken.within(place) from None

    return check_list


def _value_check(field: FieldDescriptor) -> Check | None:
    """Returns what checks a value of the field, or an item of its list."""
    if field.message_type is not None:
        return checker_of(field.message_type)
    if field.enum_type is not None:
        return enum_check(field)
    if field.cpp_type in NUMBERS:
        return number_check(field)
    return text_check(field)
