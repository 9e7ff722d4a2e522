"""From parsed JSON to messages."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Protocol

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from service_kit.json_mapping.contract import (
    JSON_OBJECT,
    TIMESTAMP,
    FieldError,
    OfMessageType,
    fields_of,
    form_of,
    is_map,
    must_be,
    only_list_of,
    text_form_of,
)
from service_kit.json_mapping.values import FromText, Parse, fill_timestamp, object_text, parser_for, text_reader_for


class UnknownFields(Protocol):
    """What a decoder does with a key that it does not know."""

    def meet(self, key: str) -> None:
        """Takes note of `key`. Raises FieldError, without a path yet, if it is refused."""

    def inside(self, step: str | int) -> "UnknownFields":
        """The same for the object under this key, or at this index."""


class _Refusing:
    def meet(self, key: str) -> None:
        raise FieldError("is not a known field")

    def inside(self, step: str | int) -> "_Refusing":
        return self


REFUSED: UnknownFields = _Refusing()
"""Refuses every unknown field."""


Fill = Callable[[Any, Any, UnknownFields], None]
"""Fills a message with a value, and says what becomes of fields in it that are not known."""


class MessageDecoder(OfMessageType):
    """Turns JSON objects into messages of one type."""

    def __init__(self, descriptor: Descriptor) -> None:
        super().__init__(descriptor)
        self._titles: dict[str, str] = {}
        self._fields: dict[str, Fill] = {}
        self._twins: dict[str, str] = {}
        self._oneofs: dict[str, str] = {}
        self._texts: dict[str, tuple[FieldDescriptor, FromText]] = {}
        self._never_null: set[str] = set()
        self._kinds: list[str] = []

    def _compile(self) -> None:
        for field in fields_of(self._descriptor):
            form = form_of(field)
            for name in {field.name, field.json_name}:
                self._fields[name] = _field_filler(field, name)
                if form.error:
                    self._titles[name] = form.error
                if form.decides_audience:
                    self._never_null.add(name)
                if field.name == "type" and field.enum_type is not None:
                    self._kinds.append(name)
                if field.message_type is None:
                    self._texts[name] = (field, text_reader_for(field))
                elif field.message_type.full_name == TIMESTAMP and not field.is_repeated:
                    self._texts[name] = (field, str)
                if field.containing_oneof is not None and len(field.containing_oneof.fields) > 1:
                    self._oneofs[name] = field.containing_oneof.name
            if field.json_name != field.name:
                self._twins[field.json_name] = field.name

    def fill(self, message: Any, value: Any, unknown: UnknownFields = REFUSED) -> None:
        """Sets the fields of `message` that the JSON object `value` names, in snake_case or lowerCamelCase.

        Null means left out, unless the field decides who is reached. `unknown` says what becomes of other fields.
        Raises FieldError, with the path of the first value that breaks a rule; a wrong `type` goes before others, for
        what they have to be follows from it.
        """
        if type(value) is not dict:
            raise must_be("an object", value)
        fields, twins = self._fields, self._twins
        for key, item in value.items():
            setter = fields.get(key)
            try:
                if setter is None:
                    unknown.meet(key)
                elif item is None and key not in self._never_null:
                    continue
                elif key in twins and value.get(twins[key]) is not None:
                    raise FieldError(f"is given twice, as {twins[key]} too")
                else:
                    setter(message, item, unknown)
            except FieldError as error:
                raise self._error_of_kind(message, value) or self._placed(error, key) from None
        if self._oneofs:
            self._check_oneofs(value)

    def _placed(self, error: FieldError, key: str) -> FieldError:
        error.title = error.title or self._titles.get(key)
        return error.within(key)

    def _error_of_kind(self, message: Any, value: dict[str, Any]) -> FieldError | None:
        """What is wrong with `type`, if the message has one and something is."""
        for key in self._kinds:
            if value.get(key) is not None:
                try:
                    self._fields[key](message, value[key], REFUSED)
                except FieldError as error:
                    return self._placed(error, key)
        return None

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
        for key, item in value.items():
            if item is not None and (oneof := self._oneofs.get(key)) is not None:
                if oneof in chosen:
                    raise FieldError(f"excludes {chosen[oneof]}: give one of them").within(key)
                chosen[oneof] = key


decoder_for = MessageDecoder.of


def _field_filler(field: FieldDescriptor, key: str) -> Fill:
    """What sets the field from a value under `key`, one of its names."""
    if is_map(field):
        return _map_filler(field, key)
    if field.is_repeated:
        return _list_filler(field, key)
    if field.message_type is not None:
        return _one_message(field.name, key, _message_filler(field))
    name, parse = field.name, parser_for(field)
    if (text := text_form_of(field)) is not None:
        return _number_or_text(name, parse, text.name, parser_for(text))
    return lambda message, value, unknown: setattr(message, name, parse(value))


def _number_or_text(number: str, parse_number: Parse, text: str, parse_text: Parse) -> Fill:
    def set_one(message: Any, value: Any, unknown: UnknownFields) -> None:
        if type(value) is str:
            setattr(message, text, parse_text(value))
        elif type(value) in (int, Decimal):
            setattr(message, number, parse_number(value))
        else:
            raise must_be("a number or a string", value)

    return set_one


def _message_filler(field: FieldDescriptor) -> Fill:
    """What fills a message of the field's type."""
    assert field.message_type is not None  # noqa: S101 - where this is called
    name = field.message_type.full_name
    if name == JSON_OBJECT:
        return _fill_json_object
    if name == TIMESTAMP:
        return lambda target, value, unknown: fill_timestamp(target, value)
    if name.startswith("google.protobuf."):
        raise TypeError(f"{name}: this type has no documented JSON form")
    if (items := only_list_of(field.message_type)) is not None:
        return _list_filler(items, items.name)
    fill = decoder_for(field.message_type).fill
    if form_of(field).decides_audience:
        return lambda target, value, unknown: fill(target, value, REFUSED)
    return fill


def _fill_json_object(target: Any, value: Any, unknown: UnknownFields) -> None:
    if type(value) is not dict:
        raise must_be("an object", value)
    target.json = object_text(value)


def _one_message(name: str, key: str, fill: Fill) -> Fill:
    def set_message(message: Any, value: Any, unknown: UnknownFields) -> None:
        target = getattr(message, name)
        fill(target, value, unknown.inside(key))
        target.SetInParent()

    return set_message


def _list_filler(field: FieldDescriptor, key: str) -> Fill:
    form, name = form_of(field), field.name
    expected = form.expected or ("an array" if field.message_type is None else "an array of objects")
    put = _item_putter(field)

    def set_items(message: Any, value: Any, unknown: UnknownFields) -> None:
        if type(value) is not list:
            raise must_be(expected, value)
        if form.refuse_empty and not value:
            raise FieldError(form.refuse_empty)
        items, unknown_in_list = getattr(message, name), unknown.inside(key)
        for index, item in enumerate(value):
            try:
                put(items, index, item, unknown_in_list)
            except FieldError as error:
                raise error.within(index) from None

    return set_items


def _item_putter(field: FieldDescriptor) -> Callable[[Any, int, Any, UnknownFields], None]:
    """What adds an item, at its index, to the field's list."""
    if field.message_type is not None:
        fill = _message_filler(field)
        return lambda items, index, item, unknown: fill(items.add(), item, unknown.inside(index))
    parse = parser_for(field)
    return lambda items, index, item, unknown: items.append(parse(item))


def _map_filler(field: FieldDescriptor, key: str) -> Fill:
    assert field.message_type is not None  # noqa: S101 - what makes it a map
    key_field, value_field = (field.message_type.fields_by_name[name] for name in ("key", "value"))
    if key_field.cpp_type != FieldDescriptor.CPPTYPE_STRING:
        raise TypeError(f"{field.full_name}: keys of JSON objects are strings")
    parse_key = parser_for(key_field)
    name = field.name
    if value_field.message_type is not None:
        fill = _message_filler(value_field)

        def put(entries: Any, key: str, value: Any, unknown: UnknownFields) -> None:
            fill(entries[key], value, unknown.inside(key))
    else:
        parse = parser_for(value_field)

        def put(entries: Any, key: str, value: Any, unknown: UnknownFields) -> None:
            entries[key] = parse(value)

    def set_entries(message: Any, value: Any, unknown: UnknownFields) -> None:
        if type(value) is not dict:
            raise must_be("an object", value)
        entries, unknown_in_map = getattr(message, name), unknown.inside(key)
        for entry, item in value.items():
            if item is None:
                continue
            try:
                put(entries, parse_key(entry), item, unknown_in_map)
            except FieldError as error:
                raise error.within(entry) from None

    return set_entries
