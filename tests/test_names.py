"""A name of core's code means one thing."""

import ast
from collections import defaultdict
from pathlib import Path

CORE = Path(__file__).parents[1] / "core_service"


def test_no_two_classes_of_core_have_one_name() -> None:
    places = defaultdict(list)
    for path in sorted(CORE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(CORE)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
