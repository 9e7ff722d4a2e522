"""Checks a message against the `(rules)` and `message_rules` of its fields. They are compiled once for each type of
message."""

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from smith.core.v1 import options_pb2

from core_service.field_rules.errors import InvalidTarget
from service_kit.errors import DomainError, InvalidRequest
from service_kit.field_paths import prefixed
from service_kit.json_mapping.contract import enum_names, form_of, place_of, text_form_of

Check = Callable[[Any], None]
"""Raises BrokenRule if a value, or a message, breaks a rule."""

NOT_BLANK = r"\S"
DOUBLES = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)
NUMBERS = (
    *DOUBLES,
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
)
SETTING_DECIDES = frozenset({"smith.core.v1.UpdateAccountRequest.rate_limit_per_minute"})
"""Fields with a lower limit if the operator has set one. The error names that limit, so the service raises it."""


class BrokenRule(Exception):
    """A value breaks a rule. `sentence` follows the first of `paths`, which lead to the wrong fields."""

    def __init__(self, sentence: str, paths: tuple[str, ...] = ("",), *, of_target: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.paths = paths
        self.of_target = of_target

    def within(self, place: str | int) -> "BrokenRule":
        """This error, with its paths seen from the message (by what JSON calls the field) or list (by index) around the
        value."""
        if place != "":
            self.paths = tuple(prefixed(place, path) for path in self.paths)
        return self

    def told(self) -> DomainError:
        """The error that the caller gets."""
        kind = InvalidTarget if self.of_target else InvalidRequest
        return kind(f"{self.paths[0]} {self.sentence}").about(*self.paths)


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
    required = [_required_check(field, checks.get(field.number)) for field in fields if _is_required(field)]
    needed = [
        (field.number, check) for field, check in zip(filter(_is_required, fields), required, strict=True) if check
    ]
    between = _checks_between_fields(message)
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
        forms = _forms(field)

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
    rules, form, check_item = _rules_of(field), form_of(field), _value_check(field)
    # An empty list counts as left out: only a required one must have items.
    least = rules.min_items if _is_required(field) else 0
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
        return _enum_check(field)
    if field.cpp_type in NUMBERS:
        return _number_check(field)
    return _text_check(field)


def _enum_check(field: FieldDescriptor) -> Check:
    assert field.enum_type is not None  # noqa: S101 - what makes it an enum
    names = enum_names(field.enum_type)
    refusal = _rules_of(field).refusal or f"must be one of {', '.join(names.values())}"

    def check_enum(value: int) -> None:
        if value not in names:
            raise BrokenRule(refusal.replace("{value}", str(value)))

    return check_enum


def _number_check(field: FieldDescriptor) -> Check | None:
    rules = _rules_of(field)
    if field.full_name in SETTING_DECIDES:
        return None
    low = rules.minimum if rules.HasField("minimum") else -math.inf
    high = rules.maximum if rules.HasField("maximum") else math.inf
    above = rules.exclusive_minimum if rules.HasField("exclusive_minimum") else -math.inf
    if field.cpp_type not in DOUBLES and (low, high, above) == (-math.inf, math.inf, -math.inf):
        return None
    refusal = rules.refusal or _range_sentence(low, high, above)

    def check_number(value: float) -> None:
        # Infinity and NaN are never valid.
        if not (low <= value <= high and above < value < math.inf):
            raise BrokenRule(refusal)

    return check_number


def _range_sentence(low: float, high: float, above: float) -> str:
    if above > -math.inf:
        return f"must be more than {above:g}"
    if high == math.inf:
        return "must be a finite number" if low == -math.inf else f"must be at least {low:.0f}"
    return f"must be between {low:.0f} and {high:.0f}" if low > -math.inf else f"must be at most {high:.0f}"


def _text_check(field: FieldDescriptor) -> Check | None:
    """Returns what checks a text. The reader of a format (`uuid`, `uri`, `email`) checks the whole text, so there is
    no check here."""
    rules = _rules_of(field)
    low, high = rules.min_length, rules.max_length if rules.HasField("max_length") else math.inf
    if rules.format or not (low or high < math.inf or rules.pattern):
        return None
    is_whole = rules.pattern.startswith("^") and rules.pattern.endswith("$")
    if rules.pattern not in ("", NOT_BLANK) and not (is_whole and rules.refusal):
        raise TypeError(f"{field.full_name}: a pattern is for whole texts and has a refusal")
    pattern = re.compile(rules.pattern[1:-1]) if is_whole else None
    refusal = rules.refusal or _length_sentence(rules)

    def check_length(value: str) -> None:
        if not low <= len(value) <= high:
            raise BrokenRule(refusal)

    def check_stripped(value: str) -> None:
        check_length(value.strip())

    if pattern is None:
        # Text that must not be blank is stored without surrounding white space.
        return check_stripped if rules.pattern else check_length

    def check_pattern(value: str) -> None:
        if not low <= len(value) <= high or not pattern.fullmatch(value):
            raise BrokenRule(refusal)

    return check_pattern


def _length_sentence(rules: options_pb2.FieldRules) -> str:
    if rules.HasField("max_length"):
        least = f"{rules.min_length} to" if rules.min_length else "at most"
        return f"must be {least} {rules.max_length} characters"
    return f"is required and must not be {'blank' if rules.pattern else 'empty'}"


def _checks_between_fields(message: Descriptor) -> list[Check]:
    """Returns the rules between fields that hold whatever the values are. A rule that depends on a value may also
    depend on the value of an earlier request, so the services check it."""
    declared = message.GetOptions().Extensions[options_pb2.message_rules]
    checks = [
        _between_fields(message, rule)
        for rule in declared
        if rule.field and not rule.values and not rule.requires_one_of
    ]
    checks += [_check_one_form(field.name, text.name) for field in message.fields if (text := text_form_of(field))]
    if len([field for field in message.fields if form_of(field).decides_audience]) > 1:
        checks.append(_check_same_channels)
    return checks


def _between_fields(kind: Descriptor, rule: options_pb2.MessageRule) -> Check:
    field, excludes = rule.field, tuple(rule.excludes)
    requires = {name: _forms(kind.fields_by_name[name]) for name in rule.requires}

    def check_fields(message: Any) -> None:
        if not message.HasField(field):
            return
        for name, forms in requires.items():
            if not any(message.HasField(form) for form in forms):
                raise BrokenRule(f"requires {name} too").within(field)
        for name in excludes:
            if getattr(message, name):
                raise BrokenRule(f"cannot be combined with {name}", (field, name))

    return check_fields


def _forms(field: FieldDescriptor) -> tuple[str, ...]:
    """The fields that fill the JSON field of this one."""
    text = text_form_of(field)
    return (field.name,) if text is None else (field.name, text.name)


def _check_one_form(number: str, text: str) -> Check:
    def check_forms(message: Any) -> None:
        if message.HasField(number) and message.HasField(text):
            raise BrokenRule(f"cannot be combined with {text}", (number, text))

    return check_forms


def _check_same_channels(message: Any) -> None:
    """Checks a message that can name channels in two ways: directly, and in its target."""
    direct, target = message.channels, message.target.channels
    if direct and message.HasField("target") and set(direct) != set(target):
        paths = ("channels", "target.channels")
        raise BrokenRule("and target.channels must name the same channels", paths, of_target=True)


def _rules_of(field: FieldDescriptor) -> options_pb2.FieldRules:
    found: options_pb2.FieldRules = field.GetOptions().Extensions[options_pb2.rules]
    return found


def _is_required(field: FieldDescriptor) -> bool:
    return field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
