"""Rules between the fields of a message."""

from typing import Any

from google.protobuf.descriptor import Descriptor
from smith.core.v1 import options_pb2

from core_service.field_rules.rules import BrokenRule, Check, forms_of
from service_kit.json_mapping.contract import form_of, text_form_of


def checks_between_fields(message: Descriptor) -> list[Check]:
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
    requires = {name: forms_of(kind.fields_by_name[name]) for name in rule.requires}

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
