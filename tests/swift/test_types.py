"""The types of the app and its extensions, against the kit and stubs of Apple's modules: `ios/AppleStubs/README.md`."""

from pathlib import Path

import pytest

from tests.swift.app import FOLDERS
from tests.swift.compiler import AppleModules

WRONG = [
    ("Smith", "@MainActor func wrong(phone: Phone) { phone.open(link: 1) }"),
    ("Smith", "import SwiftUI; #Preview { EmptyView(); FaultBanner(words: 1) }"),
    ("SmithWidgets", "func wrong(entry: MetricEntry) -> String { entry.date }"),
    ("SmithNotificationService", "func wrong(delivery: Delivery) { delivery.finnish() }"),
]
"""Mistakes in each target and in a preview, which the check has to find."""


# The first one compiles the modules: a minute and a half of a processor.
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> AppleModules:
    return AppleModules(tmp_path_factory.mktemp("modules"))


@pytest.mark.parametrize("target", FOLDERS)
def test_types_fit(modules: AppleModules, target: str) -> None:
    checked = modules.check(target)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(("target", "wrong"), WRONG)
def test_a_mistake_is_found(modules: AppleModules, target: str, wrong: str, tmp_path: Path) -> None:
    mistake = tmp_path / "Mistake.swift"
    mistake.write_text(wrong)
    checked = modules.check(target, [mistake])
    assert checked.returncode != 0
    assert "Mistake.swift:1:" in checked.stderr
