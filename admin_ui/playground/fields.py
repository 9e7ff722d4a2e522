"""The inputs of a form, each under the path of its field in the API."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from nicegui import ui
from nicegui.elements.mixins.validation_element import ValidationElement

from admin_ui.components.form_words import in_words_of_form
from admin_ui.texts import _
from service_kit.json_mapping.contract import enum_names, only_list_of

MAX_PATH = 200
"""Longer than the path of any field."""
STATE = "content_state"
"""Where a request has what a card shows."""
Input = TypeVar("Input", bound="ValidationElement[Any]")

STRING = FieldDescriptor.CPPTYPE_STRING
DEBOUNCE = "debounce=200"


class Fields:
    """Makes inputs, reads them, and shows errors at them."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._inputs: dict[str, ValidationElement[Any]] = {}
        self._reveal: dict[str, Callable[[], object]] = {}

    # --- making them ---

    def line(self, path: str, label: str, value: str = "", *, hint: str = "") -> ui.input:
        """A line of text."""
        return self._keep(path, ui.input(label, value=value, on_change=self._changed).props(DEBOUNCE), hint)

    def area(self, path: str, label: str, value: str = "", *, hint: str = "") -> ui.textarea:
        """Some lines of text."""
        area = ui.textarea(label, value=value, on_change=self._changed).props(f"{DEBOUNCE} autogrow")
        return self._keep(path, area, hint)

    def number(self, path: str, label: str, value: float | None = None, *, hint: str = "") -> ui.number:
        """A number."""
        return self._keep(path, ui.number(label, value=value, on_change=self._changed).props(DEBOUNCE), hint)

    def choice(self, path: str, label: str, options: Mapping[str, str], value: str = "") -> ui.select:
        """One of several words; the empty word means no choice."""
        return self._keep(path, ui.select(dict(options), label=label, value=value, on_change=self._changed))

    def choices(self, path: str, label: str, options: Sequence[str], *, hint: str = "") -> ui.select:
        """Any number of several words."""
        select = ui.select(list(options), label=label, multiple=True, value=[], on_change=self._changed)
        return self._keep(path, select.props("use-chips clearable"), hint)

    def of(
        self, path: str, field: FieldDescriptor, label: str, value: float | None = None, none: str = ""
    ) -> ui.element:
        """The input that suits the kind of field. `value` is the number, `none` the word for no choice, at first."""
        if field.enum_type is not None:
            return self.choice(path, label, choices_of(field.enum_type, none))
        if field.message_type is not None:
            if only_list_of(field.message_type) is not None:
                return self.line(path, label, hint=_("Words, with commas between them"))
            return self.area(path, label)
        return self.line(path, label) if field.cpp_type == STRING else self.number(path, label, value)

    def revealed_by(self, reveal: Callable[[], object], *paths: str) -> None:
        """Has `reveal` called before an error is shown at one of the fields."""
        self._reveal.update(dict.fromkeys(paths, reveal))

    def drop(self, prefix: str) -> None:
        """Forgets the inputs whose paths begin with `prefix`."""
        for path in [path for path in self._inputs if path.startswith(prefix)]:
            del self._inputs[path]

    # --- reading them ---

    def __contains__(self, path: str) -> bool:
        return path in self._inputs

    def value_of(self, path: str, field: FieldDescriptor) -> Any:
        """What was written, by the field's kind; None for nothing."""
        if field.message_type is not None:
            is_list = only_list_of(field.message_type) is not None
            return self.separated(path) or None if is_list else self.document(path)
        is_text = field.enum_type is not None or field.cpp_type == STRING
        return self.text(path) or None if is_text else self.amount(path)

    def text(self, path: str) -> str:
        """The text of the input; empty if there is none."""
        return str(self._value(path) or "")

    def amount(self, path: str) -> int | float | None:
        """The number, whole if it is."""
        value = self._value(path)
        if value is None or value == "":
            return None
        number = float(value)
        return int(number) if number.is_integer() else number

    def words(self, path: str) -> list[str]:
        """The chosen words."""
        return list(self._value(path) or ())

    def separated(self, path: str) -> list[str]:
        """The words that commas separate."""
        return [word.strip() for word in self.text(path).split(",") if word.strip()]

    def document(self, path: str) -> dict[str, Any] | None:
        """The JSON object in the input. None if it is empty, or no JSON object: then the field shows an error."""
        written = self.text(path).strip()
        self._inputs[path].error = None
        if not written:
            return None
        try:
            document = json.loads(written)
            json.dumps(document, allow_nan=False)
        except (ValueError, RecursionError):
            document = None
        if isinstance(document, dict):
            return document
        self._inputs[path].error = _('Write a JSON object, as {"build": 42}')
        return None

    # --- filling them ---

    def put(self, path: str, field: FieldDescriptor, value: Any) -> None:
        """Writes what `value_of` would read; None empties the input."""
        element: Any = self._inputs[path]
        if value is None:
            element.value = None if isinstance(element, ui.number) else ""
            return
        if field.message_type is not None:
            is_list = only_list_of(field.message_type) is not None
            value = ", ".join(value) if is_list else json.dumps(value, ensure_ascii=False)
        element.value = value
        self._reveal.get(path, lambda: None)()

    def choose(self, path: str, words: Sequence[str]) -> None:
        """Chooses those of the words that can be chosen."""
        element: Any = self._inputs[path]
        element.value = [word for word in words if word in element.options]

    # --- errors ---

    @property
    def first_error(self) -> str:
        """The first error that is shown; empty if there is none."""
        return next((str(one.error) for one in self._inputs.values() if one.error), "")

    def forgive(self) -> None:
        """Removes all errors."""
        for one in self._inputs.values():
            one.error = None

    def blame(self, field: str, message: str) -> bool:
        """Shows the error at the input for `field`, a path of the API, or for an object around it.

        False if the form has neither.
        """
        # The path may lead into JSON of any depth, which the person has written.
        path = field[:MAX_PATH]
        while path and path not in self._inputs:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        if not path:
            return False
        label = str(self._inputs[path].props.get("label", ""))
        self._show(path, in_words_of_form(message, field, label))
        return True

    def show(self, problems: Mapping[str, str]) -> bool:
        """Shows each problem at the field of its path; whether there is any."""
        for path, problem in problems.items():
            self._show(path, problem)
        return bool(problems)

    def _show(self, path: str, problem: str) -> None:
        self._inputs[path].error = problem
        self._reveal.get(path, lambda: None)()

    def _value(self, path: str) -> Any:
        return getattr(self._inputs[path], "value", None) if path in self._inputs else None

    def _keep(self, path: str, element: Input, hint: str = "") -> Input:
        # Errors come from reading the form and from core; the inputs have no rules of their own.
        self._inputs[path] = element.without_auto_validation()
        if hint:
            element.props["hint"] = hint
        element.mark(path)
        element.props["data-draft"] = path
        return element.classes("field")

    def _changed(self, event: Any) -> None:
        event.sender.error = None
        self._on_change()


def choices_of(enum: EnumDescriptor, none: str) -> dict[str, str]:
    """The words to choose from; `none` is what the empty choice says."""
    return {"": none} | {word: word.replace("-", " ").capitalize() for word in enum_names(enum).values()}
