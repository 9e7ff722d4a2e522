"""Tables of a document that say which fields a JSON object has: `| a button's | is | … |`."""

import re
from typing import Final

from tests.docs.swift import Property, SwiftTypes

KINDS: Final = {
    "text": "String",
    "link": "String",
    "time": "String",
    "number": "Int",
    "object": "Object",
    "buttons": "[a button's]",
    "content state": "ActivitySmithAttributes.ContentState",
}
"""What the tables say that a field is, as a type of `SwiftTypes`."""

ROW = re.compile(r"^\| `(\w+)` \| ([a-z ]+?)(, always)? \|", re.MULTILINE)


def add_tables(markdown: str, types: SwiftTypes, *names: str) -> None:
    """Adds the table whose first column has this heading, for each of the names, as a struct of that name."""
    for name in names:
        table = markdown.partition(f"\n| {name} | is | ")[2].partition("\n\n")[0]
        rows = ROW.findall(table)
        assert len(rows) == len(table.splitlines()) - 2, f"a row of the table {name!r} is of another form"
        types.structs[name] = {key: Property(KINDS[kind], not always) for key, kind, always in rows}
