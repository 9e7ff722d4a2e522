"""Logs: one line an event on standard error, without secrets."""

import logging
import re
import sys

SECRET = re.compile(r"(ask|dev|ses|inv|whsec)_[A-Za-z0-9_+/=-]{6,}")
BEARER = re.compile(r"(?i)\b(bearer)\s+[A-Za-z0-9._~+/=-]+")
URL_PASSWORD = re.compile(r"(://[^\s/:@]*):[^\s@]+@")


class Redactor(logging.Formatter):
    """Replaces anything that looks like a credential, wherever in the line (or its traceback) it stands."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, safe to keep."""
        line = super().format(record)
        line = URL_PASSWORD.sub(r"\1:[redacted]@", SECRET.sub(r"\1_[redacted]", line))
        return BEARER.sub(r"\1 [redacted]", line)


def configure(process: str, level: str) -> None:
    """Sends all logs of this process to standard error, each line with the process's name."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        Redactor(f"%(asctime)s.%(msecs)03d {process} %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("hpack", "h2", "httpx", "httpcore", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
