"""`make newest`: whether this server serves the newest releases of the official SDKs, and what is new in them.

Exit codes: 0 all examples and bodies passed, 1 some did not, 2 the releases could not be installed.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.sdk.newest.releases import NotInstalledError, install
from tests.sdk.newest.trial import failures, news
from tests.sdk.packages import LANGUAGES, PINNED, Packages
from tests.stack import PATIENCE, Stack


def main() -> int:
    """Installs, compares and tries. Returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="smith-newest-") as folder:
        try:
            newest = install(Path(folder))
        except NotInstalledError as error:
            print(f"NOTHING TRIED: {error}", file=sys.stderr)
            return 2
        with Stack(SMITH_RATE_LIMIT_PER_MINUTE="1000000", **PATIENCE) as stack:
            return report(newest, list(news(PINNED, newest)), list(failures(stack.start(), PINNED, newest)))


def report(newest: Packages, new: Sequence[str], failed: Sequence[str]) -> int:
    """Prints what is new and what failed. Returns the exit code."""
    print("Tried: " + ", ".join(f"{language} {newest.version(language)}" for language in LANGUAGES))
    print(f"\nNew, compared with the releases that the tests run: {len(new) or 'nothing'}")
    for line in new:
        print(f"  {line}")
    print(f"\nFailed: {len(failed) or 'nothing'}")
    for line in failed:
        print(f"  {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
