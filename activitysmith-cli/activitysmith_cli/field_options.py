"""Options made of the API's fields: each field that `contract.py` lists has one of its name."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from activitysmith_cli.contract import ActivityType, Color, Field, InterruptionLevel
from activitysmith_cli.json_documents import read_json
from activitysmith_cli.values import comma_separated, number_or_text, parse_boolean, parse_number

ENUMS: Mapping[str, type[StrEnum]] = {enum.__name__: enum for enum in (ActivityType, Color, InterruptionLevel)}
METAVARS = {
    "text": "TEXT", "url": "URL", "integer": "N", "number": "NUMBER", "number or text": "VALUE", "boolean": "BOOLEAN",
    "object": "JSON", "message": "JSON",
}  # fmt: skip
TYPES: Mapping[str, type] = {"integer": int, "number": float}
PARSERS: Mapping[str, Callable[[str], Any]] = {
    "number": parse_number, "number or text": number_or_text, "boolean": parse_boolean,
}  # fmt: skip


@dataclass(frozen=True)
class FieldOptions:
    """One option for each of some fields; what is JSON can come from a file, too."""

    fields: tuple[Field, ...]
    required: tuple[str, ...] = ()

    def parameters(self) -> Iterator[inspect.Parameter]:
        """The parameters of which typer makes the options."""
        for field in self.fields:
            option = typer.Option(metavar=_metavar(field), parser=PARSERS.get(field.kind), help=self._help(field))
            yield _parameter(field.name, _type(field), option, is_required=field.name in self.required)
            if _is_json(field):
                from_file = typer.Option(metavar="FILE", help="The same from a file; - is standard input.")
                yield _parameter(_file(field), str, from_file)

    def document(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The members of a request that the options' values make. Raises typer.BadParameter."""
        given = {field.name: _value(field, values) for field in self.fields}
        return {name: value for name, value in given.items() if value is not None}

    def _help(self, field: Field) -> str:
        flags = {one.name: f"--{_dashed(one.name)}" for one in self.fields}
        about = re.sub(r"`(\w+)`", lambda found: flags.get(found[1], found[1]), field.about)
        if field.kind in ENUMS:
            words = list(ENUMS[field.kind])
            said = f"Such as {','.join(words[:2])}." if field.is_list else f"One of {', '.join(words)}."
            return f"{about} {said}"
        if _is_json(field):
            return f"{about} A JSON {'array' if field.is_list else 'object'}."
        return f"{about} Separated by commas." if field.is_list else about


def _parameter(name: str, type_: Any, option: Any, *, is_required: bool = False) -> inspect.Parameter:
    # Written as a call: what is in the brackets is not known before it runs.
    annotation: Any = Annotated.__class_getitem__(  # type: ignore[attr-defined]
        (type_ if is_required else type_ | None, option)
    )
    default = inspect.Parameter.empty if is_required else None
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _value(field: Field, values: Mapping[str, Any]) -> Any:
    value, option = values[field.name], _dashed(field.name)
    if _is_json(field):
        return read_json(option, value, values[_file(field)], list if field.is_list else dict)
    if value is None:
        return None
    if field.is_list:
        return _words(field, f"--{option}", value)
    return value.value if field.kind in ENUMS else value


def _words(field: Field, option: str, text: str) -> list[str]:
    words, choices = comma_separated(text, option), list(ENUMS.get(field.kind, ()))
    for word in words:
        if choices and word not in choices:
            raise typer.BadParameter(f"{word!r} is not one of {', '.join(choices)}.", param_hint=option)
    return words


def _type(field: Field) -> type:
    return ENUMS[field.kind] if _is_choice(field) else TYPES.get(field.kind, str)


def _metavar(field: Field) -> str | None:
    if field.is_list and field.kind == "text":
        return "WORDS"
    return METAVARS.get(field.kind) or (field.name.rpartition("_")[2].upper() if field.kind in ENUMS else None)


def _is_choice(field: Field) -> bool:
    return field.kind in ENUMS and not field.is_list


def _is_json(field: Field) -> bool:
    return field.kind in ("object", "message")


def _file(field: Field) -> str:
    return f"{field.name}_file"


def _dashed(name: str) -> str:
    return name.replace("_", "-")
