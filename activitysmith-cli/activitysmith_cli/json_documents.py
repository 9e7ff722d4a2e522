"""Reads JSON from an option, or from a file that an option names."""

import json
import math
import os
from collections.abc import Sequence
from typing import Any, TypeVar

import typer

T = TypeVar("T", dict[str, Any], list[Any])

MAX_BYTES = 1_000_000
"""Most characters; more than any server accepts."""
KINDS: dict[type, str] = {dict: "object", list: "array"}


def read_json(option: str, text: str | None, path: str | None, kind: type[T]) -> T | None:
    """The document of `--OPTION` or of the file that `--OPTION-file` names (`-`: standard input); None for neither.

    Raises typer.BadParameter for a file that cannot be read, for anything but JSON of this kind, and for both at once.
    """
    hint = f"--{option}"
    if path is not None:
        if text is not None:
            raise typer.BadParameter(f"cannot be used together with --{option}-file.", param_hint=hint)
        hint = f"--{option}-file"
        text = _read(path, hint)
    if text is None:
        return None
    document = _parse(text, hint)
    if not isinstance(document, kind):
        raise typer.BadParameter(f"must be a JSON {KINDS[kind]}.", param_hint=hint)
    return document


def check_text(value: Any, path: str = "") -> None:
    """Raises typer.BadParameter if a string in the document is not valid text: bytes of a command line that are not
    UTF-8, or half of a surrogate pair."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise typer.BadParameter(f"{path} is not valid Unicode text.") from None
    elif isinstance(value, dict):
        for name, item in value.items():
            check_text(name, f"a key in {path or 'the request'}")
            check_text(item, f"{path}.{name}" if path else name)
    elif isinstance(value, Sequence):
        for place, item in enumerate(value):
            check_text(item, f"{path}[{place}]")


def _read(path: str, hint: str) -> str:
    try:
        if path == "-":
            # Not sys.stdin, which is None if standard input is closed.
            with os.fdopen(0, "rb", closefd=False) as stdin:
                data = stdin.read(MAX_BYTES + 1)
        else:
            # Not as a Path, which would be another module to import.
            with open(path, "rb") as file:  # noqa: PTH123
                data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise typer.BadParameter(f"cannot read {path!r}: {why}.", param_hint=hint) from None
    if len(data) > MAX_BYTES:
        raise typer.BadParameter(f"{path!r} is longer than {MAX_BYTES:,} bytes.", param_hint=hint)
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        why = f"{path!r} is not UTF-8 text: byte {error.start + 1} is wrong."
        raise typer.BadParameter(why, param_hint=hint) from None


def _parse(text: str, hint: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        why = f"is not valid JSON: {error.msg} at {where}." if text.strip() else "is empty, not JSON."
    except ValueError as error:
        # Ours, and Python's for integers of more than 4,300 digits, whose message would not help.
        why = str(error) if isinstance(error, _WrongValue) else "has a number with too many digits."
    except RecursionError:
        why = "is nested too deeply."
    raise typer.BadParameter(why, param_hint=hint) from None


class _WrongValue(ValueError):
    """Valid syntax, but no server would accept it."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise _WrongValue(f"has {name!r} twice in one object.")
        members[name] = value
    return members


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _WrongValue(f"has a number that is too large: {text}.")
    return value


def _no_constant(text: str) -> Any:
    raise _WrongValue(f"has {text}, which is not JSON.")
