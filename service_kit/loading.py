"""What a process does while it loads its modules.

Garbage is not collected. Loading makes hundreds of thousands of objects that stay. The collector would walk them again
and again: a sixth of the time that a start takes. `process.run` turns it on again.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def begin() -> None:
    """To be called before anything else is imported."""
    gc.disable()


def end() -> None:
    """What is loaded stays and is not walked again. From now on garbage is collected."""
    gc.collect()
    gc.freeze()
    gc.enable()


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """What is imported inside finds these packages not installed, unless they are loaded already.

    For packages that a library uses if they are there, although this process never calls that part of the library: its
    own command-line program, other message queues, its client. They take time at each start, and memory for ever.
    Afterwards they can be imported as usual. `packages` are top-level names.
    """
    hidden = [name for name in packages if name not in sys.modules]
    # Python's own sign for a module that must not be imported.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
