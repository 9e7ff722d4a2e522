"""The syntax of every Swift file in `ios/`."""

from tests.swift.app import swift_files
from tests.swift.compiler import swiftc


def test_every_file_is_swift() -> None:
    files = swift_files(".")
    assert len(files) > 100
    parsed = swiftc("-frontend", "-parse", "-swift-version", "6", *files)
    assert (parsed.returncode, parsed.stderr) == (0, "")
