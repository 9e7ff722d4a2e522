"""Writes docs/rest.md from the API's description. `--check` fails if it is stale instead."""

import json
import re
import sys
from typing import Any

from gateway.openapi import document
from gateway.routes import routes
from scripts.generated import ROOT, write_or_check

TARGET = ROOT / "docs" / "rest.md"
SERVER = "http://127.0.0.1:8000"
SECRETS = {"apiKeyAuth": "API_KEY", "sessionAuth": "SESSION", "deviceAuth": "DEVICE"}
CALLERS = {"apiKeyAuth": "API keys", "sessionAuth": "people who are signed in", "deviceAuth": "phones"}

HEAD = """\
# REST reference

Every operation of `/api`, with its fields, examples and errors. A running server has the same at `/api/docs`, where
you can try it out, and for programs at `/api/openapi.json` (OpenAPI 3.1). `make reference` writes this page from the
protos.

{description}
More about `Idempotency-Key`: [idempotency.md](idempotency.md). In the examples, `$API_KEY` is an API key (`ask_…`),
`$SESSION` a session (`ses_…`) and `$DEVICE` a phone's secret (`dev_…`).
"""
ERRORS = """\
## Errors

Any operation may be answered with these; 429 concerns operations that send. Further errors are listed with their
operations.
"""
COMMON = (
    "invalid_request",
    "unauthenticated",
    "forbidden",
    "body_timeout",
    "idempotency_key_reused",
    "body_too_large",
    "not_json",
    "rate_limited",
    "unavailable",
)
"""Errors that are described once."""


class Reference:
    """The document as Markdown."""

    def __init__(self, described: dict[str, Any]) -> None:
        self._document = described
        self._schemas = described["components"]["schemas"]

    def text(self) -> str:
        """The whole document."""
        parts = [HEAD.format(description=self._document["info"]["description"]), self._contents(), ERRORS]
        parts.append("\n".join(self._common_errors()))
        for tag in self._document["tags"]:
            parts.append(f"## {tag['x-displayName']}\n\n{tag['description']}\n")
            parts.extend(self._operation(path, method, one) for path, method, one in self._operations(tag["name"]))
        parts.append("## Types\n\nObjects that fields above are made of.\n")
        parts.extend(self._type(name) for name in sorted(self._named()))
        return "\n".join(parts)

    def _operations(self, tag: str) -> list[tuple[str, str, dict[str, Any]]]:
        return [
            (path, method, one)
            for path, methods in self._document["paths"].items()
            for method, one in methods.items()
            if one["tags"] == [tag]
        ]

    def _contents(self) -> str:
        lines = ["| | |", "|---|---|"]
        for tag in self._document["tags"]:
            links = ", ".join(
                f"[{one['summary']}](#{anchor(one['summary'])})" for _, _, one in self._operations(tag["name"])
            )
            lines.append(f"| [{tag['x-displayName']}](#{anchor(tag['x-displayName'])}) | {links} |")
        return "\n".join([*lines, ""])

    def _operation(self, path: str, method: str, one: dict[str, Any]) -> str:
        full = f"{self._document['servers'][0]['url']}{path}"
        schemes = [name for choice in one["security"] for name in choice]
        callers = " and ".join(CALLERS[name] for name in schemes) or "everybody, without credentials"
        lines = [f"### {one['summary']}", "", f"`{method.upper()} {full}` — for {callers}", "", one["description"], ""]
        parameters = [self._resolved(each) for each in one.get("parameters", ())]
        lines += self._table(
            "Parameter",
            # This header is described at the top.
            [
                (p["name"], p["in"], p["schema"], p["required"], p["description"])
                for p in parameters
                if p["in"] != "header"
            ],
        )
        body = one.get("requestBody")
        if body:
            lines += self._fields("Field", body["content"]["application/json"]["schema"])
        lines += self._example(method, full, one, schemes, parameters)
        lines += self._fields("Answer", one["responses"]["200"]["content"]["application/json"]["schema"])
        lines += self._errors(one["responses"])
        return "\n".join(lines)

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        found: Any = self._document
        for part in node.get("$ref", "#/").removeprefix("#/").split("/"):
            found = found[part] if part else node
        return dict(found)

    def _fields(self, title: str, schema: dict[str, Any]) -> list[str]:
        whole = self._resolved(schema)
        required = set() if title == "Answer" else {*whole.get("required", ())}
        rows = [
            (name, "", one, name in required, one.get("description", "")) for name, one in whole["properties"].items()
        ]
        return self._table(title, rows)

    def _table(self, title: str, rows: list[tuple[str, str, dict[str, Any], bool, str]]) -> list[str]:
        if not rows:
            return []
        lines = [f"| {title} | Type | |", "|---|---|---|"]
        for name, place, schema, required, description in rows:
            kind = ", ".join(filter(None, [place, self._kind(schema), "required" if required else ""]))
            text = " ".join(filter(None, [" ".join(description.split()), *limits(schema)]))
            lines.append(f"| `{name}` | {kind} | {cell(text)} |")
        return [*lines, ""]

    def _kind(self, schema: dict[str, Any]) -> str:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return f"[{name}](#{anchor(name)})"
        if "anyOf" in schema:
            return " or ".join(self._kind(one) for one in schema["anyOf"])
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if "items" in schema:
            return f"list of {self._kind(schema['items'])}"
        named = [schema.get("format", "") if kind == "string" and "format" in schema else kind for kind in kinds]
        return " or ".join(named)

    def _example(
        self, method: str, path: str, one: dict[str, Any], schemes: list[str], parameters: list[dict[str, Any]]
    ) -> list[str]:
        for parameter in parameters:
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", f"${parameter['name'].upper()}")
        parts = [f"curl {'' if method == 'get' else f'-X {method.upper()} '}{SERVER}{path}"]
        if schemes:
            parts.append(f'-H "Authorization: Bearer ${SECRETS[schemes[0]]}"')
        media = one.get("requestBody", {}).get("content", {}).get("application/json", {})
        first = next(iter(media.get("examples", {}).values()), None)
        if first is not None and first["value"]:
            text = json.dumps(first["value"], ensure_ascii=False).replace("'", "'\\''")
            parts += ['-H "Content-Type: application/json"', f"-d '{text}'"]
        lines = ["<!-- not run: run by tests/contract -->", "```bash", " \\\n  ".join(parts), "```", ""]
        answers = one["responses"]["200"]["content"]["application/json"].get("examples", {})
        if answers:
            value = next(iter(answers.values()))["value"]
            lines += ["```json", json.dumps(value, ensure_ascii=False, indent=2), "```", ""]
        return lines

    def _errors(self, responses: dict[str, Any]) -> list[str]:
        rows = [row for name, row in self._error_rows(responses) if name not in COMMON or "(" in row.rsplit("|", 2)[1]]
        return ["| Status | `error` | |", "|---|---|---|", *rows, ""] if rows else []

    def _common_errors(self) -> list[str]:
        found: dict[str, str] = {}
        for methods in self._document["paths"].values():
            for one in methods.values():
                for name, row in self._error_rows(one["responses"]):
                    if name in COMMON and "(" not in row.rsplit("|", 2)[1]:
                        found.setdefault(name, row)
        return ["| Status | `error` | |", "|---|---|---|", *(found[name] for name in COMMON), ""]

    def _error_rows(self, responses: dict[str, Any]) -> list[tuple[str, str]]:
        """A line for each error, by the error's name."""
        rows = []
        for status, response in responses.items():
            media = self._resolved(response)["content"]["application/json"]
            for name, example in media["examples"].items() if status != "200" else ():
                facts = [f"`{fact}`" for fact in example["value"] if fact not in ("error", "message")]
                told = f" Has {', '.join(facts)}." if facts else ""
                rows.append((name, f"| {status} | {example['value']['error']} | {cell(example['summary'] + told)} |"))
        return rows

    def _named(self) -> set[str]:
        """Types that fields refer to, directly or not."""
        found: set[str] = set()
        waiting = [
            reference
            for _, _, one in (each for tag in self._document["tags"] for each in self._operations(tag["name"]))
            for schema in [
                one["responses"]["200"]["content"]["application/json"]["schema"],
                *(body["content"]["application/json"]["schema"] for body in [one.get("requestBody")] if body),
            ]
            for reference in re.findall(r"#/components/schemas/(\w+)", json.dumps(self._resolved(schema)["properties"]))
        ]
        while waiting:
            if (name := waiting.pop()) not in found:
                found.add(name)
                waiting += re.findall(r"#/components/schemas/(\w+)", json.dumps(self._schemas[name]))
        return found

    def _type(self, name: str) -> str:
        schema = self._schemas[name]
        return "\n".join([f"### {name}", "", schema["description"], "", *self._fields("Field", schema)])


def limits(schema: dict[str, Any]) -> list[str]:
    """The rules of a value, in short."""
    item = schema.get("items", {})
    kinds = item if "items" in schema else schema
    rules = []
    if "enum" in kinds:
        rules.append("One of " + ", ".join(f"`{value}`" for value in kinds["enum"] if value is not None) + ".")
    for low, high, what in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
    ):
        rules += span(kinds, low, high, what)
    if "exclusiveMinimum" in kinds:
        rules.append(f"More than {kinds['exclusiveMinimum']}.")
    rules += span(schema, "minItems", "maxItems", " items")
    if (pattern := kinds.get("pattern")) and pattern != r"\S":
        rules.append(f"Matches `{pattern}`.")
    if "default" in schema:
        rules.append(f"Default: `{json.dumps(schema['default'])}`.")
    return [f"*{' '.join(rules)}*"] if rules else []


def span(schema: dict[str, Any], low: str, high: str, what: str) -> list[str]:
    """`1 to 100 characters.`, or one half of it if only that is given."""
    if schema.get(high) == 2**31 - 1 and schema.get(low) != 0:
        schema = {key: value for key, value in schema.items() if key != high}
    if low in schema and high in schema:
        return [f"{schema[low]} to {schema[high]}{what}."]
    if high in schema:
        return [f"At most {schema[high]}{what}."]
    if schema.get(low) == 1 and what:
        return ["Not empty."]
    return [f"At least {schema[low]}{what}."] if low in schema and schema[low] > -(2**31) else []


def anchor(title: str) -> str:
    """The anchor of a heading in Markdown viewers."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def cell(text: str) -> str:
    """The text, escaped for a table."""
    return text.replace("|", "\\|").replace("\n", " ").strip()


def main() -> None:
    """Writes, or checks with `--check`."""
    text = Reference(document(routes())).text()
    write_or_check({TARGET: text}, check="--check" in sys.argv, command="make reference")


if __name__ == "__main__":
    main()
