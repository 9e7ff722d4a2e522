"""Tests of the Swift in `ios/`. `make test-swift` runs them, after the package's own tests."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They need Swift, which is not on every machine."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("swift")
