"""Writes the files. `--check` fails if they are stale instead."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.generated import ROOT, write_or_check
from tests.swift_fixtures import activities, figures, notifications

FOLDER = ROOT / "ios" / "SmithKit" / "Tests" / "SmithKitTests" / "Fixtures"
Named = Iterable[tuple[str, dict[str, Any]]]


def files() -> Mapping[str, str]:
    """The text of each file, by its name."""
    return {
        "content_states.json": _written(activities.content_states()),
        "activity_pushes.json": _written(activities.pushes()),
        "notification_pushes.json": _written(notifications.pushes()),
        "inbox.json": _written(notifications.inbox()),
        "figures.json": _written(figures.figures()),
    }


def _written(named: Named) -> str:
    """Each once, one a line, so that a change can be read. The key is what is special about it."""
    once: dict[str, str] = {}
    for name, value in named:
        once.setdefault(json.dumps(value, ensure_ascii=False, separators=(",", ":")), name)
    lines = (f"{json.dumps(name)}:{text}" for text, name in once.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Writes, or checks with `--check`."""
    wanted = {FOLDER / name: text for name, text in files().items()}
    write_or_check(wanted, check="--check" in sys.argv, command="make fixtures")


if __name__ == "__main__":
    main()
