"""Swift's compiler, for the files that only Apple's systems can run."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.swift.app import FOLDERS, IOS, swift_files

CHECKOUT = IOS.parent
STUBS = (
    "AppleFoundation", "os", "Security", "UIKit", "UserNotifications", "Intents", "BackgroundTasks", "ActivityKit",
    "AppIntents", "AVFoundation", "Vision", "SwiftUI", "AVKit", "VisionKit", "WidgetKit",
)  # fmt: skip
"""The modules of `ios/AppleStubs`, each after those that it imports."""
LANGUAGE = ("-swift-version", "6", "-warnings-as-errors", "-parse-as-library")


MACROS = "StubMacros"
"""The module of `ios/AppleStubs/Macros`, which the compiler itself loads."""


def swiftc(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the compiler at the root of the checkout."""
    command = [CHECKOUT / "scripts/with_swift.sh", "swiftc", *map(str, arguments)]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=800, check=False)


class AppleModules:
    """Stubs of Apple's modules and macros, and the kit as it is compiled where ActivityKit is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._macros = folder / f"lib{MACROS}.so"
        self._make_macros(swift_files("AppleStubs/Macros"))
        for module in STUBS:
            self._make(module, swift_files(f"AppleStubs/{module}"))
        self._make("SmithKit", swift_files("SmithKit/Sources/SmithKit"))

    def check(self, target: str, extra: Sequence[Path] = ()) -> subprocess.CompletedProcess[str]:
        """Checks the types of a target, with `extra` files as if they were its own."""
        files = [*swift_files(*FOLDERS[target]), *extra]
        return swiftc("-typecheck", *LANGUAGE, *self._imports("AppleFoundation"), "-module-name", target, *files)

    def _make(self, module: str, files: Sequence[Path]) -> None:
        path = self.folder / f"{module}.swiftmodule"
        # The kit imports what it needs by itself.
        implicit = [] if module in {"AppleFoundation", "SmithKit"} else ["AppleFoundation"]
        imports = self._imports("Observation", *implicit)
        made = swiftc("-emit-module", *LANGUAGE, *imports, "-module-name", module, "-o", path, *files)
        assert made.returncode == 0, made.stderr

    def _make_macros(self, files: Sequence[Path]) -> None:
        """Compiles what `#Preview` is expanded by, with the library for macros that is a part of the compiler."""
        info = swiftc("-print-target-info")
        host = Path(json.loads(info.stdout)["paths"]["runtimeResourcePath"]) / "host"
        libraries = [f"-lSwiftSyntax{part}" for part in ("", "Macros")]
        found = ["-I", str(host), "-L", str(host), *libraries]
        made = swiftc("-emit-library", *LANGUAGE, *found, "-module-name", MACROS, "-o", self._macros, *files)
        assert made.returncode == 0, made.stderr

    def _imports(self, *modules: str) -> list[str]:
        """Apple's Foundation brings along what the one for Linux has in modules of its own, or has not."""
        implicit = [word for name in modules for word in ("-Xfrontend", "-import-module", "-Xfrontend", name)]
        return ["-I", str(self.folder), "-load-plugin-library", str(self._macros), *implicit]
