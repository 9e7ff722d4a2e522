"""The page about the iPhone app says what its project says: settings, identifiers, capabilities, buttons."""

import plistlib
import re

import pytest

from tests.docs.reading import ROOT, read

PAGE = "docs/ios.md"
TEXT = (ROOT / PAGE).read_text()
APP = ROOT / "ios"
CONFIG = (APP / "Config.xcconfig").read_text()

CAPABILITIES = {
    "aps-environment": "Push Notifications",
    "com.apple.developer.usernotifications.time-sensitive": "Time Sensitive Notifications",
    "com.apple.developer.usernotifications.communication": "Communication Notifications",
    "com.apple.security.application-groups": "App Groups",
}
"""What Apple's developer portal calls an entitlement."""

PRESSED = ("Scan the QR code", "Settings", "Allow notifications", "Send a test notification", "Share diagnostics")
"""What the page tells people to press in the app."""


def test_the_settings_to_choose_are_those_of_the_project() -> None:
    (example,) = [block.text for block in read(PAGE).blocks if block.language == "ini"]
    chosen = set(re.findall(r"^(\w+) =", example, re.MULTILINE))
    assert chosen
    assert chosen <= set(re.findall(r"^(\w+) =", CONFIG, re.MULTILINE))
    assert "CURRENT_PROJECT_VERSION =" in CONFIG
    assert '#include? "Local.xcconfig"' in CONFIG


@pytest.mark.parametrize(
    ("target", "suffix"),
    [("Smith", ""), ("SmithWidgets", ".widgets"), ("SmithNotificationService", ".notification-service")],
)
def test_each_identifier_has_the_capabilities_that_its_target_asks_for(target: str, suffix: str) -> None:
    project = (APP / "Smith.xcodeproj/project.pbxproj").read_text()
    assert f'PRODUCT_BUNDLE_IDENTIFIER = "$(SMITH_BUNDLE_ID){suffix}"' in project
    (row,) = re.findall(rf"^\| `com\.yourcompany\.smith{re.escape(suffix)}` \|.*\| (.*) \|$", TEXT, re.MULTILINE)
    asked_for = plistlib.loads((APP / target / f"{target}.entitlements").read_bytes())
    assert set(row.split(", ")) == {CAPABILITIES[name] for name in asked_for}


def test_what_people_press_in_the_app_is_called_so() -> None:
    sources = "".join(path.read_text() for path in (APP / "Smith").rglob("*.swift"))
    for label in PRESSED:
        assert f"**{label}**" in TEXT
        assert f'"{label}"' in sources


def test_it_asks_for_the_ios_and_the_xcode_that_the_project_is_for() -> None:
    project = (APP / "Smith.xcodeproj/project.pbxproj").read_text()
    (least,) = set(re.findall(r"IPHONEOS_DEPLOYMENT_TARGET = ([\d.]+);", project))
    (xcode,) = set(re.findall(r"LastUpgradeCheck = (\d\d)00;", project))
    assert f"iOS {least} or newer" in TEXT
    assert f"Xcode {xcode} or newer" in TEXT
