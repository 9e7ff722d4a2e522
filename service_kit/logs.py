"""Logs on standard error: one line or one JSON object for each event, without secrets."""

import datetime as dt
import json
import logging
import math
import sys
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal

from service_kit import part, tracing
from service_kit.redaction import redacted

Format = Literal["text", "json"]

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message", "asctime", "taskName", "request_id", "of_request", "of_part",
}  # fmt: skip
"""Attributes of a record that are not extra fields."""
MAX_DEPTH = 5
REPETITIVE = ("psycopg.pool", "service_kit.http_protocol", "service_kit.websocket_protocol")
"""Loggers that repeat a message for every attempt to connect while the database is away, or for every connection of a
client that sends malformed data."""
CHATTY = ("hpack", "h2", "httpx", "httpcore", "urllib3", "alembic")


class TextFormatter(logging.Formatter):
    """Lines for people: `time process LEVEL logger: [request id] message`, extra fields left out."""

    def __init__(self, process: str) -> None:
        self._process = process
        super().__init__(
            "%(asctime)s.%(msecs)03d %(of_part)s %(levelname)s %(name)s: %(of_request)s%(message)s",
            "%Y-%m-%dT%H:%M:%S",
        )

    def format(self, record: logging.LogRecord) -> str:
        """The line with its traceback, safe to keep."""
        given = request_of(record)
        vars(record)["of_request"] = f"[{given}] " if given else ""
        vars(record)["of_part"] = part.current.get() or self._process
        return redacted(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line.

    Not from a library, because secrets must be removed before the text is escaped, and from values of any extra field.
    The rest that a library would do is a dozen lines.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The object, safe to keep. Extra fields cannot replace the others."""
        line = {redacted(name): plain(value) for name, value in vars(record).items() if name not in STANDARD}
        line |= {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": part.current.get() or self._process,
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if given := request_of(record):
            line["request_id"] = given
        if trace_id := tracing.trace_id():
            line["trace_id"] = trace_id
        if record.exc_info:
            line["exception"] = redacted(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = redacted(self.formatStack(record.stack_info))
        return json.dumps(line, ensure_ascii=False)


def request_of(record: logging.LogRecord) -> str:
    """The id of the request that the record is about: the one it names, else the one being served."""
    return redacted(str(getattr(record, "request_id", "") or tracing.request_id.get()))


def plain(value: Any, depth: int = 0) -> Any:
    """The value as JSON can hold it, without secrets."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth < MAX_DEPTH:
        if isinstance(value, Mapping):
            return {redacted(str(name)): plain(item, depth + 1) for name, item in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [plain(item, depth + 1) for item in value]
    return redacted(str(value))


class OnceASecond(logging.Filter):
    """Passes the messages of one line of code once a second, with the number of those left out in between."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, tuple[float, int]] = {}
        """By the message without its values: when it last passed, and how many were left out since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See the class."""
        text = str(record.msg)
        passed_at, untold = self._said.get(text, (-1.0, 0))
        now = time.monotonic()
        if now - passed_at < 1.0:
            self._said[text] = (passed_at, untold + 1)
            return False
        self._said[text] = (now, 0)
        if untold:
            record.msg = f"{text} ({untold} more before it)"
        return True


class Handler(logging.StreamHandler[Any]):
    """Writes to standard error. If a record cannot be formatted, says so without its contents."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Reports the failure without the arguments, which Python's own method would print, secrets included."""
        mistake = sys.exc_info()[0]
        why = mistake.__name__ if mistake else "for no known reason"
        text = f"a line of {record.pathname}:{record.lineno} cannot be logged: {why}"
        level = {"levelname": "ERROR", "levelno": logging.ERROR}
        stand_in = logging.makeLogRecord({"name": __name__, "msg": text, **level})
        try:
            self.stream.write(self.format(stand_in) + self.terminator)
        except (OSError, ValueError):
            return  # Standard error is closed.


def configure(process: str, level: str, log_format: Format = "text") -> None:
    """Sends all logs of this process to standard error, each with the name of the part of it that logs
    (`service_kit.part`) or else the process's, and also Python's warnings and the exceptions that end a thread or the
    process. Removes the handlers that libraries gave to their own loggers: they
    would write each line a second time, in their own form and with secrets."""
    handler = Handler(sys.stderr)
    handler.setFormatter(JsonFormatter(process) if log_format == "json" else TextFormatter(process))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
    logging.captureWarnings(True)
    sys.excepthook = _log_end
    threading.excepthook = _log_end_of_thread
    for repetitive in REPETITIVE:
        logging.getLogger(repetitive).addFilter(OnceASecond())
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _log_end(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger(__name__).critical("the process ends", exc_info=(kind, error, traceback))


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    error = ended.exc_value or ended.exc_type()
    logging.getLogger(__name__).critical("a thread ends", exc_info=(ended.exc_type, error, ended.exc_traceback))
