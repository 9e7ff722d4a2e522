"""What the code of an SDK offers, and how two releases of it differ."""

import ast
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

INTERFACE = re.compile(r"^export interface (?P<name>\w+)[^{]*\{\n(?P<body>.*?)^\}", re.MULTILINE | re.DOTALL)
PROPERTY = re.compile(r"^    (?:readonly )?['\"]?(\w+)['\"]?\??: ", re.MULTILINE)
CLASS = re.compile(r"^export declare class (?P<name>\w+)[^{]*\{\n(?P<body>.*?)^\}", re.MULTILINE | re.DOTALL)
METHOD = re.compile(r"^    (?!private |constructor)(?:static readonly )?(\w+)(?:\(|: typeof )", re.MULTILINE)
ENUM = re.compile(r"^export declare const (?P<name>\w+): \{\n(?P<body>.*?)^\}", re.MULTILINE | re.DOTALL)
VALUE = re.compile(r"^    readonly \w+: \"([^\"]+)\"", re.MULTILINE)
VALIDATES = "_validate_enum"
"""How the names of the methods end that hold a field of the Python SDK to its values."""

Names = Mapping[str, Set[str]]


@dataclass(frozen=True)
class Surface:
    """Names of parts by the name of what has them."""

    fields: Names = field(default_factory=dict)
    """By the name of the request, the answer or the part of one."""
    values: Names = field(default_factory=dict)
    """By the name of an enum, or of a field that takes these only."""
    methods: Names = field(default_factory=dict)
    """That programs call, by the name of the class."""


def surface(language: str, code: Path) -> Surface:
    """What is in this folder of a package's code."""
    return python_surface(code) if language == "python" else node_surface(code)


def python_surface(code: Path) -> Surface:
    """Of the Python SDK, whose generated models are classes with annotated fields."""
    models = _classes(code / "activitysmith_openapi" / "models")
    fields = {one.name: set(_fields(one)) for one in models}
    values: dict[str, set[str]] = {
        one.name: set(_constants(one)) for one in models if "Enum" in map(ast.unparse, one.bases)
    }
    for model in models:
        for method in _functions(model):
            if method.name.endswith(VALIDATES):
                values[f"{model.name}.{method.name.removesuffix(VALIDATES)}"] = set(_in_sets(method))
    methods = {
        one.name: {method.name for method in _functions(one) if not method.name.startswith("_")}
        for one in _classes(code / "activitysmith")
    }
    return Surface(_not_empty(fields), _not_empty(values), _not_empty(methods))


def node_surface(code: Path) -> Surface:
    """Of the Node SDK, whose generated models are interfaces."""
    models, client = (
        "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.d.ts")))
        for folder in (code / "generated" / "models", code / "src")
    )
    return Surface(
        *(
            _not_empty({one["name"]: set(part.findall(one["body"])) for one in whole.finditer(text)})
            for whole, part, text in ((INTERFACE, PROPERTY, models), (ENUM, VALUE, models), (CLASS, METHOD, client))
        )
    )


def differences(old: Surface, new: Surface) -> list[str]:
    """One line for each thing that only one of the two has. None: they offer the same."""
    return [
        line
        for part, before, after in (
            ("field", old.fields, new.fields),
            ("value", old.values, new.values),
            ("method", old.methods, new.methods),
        )
        for line in _differences(part, before, after)
    ]


def _differences(part: str, old: Names, new: Names) -> Iterator[str]:
    for name in sorted(new.keys() | old.keys()):
        if name not in old:
            yield f"new: {name}, with the {part}s {', '.join(sorted(new[name]))}"
        elif name not in new:
            yield f"gone: {name}, which had the {part}s {', '.join(sorted(old[name]))}"
        else:
            yield from (f"new {part} of {name}: {one}" for one in sorted(new[name] - old[name]))
            yield from (f"gone {part} of {name}: {one}" for one in sorted(old[name] - new[name]))


def _classes(folder: Path) -> list[ast.ClassDef]:
    return [
        one
        for path in sorted(folder.glob("*.py"))
        for one in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(one, ast.ClassDef)
    ]


def _functions(owner: ast.ClassDef) -> list[ast.FunctionDef]:
    return [one for one in owner.body if isinstance(one, ast.FunctionDef)]


def _fields(model: ast.ClassDef) -> Iterator[str]:
    for one in model.body:
        # What every generated model has is no part of requests and answers.
        if isinstance(one, ast.AnnAssign) and "ClassVar" not in ast.unparse(one.annotation):
            name = ast.unparse(one.target)
            if name != "additional_properties":
                yield name


def _constants(enum: ast.ClassDef) -> Iterator[str]:
    for one in enum.body:
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant):
            yield str(one.value.value)


def _in_sets(method: ast.FunctionDef) -> Iterator[str]:
    for one in ast.walk(method):
        if isinstance(one, ast.Call) and ast.unparse(one.func) == "set":
            yield from map(str, ast.literal_eval(one.args[0]))


def _not_empty(names: Names) -> Names:
    return {name: parts for name, parts in names.items() if parts}
