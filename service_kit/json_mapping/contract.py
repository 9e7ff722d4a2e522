"""What the documented contract says of names and forms, what is compiled of it, and the error of a value that does not
fit."""

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Self

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from service_kit.field_paths import prefixed


class FieldError(Exception):
    """A value that breaks a rule of its field.

    `rule` completes a sentence that begins with the path: `must be a string`. Raised where the value is, given its
    path on the way out by `within`. `title` is what the answer's `error` says, if the field has words of its own.
    """

    def __init__(self, rule: str, *, title: str | None = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.path = ""
        self.title = title

    def within(self, place: str | int) -> "FieldError":
        """This error, seen from the object (by key) or array (by index) that holds the value."""
        self.path = prefixed(place, self.path)
        return self

    def __str__(self) -> str:
        return f"{self.path} {self.rule}".strip()


def must_be(expected: str, value: object) -> FieldError:
    """The error of a `value` that is not `expected`; null is told from other wrong values."""
    return FieldError(f"must be {expected}, not null" if value is None else f"must be {expected}")


FORM = "smith.core.v1.form"
"""The option of a field that says how its JSON form differs from the usual one. The options are found by their names:
this package imports no message of the API."""
WRITTEN_AS_LIST = "smith.core.v1.written_as_list"
WRITTEN = "smith.core.v1.written"
JSON_OBJECT = "smith.core.v1.JsonObject"
"""The message that carries any JSON object, as its text."""
TIMESTAMP = "google.protobuf.Timestamp"
UPPER_CASE_ENUMS = frozenset({"smith.core.v1.WebhookMethod"})
"""Enums whose values are written in upper case: HTTP methods, which RFC 9110 section 9.1 makes case-sensitive."""


@dataclass(frozen=True, slots=True)
class FieldForm:
    """How a field's documented JSON form differs from the usual one. The proto says what each means."""

    omit_empty: bool = False
    expected: str = ""
    error: str = ""
    refuse_empty: str = ""
    null_if_unset: bool = False
    beyond_contract: bool = False
    decides_audience: bool = False
    text_of: str = ""


def _option(described: Any, name: str) -> Any:
    """The value of the option of a field, message or enum value; its default if it is not set."""
    option: Any = descriptor_pool.Default().FindExtensionByName(name)
    return described.GetOptions().Extensions[option]


@cache
def form_of(field: FieldDescriptor) -> FieldForm:
    """The field's form.

    Raises TypeError if that makes no sense for the kind of field it is.
    """
    if not field.has_options:
        return FieldForm()
    given: Message = _option(field, FORM)
    form = FieldForm(**{one.name: value for one, value in given.ListFields()})
    if form.refuse_empty and (not field.is_repeated or is_map(field)):
        raise TypeError(f"{field.full_name}: refuse_empty is for lists")
    if form.null_if_unset and not field.has_presence:
        raise TypeError(f"{field.full_name}: null_if_unset is for fields that can be unset")
    if form.decides_audience and is_map(field):
        raise TypeError(f"{field.full_name}: decides_audience is not for maps")
    if form.text_of and field.cpp_type != FieldDescriptor.CPPTYPE_STRING:
        raise TypeError(f"{field.full_name}: text_of is for texts")
    return form


@cache
def text_form_of(field: FieldDescriptor) -> FieldDescriptor | None:
    """The text with which this number shares one JSON field, if there is one."""
    assert field.containing_type is not None  # noqa: S101 - the fields of messages have one
    return next((one for one in field.containing_type.fields if form_of(one).text_of == field.name), None)


def fields_of(message: Descriptor) -> list[FieldDescriptor]:
    """The fields that have a JSON name of their own."""
    return [field for field in message.fields if not form_of(field).text_of]


@cache
def only_list_of(message: Descriptor) -> FieldDescriptor | None:
    """The list as which JSON writes the whole message; None for a message that is written as an object.

    Raises TypeError if such a message has other fields.
    """
    if not (message.has_options and _option(message, WRITTEN_AS_LIST)):
        return None
    if [field.is_repeated for field in message.fields] != [True]:
        raise TypeError(f"{message.full_name}: what is written as a list has no field but that list")
    return message.fields[0]


def place_of(field: FieldDescriptor) -> str:
    """What the field is called in JSON. Empty for the list as which its message is written."""
    assert field.containing_type is not None  # noqa: S101 - the fields of messages have one
    return "" if only_list_of(field.containing_type) else form_of(field).text_of or field.name


def leaves_out_empty(field: FieldDescriptor) -> bool:
    """True for lists that are not written when empty: because the form says so, or because `[]` would be refused."""
    form = form_of(field)
    return form.omit_empty or bool(form.refuse_empty)


@cache
def enum_names(enum: EnumDescriptor) -> dict[int, str]:
    """The documented name of each value by number, without the zero value: it means that nothing was chosen."""
    prefix = "".join("_" + c if c.isupper() else c.upper() for c in enum.name).lstrip("_") + "_"
    upper = enum.full_name in UPPER_CASE_ENUMS
    names = {}
    for value in enum.values:
        if value.number != 0:
            name = value.name.removeprefix(prefix)
            written = _option(value, WRITTEN) if value.has_options else ""
            names[value.number] = written or (name if upper else name.lower())
    return names


def is_map(field: FieldDescriptor) -> bool:
    """True for `map<...>` fields, which descriptors show as repeated entry messages."""
    return bool(
        field.is_repeated
        and field.message_type is not None
        and field.message_type.has_options
        and field.message_type.GetOptions().map_entry
    )


class OfMessageType:
    """What is compiled of a message type: one object for each type."""

    _known: ClassVar[dict[str, Any]]

    def __init_subclass__(cls) -> None:
        cls._known = {}

    def __init__(self, descriptor: Descriptor) -> None:
        self._descriptor = descriptor

    @classmethod
    def of(cls, descriptor: Descriptor) -> Self:
        """The object of this type, the same every time. Raises TypeError if a field has no documented form."""
        found: Self | None = cls._known.get(descriptor.full_name)
        if found is None:
            # Remembered before its fields are compiled, so that a type may contain itself.
            found = cls._known[descriptor.full_name] = cls(descriptor)
            found._compile()
        return found

    def _compile(self) -> None:
        """Makes one closure per field."""
        raise NotImplementedError
