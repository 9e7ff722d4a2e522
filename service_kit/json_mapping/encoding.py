"""From messages to JSON."""

from collections.abc import Callable
from typing import Any

import simplejson
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from service_kit.json_mapping.contract import (
    JSON_OBJECT,
    TIMESTAMP,
    OfMessageType,
    enum_names,
    form_of,
    is_map,
    leaves_out_empty,
    only_list_of,
    place_of,
)
from service_kit.json_mapping.values import render_timestamp

Write = Callable[[Any, dict[str, Any]], None]
"""Writes one field of a message into the object that stands for it."""
Render = Callable[[Any], Any]


class MessageEncoder(OfMessageType):
    """Turns messages of one type into what `values.dump` writes.

    Fields without presence are always there, also when 0, empty or false, and lists also when empty, unless their
    form leaves them out. Fields with presence are there when set, and null when unset if their form says so. An enum at
    its zero value says nothing: it is as unset.
    """

    def _compile(self) -> None:
        self._writers = [_writer(field) for field in self._descriptor.fields]
        self._beyond_contract = [field.name for field in self._descriptor.fields if form_of(field).beyond_contract]

    def encode(self, message: Any) -> dict[str, Any]:
        """The JSON object of `message`, in the order of its fields."""
        out: dict[str, Any] = {}
        for write in self._writers:
            write(message, out)
        return out

    def encode_documented(self, message: Any) -> dict[str, Any]:
        """As `encode`, without the fields that the documented contract does not have."""
        out = self.encode(message)
        for name in self._beyond_contract:
            out.pop(name, None)
        return out


class GivenEncoder(OfMessageType):
    """Turns messages of one type into objects for logs: only what was set, and no field that is marked
    `debug_redact`."""

    def _compile(self) -> None:
        self._renders: dict[str, Render] = {}
        for field in self._descriptor.fields:
            if not field.GetOptions().debug_redact:
                render = _renderer(field, GivenEncoder.of)
                self._renders[field.name] = _list_renderer(render) if field.is_repeated else render

    def encode(self, message: Any) -> dict[str, Any]:
        """The JSON object of `message`, in the order of its fields."""
        renders = self._renders
        return {
            place_of(field): renders[field.name](value)
            for field, value in message.ListFields()
            if field.name in renders
        }


encoder_for = MessageEncoder.of
given_encoder_for = GivenEncoder.of


def _list_renderer(render: Render) -> Render:
    return lambda items: [render(item) for item in items]


def _writer(field: FieldDescriptor) -> Write:
    null_if_unset = form_of(field).null_if_unset
    if is_map(field):
        return _map_writer(field)
    if field.is_repeated:
        return _list_writer(field)
    name, key, render = field.name, place_of(field), _renderer(field)
    if field.has_presence:

        def write_if_set(message: Any, out: dict[str, Any]) -> None:
            value = render(getattr(message, name)) if message.HasField(name) else None
            if value is not None or null_if_unset:
                out[key] = value

        return write_if_set
    if field.enum_type is not None:

        def write_if_chosen(message: Any, out: dict[str, Any]) -> None:
            if (value := render(getattr(message, name))) is not None:
                out[name] = value

        return write_if_chosen

    def write(message: Any, out: dict[str, Any]) -> None:
        out[name] = getattr(message, name)

    return write


def _list_writer(field: FieldDescriptor) -> Write:
    name, render, omit = field.name, _renderer(field), leaves_out_empty(field)

    def write(message: Any, out: dict[str, Any]) -> None:
        items = getattr(message, name)
        if items or not omit:
            out[name] = [render(item) for item in items]

    return write


def _map_writer(field: FieldDescriptor) -> Write:
    assert field.message_type is not None  # noqa: S101 - what makes it a map
    render, name = _renderer(field.message_type.fields_by_name["value"]), field.name

    def write(message: Any, out: dict[str, Any]) -> None:
        # Through items(): reading a message map by key would add what it lacks.
        out[name] = {key: render(value) for key, value in sorted(getattr(message, name).items())}

    return write


def _renderer(field: FieldDescriptor, encoder_of: Callable[[Descriptor], Any] = encoder_for) -> Render:
    if field.enum_type is not None:
        return enum_names(field.enum_type).get
    if field.message_type is None:
        if field.type == FieldDescriptor.TYPE_BYTES:
            raise TypeError(f"{field.full_name}: this type has no documented JSON form")
        return lambda value: value
    if field.message_type.full_name == JSON_OBJECT:
        return lambda value: simplejson.RawJSON(value.json or "{}")
    if field.message_type.full_name == TIMESTAMP:
        return render_timestamp
    if (items := only_list_of(field.message_type)) is not None:
        name, render = items.name, _renderer(items, encoder_of)
        return lambda value: [render(item) for item in getattr(value, name)]
    encode: Render = encoder_of(field.message_type).encode
    return encode
