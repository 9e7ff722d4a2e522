"""The texts of the app and the kit: all that a person sees can be translated."""

import re

from scripts.write_string_catalog import BY_HAND, CATALOG, FOLDERS, KIT, entries, has_words, literals, main
from tests.swift.app import FOLDERS as TARGETS
from tests.swift.app import swift_files

ELSEWHERE = re.compile(
    r"(?:Logger\.smith\.\w+\(|\.whileDoing\(|#Preview\(|\bphrases: \[|case notAsked ="
    r"|\b(?:during|verbatim|app|system|debugDescription):|\bcase \.(?:tokens|dismissal|updateToken):"
    r"|\bAuthorization.{3}=)\s*$"
)
"""What stands before a literal that the catalog has nothing to do with: logs, diagnostics, and what Siri listens to."""
NOT_FOR_PEOPLE = {"Diagnostics.swift", "SampleCards.swift", "SampleServer.swift"}
"""What is passed on to the person who runs the server stays as the documents have it. Samples are a sender's words."""


def test_the_catalog_has_every_text() -> None:
    main(["--check"])


def test_no_sentence_is_missing_from_it() -> None:
    known = entries()
    missing = []
    for file in swift_files(*FOLDERS, KIT):
        source = file.read_text()
        keys = (key for start, key in literals(source) if not ELSEWHERE.search(source[:start][-80:]))
        found = (key for key in keys if " " in key and has_words(key))
        missing += [f"{file.name}: {key}" for key in found if key not in known]
    assert [one for one in missing if one.partition(":")[0] not in NOT_FOR_PEOPLE] == []


def test_xcode_keeps_the_texts_that_it_does_not_find() -> None:
    """It looks in the sources of its targets, and marks a text that is in none of them as gone."""
    known = entries()
    assert known["Timer paused at %@"] == known["step %lld of %lld"] == BY_HAND
    assert known["Pair this phone?"] == {}


def test_the_app_and_the_widgets_have_the_catalog_that_the_kit_asks() -> None:
    """Its texts are looked up in the bundle that runs. The third target shows none of them."""
    assert {name for name, folders in TARGETS.items() if CATALOG.parent.name in folders} == {"Smith", "SmithWidgets"}
    service = "\n".join(file.read_text() for file in swift_files("SmithNotificationService"))
    assert not re.search(r"\b(?:accessibilityLabel|accessibilityHint|errorDescription|words)\b", service)
