"""Options that several commands share, as dataclasses."""

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, get_args

from activitysmith_cli.field_options import FieldOptions


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """A decorator that replaces each parameter with a dataclass type by the dataclass's fields.

    Typer makes an option of each parameter, so that a command which takes a `Connection` has all options of it. A field
    is declared as a parameter is, `Annotated[int | None, typer.Option(help="…")] = None`; or it stands for several
    options and holds their values by name, `Annotated[dict[str, Any], FieldOptions(…)]`.
    """
    signature = inspect.signature(command)
    groups: dict[str, Any] = {
        parameter.name: parameter.annotation
        for parameter in signature.parameters.values()
        if dataclasses.is_dataclass(parameter.annotation)
    }

    @functools.wraps(command)
    def spread_out(**values: Any) -> None:
        for name, group in groups.items():
            values[name] = group(**{field.name: _pop(field, values) for field in dataclasses.fields(group)})
        command(**values)

    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name in groups:
            parameters += _parameters(groups[parameter.name])
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    spread_out.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    spread_out.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return spread_out


def _parameters(group: Any) -> list[inspect.Parameter]:
    parameters = [
        parameter for field in dataclasses.fields(group) for parameter in (_several(field) or [_parameter(field)])
    ]
    # Options that must be given may stand anywhere among the others.
    return sorted(parameters, key=lambda parameter: parameter.default is not inspect.Parameter.empty)


def _several(field: "dataclasses.Field[Any]") -> list[inspect.Parameter]:
    return [
        parameter
        for options in get_args(field.type)[1:]
        if isinstance(options, FieldOptions)
        for parameter in options.parameters()
    ]


def _pop(field: "dataclasses.Field[Any]", values: dict[str, Any]) -> Any:
    several = _several(field)
    return {one.name: values.pop(one.name) for one in several} if several else values.pop(field.name)


def _parameter(field: "dataclasses.Field[Any]") -> inspect.Parameter:
    default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=field.type)
