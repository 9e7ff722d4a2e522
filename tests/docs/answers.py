"""Whether an answer is what a document says: the same keys, and the same values where a document can know them.

`…` stands for anything: as a value or part of a string, as the rest of an object's keys or of an array's items.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

ANYTHING = "…"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
FIRST_UNIX_SECOND, FIRST_UNIX_MILLISECOND = 1_500_000_000, 1_500_000_000_000


def parse_pattern(text: str) -> Any:
    """The documents that the text is, with `…` wherever one pleases. Raises ValueError."""
    return json.loads(_quoted(text))


def documents(text: str) -> list[Any]:
    """The JSON documents in what a command printed, whatever stands between them."""
    found, place, decoder = [], 0, json.JSONDecoder()
    while (match := re.compile(r"[{\[]").search(text, place)) is not None:
        try:
            document, place = decoder.raw_decode(text, match.start())
        except ValueError:
            place = match.end()
        else:
            found.append(document)
    return found


def differences(said: Any, real: Any, path: str = "") -> Iterator[str]:
    """Where the answer is not what is said."""
    if said == ANYTHING:
        return
    if isinstance(said, dict) and isinstance(real, dict):
        yield from _object_differences(said, real, path)
    elif isinstance(said, list) and isinstance(real, list):
        yield from _array_differences(said, real, path)
    elif (type(said) is not type(real) and not _are_numbers(said, real)) or not _same(said, real):
        yield f"{path or 'answer'} is {real!r}, not {said!r}"


def same_text(said: str, real: str) -> bool:
    """Whether printed lines are those of the document."""
    pattern = re.escape(said.strip()).replace(re.escape(ANYTHING), ".*")
    return re.fullmatch(pattern, real.strip(), re.DOTALL) is not None


def _object_differences(said: dict[str, Any], real: dict[str, Any], path: str) -> Iterator[str]:
    may_have_more = ANYTHING in said
    for name, value in said.items():
        if name == ANYTHING:
            continue
        if name not in real:
            yield f"there is no {path}.{name}, but {', '.join(real) or 'nothing'}"
        else:
            yield from differences(value, real[name], f"{path}.{name}")
    if not may_have_more:
        yield from (f"{path}.{name} is not mentioned" for name in real if name not in said)


def _array_differences(said: list[Any], real: list[Any], path: str) -> Iterator[str]:
    may_have_more = bool(said) and said[-1] == ANYTHING
    items = said[:-1] if may_have_more else said
    if len(real) < len(items) or (len(real) > len(items) and not may_have_more):
        yield f"{path} has {len(real)} items, not {len(items)}"
    for place, (one, other) in enumerate(zip(items, real, strict=False)):
        yield from differences(one, other, f"{path}[{place}]")


def _same(said: Any, real: Any) -> bool:
    if isinstance(said, str):
        return said == real or ANYTHING in said or bool(MOMENT.fullmatch(said) and MOMENT.fullmatch(real))
    if isinstance(said, bool) or not isinstance(said, int | float):
        return bool(said == real)
    is_moment = said > FIRST_UNIX_SECOND and real > FIRST_UNIX_SECOND
    return bool(said == real or (is_moment and (said > FIRST_UNIX_MILLISECOND) == (real > FIRST_UNIX_MILLISECOND)))


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _quoted(text: str) -> str:
    """The text as JSON: what stands bare is made a string, or a key if it stands where one belongs."""
    out: list[str] = []
    opened: list[str] = []
    for piece in re.findall(r'"(?:[^"\\]|\\.)*"|.', text, re.DOTALL):
        if piece == ANYTHING:
            before = next((one for one in reversed(out) if not one.isspace()), "")
            is_key = bool(opened) and opened[-1] == "{" and before != ":"
            out.append(f'"{ANYTHING}": "{ANYTHING}"' if is_key else f'"{ANYTHING}"')
            continue
        if piece in ("{", "["):
            opened.append(piece)
        elif piece in ("}", "]") and opened:
            opened.pop()
        out.append(piece)
    return "".join(out)
