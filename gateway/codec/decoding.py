"""From parsed JSON to messages."""

from collections.abc import Callable, Iterable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from gateway.codec.contract import form_of, is_map
from gateway.codec.errors import FieldError, must_be
from gateway.codec.json_text import object_text
from gateway.codec.scalars import FromText, parser_for, text_reader_for
from gateway.codec.timestamps import fill_timestamp

Fill = Callable[[Any, Any], None]
"""Fills a message with a value."""

JSON_OBJECT = "smith.core.v1.JsonObject"
TIMESTAMP = "google.protobuf.Timestamp"

_decoders: dict[str, "MessageDecoder"] = {}


def decoder_for(descriptor: Descriptor) -> "MessageDecoder":
    """The decoder of a message type, the same one every time. Raises TypeError if a field has no documented form."""
    decoder = _decoders.get(descriptor.full_name)
    if decoder is None:
        # Remembered before its fields are built, so that a type may contain itself.
        decoder = _decoders[descriptor.full_name] = MessageDecoder(descriptor)
        decoder.build()
    return decoder


class MessageDecoder:
    """Turns JSON objects into messages of one type."""

    def __init__(self, descriptor: Descriptor) -> None:
        self._descriptor = descriptor
        self._titles: dict[str, str] = {}
        self._fields: dict[str, Fill] = {}
        self._twins: dict[str, str] = {}
        self._oneofs: dict[str, str] = {}
        self._texts: dict[str, tuple[FieldDescriptor, FromText]] = {}

    def build(self) -> None:
        """Compiles one closure per field."""
        for field in self._descriptor.fields:
            fill = _field_filler(field)
            title = form_of(field).error
            for name in {field.name, field.json_name}:
                self._fields[name] = fill
                if title:
                    self._titles[name] = title
                if field.message_type is None:
                    self._texts[name] = (field, text_reader_for(field))
                elif field.message_type.full_name == TIMESTAMP and not field.is_repeated:
                    self._texts[name] = (field, str)
                if field.containing_oneof is not None and len(field.containing_oneof.fields) > 1:
                    self._oneofs[name] = field.containing_oneof.name
            if field.json_name != field.name:
                self._twins[field.json_name] = field.name

    def fill(self, message: Any, value: Any) -> None:
        """Sets the fields of `message` that the JSON object `value` names, in snake_case or lowerCamelCase.

        Raises FieldError, with the path of the first value that breaks a rule.
        """
        if type(value) is not dict:
            raise must_be("an object", value)
        fields = self._fields
        for key, item in value.items():
            setter = fields.get(key)
            if setter is None:
                raise FieldError("is not a known field").within(key)
            if key in self._twins and self._twins[key] in value:
                raise FieldError(f"is given twice, as {self._twins[key]} too").within(key)
            try:
                setter(message, item)
            except FieldError as error:
                error.title = error.title or self._titles.get(key)
                raise error.within(key) from None
        if self._oneofs:
            self._check_oneofs(value)

    def fill_from_texts(self, message: Any, texts: Iterable[tuple[str, str]]) -> None:
        """The same with the names and texts of path or query parameters. A name repeats for repeated fields only."""
        given: dict[str, Any] = {}
        for key, text in texts:
            field, read = self._texts.get(key, (None, None))
            if field is None or read is None:
                raise FieldError("is not a known parameter").within(key)
            if field.is_repeated:
                given.setdefault(key, []).append(read(text))
            elif key in given:
                raise FieldError("is given twice").within(key)
            else:
                given[key] = read(text)
        self.fill(message, given)

    def names_of(self, fields: Iterable[str]) -> frozenset[str]:
        """Every name that the given fields can be written by."""
        by_name = self._descriptor.fields_by_name
        return frozenset(name for field in fields for name in (field, by_name[field].json_name))

    def _check_oneofs(self, value: dict[str, Any]) -> None:
        chosen: dict[str, str] = {}
        for key in value:
            if (oneof := self._oneofs.get(key)) is not None:
                if oneof in chosen:
                    raise FieldError(f"excludes {chosen[oneof]}: give one of them").within(key)
                chosen[oneof] = key


def _field_filler(field: FieldDescriptor) -> Fill:
    if is_map(field):
        return _map_filler(field)
    if field.message_type is not None:
        fill = _message_filler(field.message_type)
        return _list_of_messages(field, fill) if field.is_repeated else _one_message(field.name, fill)
    if field.is_repeated:
        return _list_of_scalars(field)
    name, parse = field.name, parser_for(field)
    return lambda message, value: setattr(message, name, parse(value))


def _message_filler(descriptor: Descriptor) -> Fill:
    if descriptor.full_name == JSON_OBJECT:
        return _fill_json_object
    if descriptor.full_name == TIMESTAMP:
        return fill_timestamp
    if descriptor.full_name.startswith("google.protobuf."):
        raise TypeError(f"{descriptor.full_name}: this type has no documented JSON form")
    return decoder_for(descriptor).fill


def _fill_json_object(target: Any, value: Any) -> None:
    if type(value) is not dict:
        raise must_be("an object", value)
    target.json = object_text(value)


def _one_message(name: str, fill: Fill) -> Fill:
    def set_message(message: Any, value: Any) -> None:
        target = getattr(message, name)
        fill(target, value)
        target.SetInParent()

    return set_message


def _list_checker(field: FieldDescriptor, usual: str) -> Callable[[Any], None]:
    """A function that raises FieldError for a value that is no list, or an empty one where that is refused."""
    form = form_of(field)
    expected, refuse_empty = form.expected or usual, form.refuse_empty

    def check(value: Any) -> None:
        if type(value) is not list:
            raise must_be(expected, value)
        if refuse_empty and not value:
            raise FieldError(refuse_empty)

    return check


def _list_of_messages(field: FieldDescriptor, fill: Fill) -> Fill:
    name, check = field.name, _list_checker(field, "an array of objects")

    def set_messages(message: Any, value: Any) -> None:
        check(value)
        items = getattr(message, name)
        for index, item in enumerate(value):
            try:
                fill(items.add(), item)
            except FieldError as error:
                raise error.within(index) from None

    return set_messages


def _list_of_scalars(field: FieldDescriptor) -> Fill:
    name, parse, check = field.name, parser_for(field), _list_checker(field, "an array")

    def set_scalars(message: Any, value: Any) -> None:
        check(value)
        append = getattr(message, name).append
        for index, item in enumerate(value):
            try:
                append(parse(item))
            except FieldError as error:
                raise error.within(index) from None

    return set_scalars


def _map_filler(field: FieldDescriptor) -> Fill:
    assert field.message_type is not None  # noqa: S101 - what makes it a map
    key_field, value_field = (field.message_type.fields_by_name[name] for name in ("key", "value"))
    if key_field.cpp_type != FieldDescriptor.CPPTYPE_STRING:
        raise TypeError(f"{field.full_name}: keys of JSON objects are strings")
    parse_key = parser_for(key_field)
    name = field.name
    if value_field.message_type is not None:
        fill = _message_filler(value_field.message_type)

        def put(entries: Any, key: str, value: Any) -> None:
            fill(entries[key], value)
    else:
        parse = parser_for(value_field)

        def put(entries: Any, key: str, value: Any) -> None:
            entries[key] = parse(value)

    def set_entries(message: Any, value: Any) -> None:
        if type(value) is not dict:
            raise must_be("an object", value)
        entries = getattr(message, name)
        for key, item in value.items():
            try:
                put(entries, parse_key(key), item)
            except FieldError as error:
                raise error.within(key) from None

    return set_entries
