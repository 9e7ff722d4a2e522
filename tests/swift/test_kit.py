"""What can be said of the package SmithKit by reading it."""

import re
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "ios/SmithKit/Sources"
IMPORT = re.compile(r"^\s*(?:@\w+ )*import (?:(?:struct|class|enum|func) )?(\w+)", re.MULTILINE)
WITH_APPLES = {"ActivityKit"}
"""Only where a platform has it: the declaration of the Live Activity is nothing without."""


def test_it_needs_nothing_but_foundation() -> None:
    imported = {name for file in SOURCES.rglob("*.swift") for name in IMPORT.findall(file.read_text())}
    assert imported - WITH_APPLES <= {"Foundation", "FoundationNetworking", "SmithKit"}


def test_no_failure_is_taken_for_impossible() -> None:
    """A force unwrap or a forced `try` ends the app."""
    forced = re.compile(r"\btry!|\bas!|\bfatalError\(|\bunowned\b|[\w)\]]!(?=[.\s)\],]|$)", re.MULTILINE)
    found = {
        f"{file.name}: {line.strip()}"
        for file in SOURCES.rglob("*.swift")
        for line in file.read_text().splitlines()
        if forced.search(line.partition("//")[0])
    }
    assert found == set()
