"""What Swift's plain JSONDecoder makes of JSON, by the types that a document declares."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

STRUCT = re.compile(r"struct (\w+)(?:: [\w, ]+)? \{")
PROPERTY = re.compile(r"^var (\w+): ([\w.\[\]]+)(\??)$")
CASES = re.compile(r"^case (.+)$")
SCALARS: dict[str, tuple[type, ...]] = {"String": (str,), "Int": (int,), "Double": (int, float), "Bool": (bool,)}
SCALARS |= {"NumberOrText": (str, int, float), "Object": (dict,)}


@dataclass(frozen=True, slots=True)
class Property:
    """A stored property, by its key in JSON."""

    type: str
    is_optional: bool


class SwiftTypes:
    """The structs in some Swift, by name; what is nested in another is `Outer.Inner`."""

    def __init__(self, source: str) -> None:
        """Reads declarations of the plain kind that the documents use: one on a line, with their types."""
        self.structs: dict[str, dict[str, Property]] = {}
        self._read(re.sub(r"//.*", "", source), "")

    def decode(self, name: str, value: Any, decoding: "Decoding") -> None:
        """Decodes the value as this struct; what comes of it is added."""
        assert name in self.structs, f"there is no struct {name}"
        self._decode_struct(name, value, "", decoding)

    def keys(self, *names: str) -> set[tuple[str, str]]:
        """All keys of these structs and of those within them, each with its struct."""
        return {
            (struct, key)
            for struct, properties in self.structs.items()
            if any(struct == name or struct.startswith(f"{name}.") for name in names)
            for key in properties
        }

    def _read(self, source: str, outer: str) -> None:
        place = 0
        while (found := STRUCT.search(source, place)) is not None:
            place = _closing(source, found.end())
            body = source[found.end() : place - 1]
            name = f"{outer}.{found[1]}" if outer else found[1]
            self._read(body, name)
            properties, keys = _members(body)
            if keys is not None and keys.keys() != properties.keys():
                raise AssertionError(f"{name}: CodingKeys are of {sorted(keys)}, properties {sorted(properties)}")
            self.structs[name] = {(keys or {}).get(one, one): kind for one, kind in properties.items()}

    def _find(self, name: str, user: str) -> str | None:
        """The struct that is meant by this name within another, as Swift looks it up: from the inside out."""
        scope = user
        while True:
            candidate = f"{scope}.{name}" if scope else name
            if candidate in self.structs:
                return candidate
            if not scope:
                return None
            scope = scope.rpartition(".")[0]

    def _decode_struct(self, name: str, value: Any, path: str, decoding: "Decoding") -> None:
        if not isinstance(value, dict):
            decoding.failures.append(f"{path}: {value!r} is no {name}")
            return
        properties = self.structs[name]
        decoding.unknown += [f"{path}.{key}" for key in value if key not in properties]
        for key, one in properties.items():
            if value.get(key) is None:
                if not one.is_optional:
                    decoding.failures.append(f"{path}.{key}: is missing")
                continue
            decoding.used.add((name, key))
            self._decode(one.type, value[key], f"{path}.{key}", name, decoding)

    def _decode(self, kind: str, value: Any, path: str, user: str, decoding: "Decoding") -> None:
        if kind.startswith("["):
            if not isinstance(value, list):
                decoding.failures.append(f"{path}: {value!r} is no {kind}")
                return
            for place, item in enumerate(value):
                self._decode(kind[1:-1], item, f"{path}[{place}]", user, decoding)
        elif kind in SCALARS:
            if not isinstance(value, SCALARS[kind]) or (isinstance(value, bool) and kind != "Bool"):
                decoding.failures.append(f"{path}: {value!r} is no {kind}")
        else:
            found = self._find(kind, user)
            assert found is not None, f"{path}: there is no struct {kind}"
            self._decode_struct(found, value, path, decoding)


class Decoding:
    """What came of it."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.failures: list[str] = []
        """Why iOS drops it."""
        self.unknown: list[str] = []
        """What the app does not see."""
        self.used: set[tuple[str, str]] = set()
        """Structs with the keys that were there."""


def _closing(source: str, place: int) -> int:
    """Where the brace that was opened before `place` is closed, and one further."""
    depth = 1
    while depth:
        depth += {"{": 1, "}": -1}.get(source[place], 0)
        place += 1
    return place


def _members(body: str) -> tuple[dict[str, Property], dict[str, str] | None]:
    """The stored properties by name, and their keys if there are CodingKeys."""
    properties: dict[str, Property] = {}
    keys: dict[str, str] | None = None
    for line in _outermost(body):
        if (found := PROPERTY.match(line)) is not None:
            properties[found[1]] = Property(found[2], bool(found[3]))
    if (start := re.search(r"enum CodingKeys: String, CodingKey \{", _without_structs(body))) is not None:
        text = _without_structs(body)
        keys = dict(_cases(text[start.end() : _closing(text, start.end())]))
    return properties, keys


def _cases(body: str) -> Iterator[tuple[str, str]]:
    for line in body.splitlines():
        if (found := CASES.match(line.strip())) is not None:
            for case in found[1].split(","):
                name, _, key = (part.strip() for part in case.partition("="))
                yield name, key.strip('"') or name


def _without_structs(body: str) -> str:
    while (found := STRUCT.search(body)) is not None:
        body = body[: found.start()] + body[_closing(body, found.end()) :]
    return body


def _outermost(body: str) -> Iterator[str]:
    """Lines that stand in no further braces."""
    depth = 0
    for line in body.splitlines():
        if depth == 0:
            yield line.strip()
        depth += line.count("{") - line.count("}")
