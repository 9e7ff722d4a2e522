"""The texts of the app: all of them can be translated."""

import re

from scripts.write_string_catalog import FOLDERS, literals, main, texts
from tests.swift.app import swift_files

ELSEWHERE = re.compile(
    r"(?:Logger\.smith\.\w+\(|\.whileDoing\(|\bphrases: \[|\b(?:during|verbatim|app|system):|case notAsked =)\s*$"
)
"""What stands before a literal that the catalog has nothing to do with: logs, diagnostics, and what Siri listens to."""


def test_the_catalog_has_every_text() -> None:
    main(["--check"])


def test_no_sentence_is_missing_from_it() -> None:
    known = set(texts())
    missing = []
    for file in swift_files(*FOLDERS):
        source = file.read_text()
        found = (key for start, key in literals(source) if " " in key and not ELSEWHERE.search(source[:start][-80:]))
        missing += [f"{file.name}: {key}" for key in found if key not in known]
    assert missing == []
