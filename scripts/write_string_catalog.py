"""Writes ios/Shared/Localizable.xcstrings: every text of the app and its extensions, for people who translate them.

Xcode finds them by compiling; this reads the Swift, so that the catalog is complete without a Mac. With `--check` it
writes nothing, and fails if the catalog is out of date. Texts that have translations keep them.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence

from scripts.generated import ROOT, write_or_check

IOS = ROOT / "ios"
CATALOG = IOS / "Shared/Localizable.xcstrings"
FOLDERS = ("Smith", "SmithWidgets", "Shared")
BEFORE_A_TEXT = re.compile(
    r"(?:\b(?:Text|Label|Button|Section|TextField|LabeledContent|Link|ShareLink|ContentUnavailableView|IntentDescription)\("
    r"|\.(?:navigationTitle|alert|confirmationDialog|configurationDisplayName|description)\("
    r"|\bString\(localized:|\b(?:title|reason|shortTitle|label|name):|LocalizedStringResource =|\b(?:token|moment)\("
    r"|\bcase \.(?:server|code|unencrypted):)\s*$"
)
"""What stands before a literal that SwiftUI, Foundation or AppIntents looks up in the catalog."""
NUMBERS = {"hidden"}
"""Interpolated values that are whole numbers. All others are texts."""


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


def texts() -> list[str]:
    """Every key, in order."""
    found = set()
    for file in sorted(file for folder in FOLDERS for file in (IOS / folder).rglob("*.swift")):
        source = file.read_text()
        found |= {key for start, key in literals(source) if BEFORE_A_TEXT.search(source[:start][-80:])}
    return sorted(key for key in found if re.search(r"[A-Za-z]", key.replace("%@", "").replace("%lld", "")))


def main(arguments: Sequence[str]) -> None:
    """Writes or checks the catalog."""
    known = json.loads(CATALOG.read_text())["strings"] if CATALOG.exists() else {}
    strings = {key: known.get(key, {}) for key in texts()}
    catalog = {"sourceLanguage": "en", "strings": strings, "version": "1.0"}
    written = json.dumps(catalog, indent=2, ensure_ascii=False) + "\n"
    command = ".venv/bin/python -m scripts.write_string_catalog"
    write_or_check({CATALOG: written}, check="--check" in arguments, command=command)


if __name__ == "__main__":
    main(sys.argv[1:])
