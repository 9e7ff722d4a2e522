"""The folder `ios/` as Xcode sees it: targets, their folders, and the Swift of each."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openstep_parser import OpenStepDecoder

IOS = Path(__file__).parents[2] / "ios"
PROJECT = IOS / "Smith.xcodeproj/project.pbxproj"
FOLDERS = {
    "Smith": ("Smith", "Shared"),
    "SmithWidgets": ("SmithWidgets", "Shared"),
    "SmithNotificationService": ("SmithNotificationService",),
}
"""Target by target, what Xcode compiles for it."""
IDENTIFIER = re.compile(r"[0-9A-F]{24}")


class Project:
    """The objects of the project file."""

    def __init__(self) -> None:
        with PROJECT.open() as file:
            tree = OpenStepDecoder.ParseFromFile(file)
        self.tree: dict[str, Any] = tree
        self.objects: dict[str, dict[str, Any]] = tree["objects"]

    def all(self, kind: str) -> Iterator[dict[str, Any]]:
        """Every object of this kind."""
        return (one for one in self.objects.values() if one["isa"] == kind)

    def targets(self) -> dict[str, dict[str, Any]]:
        """The targets by name."""
        return {one["name"]: one for one in self.all("PBXNativeTarget")}

    def settings(self, owner: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The build settings of a target or the project, by the name of the configuration."""
        configurations = self.objects[owner["buildConfigurationList"]]["buildConfigurations"]
        found = [self.objects[name] for name in configurations]
        return {one["name"]: one["buildSettings"] for one in found}


def swift_files(*folders: str) -> list[Path]:
    """The Swift files in these folders of `ios/`."""
    return sorted(file for folder in folders for file in (IOS / folder).rglob("*.swift"))


def configuration() -> dict[str, str]:
    """What `Config.xcconfig` sets."""
    lines = (IOS / "Config.xcconfig").read_text().splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith(("//", "#")))
    return {name.strip(): value.strip() for name, _, value in pairs}
