"""Writes values down as JSON, Python and JavaScript, so that any text stays what it is."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

JS_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
WIDTH = 60

Spell = Callable[[Any], str]


def string(text: str) -> str:
    """A string in double quotes that means the same in JSON and JavaScript."""
    # Invisible characters are escaped, so that a reader can check them. The rest is left readable.
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c == " " or c.isprintable() else _escaped(c) for c in quoted)


def json_text(value: Any, indent: str = "") -> str:
    """JSON, on one line if it fits; lines after the first are indented by `indent`."""
    return _literal(value, _json_atom, string, indent)


def python(value: Any, indent: str = "") -> str:
    """A Python expression; lines after the first are indented by `indent`."""
    return _literal(value, _python_atom, python_string, indent)


def javascript(value: Any, indent: str = "") -> str:
    """A JavaScript expression; lines after the first are indented by `indent`."""
    return _literal(value, _json_atom, _javascript_key, indent)


def python_string(text: str) -> str:
    """A Python string. Lone surrogates stay lone surrogates."""
    return "".join(c if c == " " or c.isprintable() else _python_escaped(c) for c in _python_quoted(text))


def _literal(value: Any, atom: Spell, key: Callable[[str], str], indent: str) -> str:
    def spell(one: Any, here: str) -> str:
        if isinstance(one, Mapping):
            items = [(f"{key(name)}: ", item) for name, item in one.items()]
            return _group("{", "}", items, here)
        if isinstance(one, list | tuple):
            return _group("[", "]", [("", item) for item in one], here)
        return atom(one)

    def _group(opening: str, closing: str, items: list[tuple[str, Any]], here: str) -> str:
        if not items:
            return opening + closing
        inside = f"{here}  "
        flat = ", ".join(prefix + spell(item, inside) for prefix, item in items)
        if "\n" not in flat and len(inside) + len(flat) <= WIDTH and here != indent:
            return f"{opening}{flat}{closing}"
        lines = ",\n".join(f"{inside}{prefix}{spell(item, inside)}" for prefix, item in items)
        return f"{opening}\n{lines}\n{here}{closing}"

    return spell(value, indent)


def _json_atom(value: Any) -> str:
    return string(value) if isinstance(value, str) else json.dumps(value)


def _python_atom(value: Any) -> str:
    return python_string(value) if isinstance(value, str) else repr(value)


def _javascript_key(name: str) -> str:
    if name == "__proto__":
        # Without brackets it would set the prototype.
        return '["__proto__"]'
    return name if JS_NAME.fullmatch(name) else string(name)


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def _python_quoted(text: str) -> str:
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(character, character) for character in text) + '"'


def _python_escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
