"""Checks of one value: a choice, a number or a text. Each is compiled from the field's rules."""

import math
import re

from google.protobuf.descriptor import FieldDescriptor
from smith.core.v1 import options_pb2

from core_service.field_rules.rules import BrokenRule, Check, rules_of
from service_kit.json_mapping.contract import enum_names

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


def enum_check(field: FieldDescriptor) -> Check:
    """Returns what checks a value of an enum."""
    assert field.enum_type is not None  # noqa: S101 - what makes it an enum
    names = enum_names(field.enum_type)
    refusal = rules_of(field).refusal or f"must be one of {', '.join(names.values())}"

    def check_enum(value: int) -> None:
        if value not in names:
            raise BrokenRule(refusal.replace("{value}", str(value)))

    return check_enum


def number_check(field: FieldDescriptor) -> Check | None:
    """Returns what checks a number; None if any will do."""
    rules = rules_of(field)
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


def text_check(field: FieldDescriptor) -> Check | None:
    """Returns what checks a text. The reader of a format (`uuid`, `uri`, `email`) checks the whole text, so there is
    no check here."""
    rules = rules_of(field)
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
