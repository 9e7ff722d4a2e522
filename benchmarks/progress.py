"""Reports progress to the person who waits."""

import sys
import time

_BEGAN = time.monotonic()


def say(what: str) -> None:
    """Writes a line with the seconds since the start to standard error."""
    print(f"{time.monotonic() - _BEGAN:6.1f} s  {what}", file=sys.stderr, flush=True)
