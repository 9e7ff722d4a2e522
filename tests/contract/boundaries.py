"""Values on either side of what the description allows, by the description itself."""

import copy
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.contract.shape import Facts, Table


class Probe(NamedTuple):
    """A request's body with one value at, or just beyond, a limit."""

    path: str
    rule: str
    body: dict[str, Any]


def probes(table: Table, examples: list[dict[str, Any]]) -> Iterator[Probe]:
    """Bodies for every limit in the table, made from the first example that has a place for the value."""
    for path, facts in table.items():
        base = next((one for one in examples if has_place(one, path)), None)
        if not path or base is None:
            continue
        for rule, value in values(table, path, facts):
            yield Probe(path, rule, put(base, path, value))
        if facts.get("required"):
            yield Probe(path, "required", put(base, path, None))


def values(table: Table, path: str, facts: Facts) -> Iterator[tuple[str, Any]]:
    """Values of the field by the rule that they try."""
    for rule, step in (("minimum", -1), ("maximum", 1)):
        if rule in facts:
            yield rule, facts[rule]
            yield rule, facts[rule] + step
    if "exclusiveMinimum" in facts:
        yield "exclusiveMinimum", facts["exclusiveMinimum"] + 0.5
        yield "exclusiveMinimum", facts["exclusiveMinimum"]
    if "enum" in facts:
        yield from (("enum", value) for value in facts["enum"])
        yield "enum", "no_such_value"
    if "maxLength" in facts:
        yield "maxLength", text(facts, facts["maxLength"])
        yield "maxLength", text(facts, facts["maxLength"] + (2 if is_token(facts) else 1))
    if "minLength" in facts:
        yield "minLength", text(facts, facts["minLength"])
        if facts["minLength"] > 1 or not facts.get("required"):
            yield "minLength", text(facts, facts["minLength"] - (2 if is_token(facts) else 1))
    if facts["type"] == "array":
        yield from lists(table, path, facts)


def lists(table: Table, path: str, facts: Facts) -> Iterator[tuple[str, Any]]:
    """Lists as short and as long as they may be, and one item longer."""
    if "maxItems" in facts:
        yield "maxItems", [item(table, path, place) for place in range(facts["maxItems"])]
        yield "maxItems", [item(table, path, place) for place in range(facts["maxItems"] + 1)]
    if facts.get("minItems") == 1:
        yield "minItems", []


def is_token(facts: Facts) -> bool:
    """Whether it is hexadecimal digits by twos."""
    return str(facts.get("pattern", "")).startswith("^([0-9A-Fa-f]{2})")


def text(facts: Facts, length: int) -> str:
    """A text of that many characters, of the form that is asked for."""
    if facts.get("format") == "uri":
        return "https://example.com/".ljust(length, "a")
    if facts.get("format") == "email":
        return "a" * max(0, length - 191) + f"@{'b' * 60}.{'c' * 60}.{'d' * 60}.example"[-min(length, 191) :]
    return "a" * length


def item(table: Table, path: str, place: int) -> Any:
    """An item of the list, unlike the others."""
    facts = table[f"{path}[]"]
    if facts["type"] == "object":
        prefix = f"{path}[]."
        fields = {name.removeprefix(prefix): one for name, one in table.items() if name.startswith(prefix)}
        return {name: plain(one, place) for name, one in fields.items() if one.get("required")}
    return plain(facts, place)


def plain(facts: Facts, place: int) -> Any:
    """A value that keeps the rules."""
    if "enum" in facts:
        return facts["enum"][0]
    if facts["type"] in ("number", "integer"):
        return facts.get("minimum", 1)
    forms = {
        "uri": f"https://example.com/{place}",
        "email": f"person-{place}@example.com",
        "uuid": f"00000000-0000-7000-8000-{place:012d}",
    }
    return forms.get(facts.get("format", ""), f"a{place}")


def has_place(body: Any, path: str) -> bool:
    """Whether the body has the object that the path's last step is in."""
    *parents, last = path.split(".")
    for step in [*parents, *([last.removesuffix("[]")] if last.endswith("[]") else [])]:
        body = body.get(step.removesuffix("[]")) if isinstance(body, dict) else None
        if step.endswith("[]"):
            body = body[0] if body else None
    return body is not None


def put(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the body with the value; None takes the field away."""
    changed = copy.deepcopy(body)
    *parents, last = path.split(".")
    place: Any = changed
    for step in parents:
        place = place[step.removesuffix("[]")]
        if step.endswith("[]"):
            place = place[0]
    if last.endswith("[]"):
        place[last.removesuffix("[]")] = [value]
    elif value is None:
        place.pop(last, None)
    else:
        place[last] = value
    return changed
