"""What the protos declare of fields, and the error of a value that breaks it."""

from collections.abc import Callable
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import FieldDescriptor
from smith.core.v1 import options_pb2

from core_service.field_rules.errors import InvalidTarget
from service_kit.errors import DomainError, InvalidRequest
from service_kit.field_paths import prefixed
from service_kit.json_mapping.contract import text_form_of

Check = Callable[[Any], None]
"""Raises BrokenRule if a value, or a message, breaks a rule."""


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


def rules_of(field: FieldDescriptor) -> options_pb2.FieldRules:
    """The `(rules)` of a field."""
    found: options_pb2.FieldRules = field.GetOptions().Extensions[options_pb2.rules]
    return found


def is_required(field: FieldDescriptor) -> bool:
    """Whether a message must have the field."""
    return field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[field_behavior_pb2.field_behavior]


def forms_of(field: FieldDescriptor) -> tuple[str, ...]:
    """The fields that fill the JSON field of this one."""
    text = text_form_of(field)
    return (field.name,) if text is None else (field.name, text.name)
