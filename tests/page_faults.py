"""Faults of the web admin's pages, wherever it runs: a test during which a page fails is no success."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

LOGGERS = ("admin_ui", "nicegui")
"""The first is told what a page's own code raised, the second what went wrong while that was told."""
_NAMES = "|".join(LOGGERS)
_LINE = re.compile(rf' ERROR (?:{_NAMES}): |"level": "error",.* "logger": "(?:{_NAMES})"')
SHOWN = 4000
_STOPPING = "Could not cancel %s tasks within timeout: %s"
"""NiceGUI says this of an app that stops on a busy machine. No page is shown by then."""


def faults_in(log: str) -> list[str]:
    """What a process's log says of pages that failed, each with its traceback."""
    return [log[found.start() :][:SHOWN] for found in _LINE.finditer(log)]


class _Catcher(logging.Handler):
    def __init__(self, faults: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._faults = faults
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == _STOPPING:
            return
        self._faults.append(self.format(record))


@contextmanager
def caught() -> Iterator[list[str]]:
    """Faults of pages of this process, as they come. The block fails with those that are left at its end."""
    faults: list[str] = []
    catcher = _Catcher(faults)
    for name in LOGGERS:
        logging.getLogger(name).addHandler(catcher)
    try:
        yield faults
    finally:
        for name in LOGGERS:
            logging.getLogger(name).removeHandler(catcher)
    assert not faults, "a page failed:\n" + "\n".join(faults)
