"""Where the official SDKs are: those that the tests have pinned, or others."""

import importlib.metadata
import json
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tests.sdk.programs import NODE_FOLDER

LANGUAGES = ("python", "node")
NAME = "activitysmith"


@dataclass(frozen=True)
class Packages:
    """One release of the SDK of each language."""

    python: Path
    """A folder of Python packages."""
    node: Path
    """A `node_modules`."""

    def version(self, language: str) -> str:
        """As the package says it."""
        return self._distribution().version if language == "python" else str(self._package_json()["version"])

    def readme(self, language: str) -> str:
        """The README that the package brings along; empty if the package is not there."""
        if language == "python":
            return str(self._distribution().metadata.json["description"])
        path = self.node / NAME / "README.md"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def code(self, language: str) -> Path:
        """The folder with the package's code."""
        return self.python if language == "python" else self.node / NAME / "dist"

    def _distribution(self) -> importlib.metadata.Distribution:
        return next(iter(importlib.metadata.distributions(name=NAME, path=[str(self.python)])))

    def _package_json(self) -> dict[str, object]:
        return dict(json.loads((self.node / NAME / "package.json").read_text(encoding="utf-8")))


PINNED = Packages(Path(sysconfig.get_path("purelib")), NODE_FOLDER / "node_modules")
"""What constraints.txt and package-lock.json name."""
