"""What an OpenAPI document says of its operations, without prose and references: one flat table for each body."""

from typing import Any

Facts = dict[str, Any]
"""What is said of one value: its type, whether it must be there, may be null, and which values it takes."""
Table = dict[str, Facts]
"""Facts by the value's path: `content_state.metrics[].label`; the whole body is the empty path."""

RULES = (
    "enum",
    "format",
    "pattern",
    "default",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "dependentRequired",
)


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """The node, or what it refers to with what stands beside the reference."""
    if "$ref" not in node:
        return node
    found: Any = document
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    beside = {key: value for key, value in node.items() if key != "$ref"}
    target = resolved(document, found)
    return {**target, **beside, "allOf": [*target.get("allOf", ()), *beside.get("allOf", ())]}


def tables(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The operations by method and path (`POST /push-notification`)."""
    return {
        f"{method.upper()} {path}": _operation(document, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


def _operation(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    parameters = [resolved(document, one) for one in operation.get("parameters", ())]
    body = operation.get("requestBody")
    return {
        "operation_id": operation["operationId"],
        "tags": operation["tags"],
        "parameters": {
            f"{one['in']} {one['name']}": {
                **_facts(resolved(document, one["schema"])),
                **({"required": True} if one.get("required") else {}),
            }
            for one in parameters
        },
        "body_required": bool(body and body["required"]),
        "request": table(document, body["content"]["application/json"]["schema"]) if body else {},
        "answers": {
            status: _answer(document, resolved(document, answer)) for status, answer in operation["responses"].items()
        },
    }


def _answer(document: dict[str, Any], answer: dict[str, Any]) -> list[Table]:
    """The forms that an answer's body may have."""
    schema = answer["content"]["application/json"]["schema"]
    return [table(document, one) for one in schema.get("oneOf") or schema.get("anyOf") or [schema]]


def table(document: dict[str, Any], schema: dict[str, Any]) -> Table:
    """The facts of a body."""
    found: Table = {}
    _collect(document, schema, "", {}, found)
    return found


def _collect(document: dict[str, Any], node: dict[str, Any], path: str, known: Facts, found: Table) -> None:
    schema = resolved(document, node)
    found[path] = {**_facts(schema), **known}
    required = {*schema.get("required", ())}
    for part in schema.get("allOf", ()):
        required |= {*part.get("required", ())} if "if" not in part else set()
    for name, child in schema.get("properties", {}).items():
        place = f"{path}.{name}".lstrip(".")
        _collect(document, child, place, {"required": True} if name in required else {}, found)
    if "items" in schema:
        _collect(document, schema["items"], f"{path}[]", {}, found)


def _facts(schema: dict[str, Any]) -> Facts:
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    facts: Facts = {"type": next((kind for kind in kinds if kind != "null"), "")}
    if "null" in kinds:
        facts["nullable"] = True
    if facts["type"] == "object" and "additionalProperties" in schema:
        facts["open"] = schema["additionalProperties"] is not False
    facts |= {rule: schema[rule] for rule in RULES if rule in schema}
    if "enum" in facts:
        facts["enum"] = [value for value in facts["enum"] if value is not None]
    together: dict[str, list[str]] = dict(schema.get("dependentRequired", {}))
    for part in schema.get("allOf", ()):
        together |= part.get("dependentRequired", {})
    if together:
        facts["dependentRequired"] = dict(sorted(together.items()))
    return facts
