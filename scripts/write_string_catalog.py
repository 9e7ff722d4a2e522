"""Writes ios/Shared/Localizable.xcstrings: every text of the app, its extensions and the kit, for people who translate.

Xcode finds those of the app by compiling; this reads the Swift, so that the catalog is complete without a Mac. With
`--check` it writes nothing, and fails if the catalog is out of date. Texts that have translations keep them.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from scripts.generated import ROOT, write_or_check

IOS = ROOT / "ios"
CATALOG = IOS / "Shared/Localizable.xcstrings"
FOLDERS = ("Smith", "SmithWidgets", "Shared")
KIT = "SmithKit/Sources/SmithKit"
BEFORE_A_TEXT = re.compile(
    r"(?:\b(?:Text|Label|Button|Section|TextField|LabeledContent|Link|ShareLink|ContentUnavailableView|IntentDescription)\("
    r"|\.(?:navigationTitle|alert|confirmationDialog|configurationDisplayName|description)\("
    r"|\bString\(\s*localized:|\b(?:title|reason|shortTitle|label|name):|LocalizedStringResource ="
    r"|\b(?:token|moment)\()\s*$"
)
"""What stands before a literal that SwiftUI, Foundation or AppIntents looks up in the catalog."""
BEFORE_A_TEXT_OF_THE_KIT = re.compile(r"\bString\(\s*localized:\s*$")
NUMBERS = {"hidden", "current", "total", "steps.current", "steps.total", "left", "status"}
"""Interpolated values that are whole numbers. All others are texts."""
BY_HAND = {"extractionState": "manual"}
"""Xcode looks for texts in the sources of the targets, so without this it takes those of the kit for gone."""


def literals(source: str) -> Iterator[tuple[int, str]]:
    """The string literals of a Swift file: where each begins, and its key in the catalog."""
    place = 0
    while (place := source.find('"', place)) >= 0:
        line = source[source.rfind("\n", 0, place) + 1 : place]
        if "//" in line:
            place = source.find("\n", place)
            if place < 0:
                return
            continue
        start, key = place, ""
        place += 1
        while source[place] != '"':
            if source.startswith("\\(", place):
                end = interpolation_end(source, place + 2)
                key += "%lld" if source[place + 2 : end] in NUMBERS else "%@"
                place = end + 1
            else:
                step = 2 if source[place] == "\\" else 1
                key += source[place : place + step]
                place += step
        place += 1
        yield start, key


def interpolation_end(source: str, place: int) -> int:
    """Where the parenthesis closes that an interpolation has opened."""
    depth = 1
    while True:
        depth += {"(": 1, ")": -1}.get(source[place], 0)
        if depth == 0:
            return place
        place += 1


def texts(folders: Sequence[str], before: re.Pattern[str]) -> set[str]:
    """Every key in these folders of `ios/`: the literals behind what `before` finds, if there are words in them."""
    found = set()
    for file in (file for folder in folders for file in (IOS / folder).rglob("*.swift")):
        source = file.read_text()
        found |= {key for start, key in literals(source) if before.search(source[:start][-80:])}
    return {key for key in found if has_words(key)}


def has_words(key: str) -> bool:
    """Whether there is anything to translate."""
    return re.search(r"[A-Za-z]", key.replace("%@", "").replace("%lld", "")) is not None


def entries() -> dict[str, dict[str, Any]]:
    """What the catalog has of each key before anybody has translated it, in order."""
    kit = texts([KIT], BEFORE_A_TEXT_OF_THE_KIT)
    app = texts(FOLDERS, BEFORE_A_TEXT)
    return {key: {} if key in app else BY_HAND for key in sorted(app | kit)}


def without_state(entry: dict[str, Any]) -> dict[str, Any]:
    """Translations and comments; where the text comes from is known better here."""
    return {name: value for name, value in entry.items() if name != "extractionState"}


def main(arguments: Sequence[str]) -> None:
    """Writes or checks the catalog."""
    known = json.loads(CATALOG.read_text())["strings"] if CATALOG.exists() else {}
    strings = {key: without_state(known.get(key, {})) | entry for key, entry in entries().items()}
    catalog = {"sourceLanguage": "en", "strings": strings, "version": "1.0"}
    written = json.dumps(catalog, indent=2, ensure_ascii=False) + "\n"
    command = ".venv/bin/python -m scripts.write_string_catalog"
    write_or_check({CATALOG: written}, check="--check" in arguments, command=command)


if __name__ == "__main__":
    main(sys.argv[1:])
