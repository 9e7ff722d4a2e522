"""What a process writes to its log, line by line."""

import json
import logging
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from service_kit import logs, tracing

SECRETS = [
    "ask_" + "a1B2" * 10,
    "dev_" + "Zz-9" * 10,
    "ses_" + "x_y0" * 10,
    "inv_" + "q7Q7" * 10,
    "whsec_" + "MfKQ9r8G+/YqrTwj" * 3 + "==",
]
FORMATTERS = {"text": logs.TextFormatter("core"), "json": logs.JsonFormatter("core")}


@pytest.fixture(params=["text", "json"])
def formatter(request: pytest.FixtureRequest) -> logging.Formatter:
    """Each of the two."""
    return FORMATTERS[request.param]


def record(message: str, *arguments: Any, error: BaseException | None = None, **extra: Any) -> logging.LogRecord:
    """A record as a logger makes it."""
    exc_info = (type(error), error, error.__traceback__) if error else None
    return logging.getLogger("smith.test").makeRecord(
        "smith.test", logging.WARNING, "file.py", 7, message, arguments, exc_info, extra=extra
    )


class Holder:
    """Something that shows a secret only when it is written down."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return f"<Holder {self.secret}>"


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_shows_nowhere(formatter: logging.Formatter, secret: str) -> None:
    try:
        raise ValueError(f"line one\n{secret}\nAuthorization: Bearer {secret}")
    except ValueError as error:
        raised = error
    fields: dict[str, Any] = {
        "plain": secret,
        "after_a_newline": f"\n{secret}\t{secret}",
        "in_a_url": f"https://x/?key%3D{secret}",
        "nested": {"list": [secret, {"deep": (secret, {secret})}], secret: 1},
        "object": Holder(secret),
        "bytes": secret.encode(),
        "deep": [[[[[[[secret]]]]]]],
        secret: "as a name",
    }
    line = formatter.format(record("key %s and \n%s", secret, Holder(secret), error=raised, **fields))
    assert secret not in line
    assert "ValueError" in line
    assert "[redacted]" in line


def test_credentials_of_others_in_a_header_do_not_show(formatter: logging.Formatter) -> None:
    line = formatter.format(record("{'authorization': 'Basic dXNlcjpwYXNzd29yZA=='} bearer eyJhbGciOi.eyJzdWIi.c2ln"))
    assert "dXNlcjpwYXNz" not in line
    assert "eyJ" not in line


def test_ordinary_words_stay_as_they_are(formatter: logging.Formatter) -> None:
    for words in ("task_abcdefgh", "bearer of news", "basic settings", "dev_x", "asking ask_"):
        assert words in formatter.format(record(words))


def test_a_json_line_says_what_happened_and_cannot_be_forged() -> None:
    token = tracing.request_id.set("request-1")
    try:
        line = FORMATTERS["json"].format(
            record('two\nlines "%s"', "x", level="forged", logger="forged", number=float("nan"))
        )
    finally:
        tracing.request_id.reset(token)
    assert "\n" not in line
    said = json.loads(line, parse_constant=pytest.fail)
    assert said["message"] == 'two\nlines "x"'
    assert (said["level"], said["process"], said["logger"]) == ("warning", "core", "smith.test")
    assert said["request_id"] == "request-1"
    assert said["time"].endswith("+00:00")


def test_a_text_line_names_its_request_if_there_is_one() -> None:
    formatter = FORMATTERS["text"]
    assert formatter.format(record("hello")).endswith("core WARNING smith.test: hello")
    token = tracing.request_id.set("request-1")
    try:
        assert formatter.format(record("hello")).endswith("core WARNING smith.test: [request-1] hello")
    finally:
        tracing.request_id.reset(token)


def test_a_line_that_cannot_be_written_is_told_of_without_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logs.Handler(sys.stderr)
    handler.setFormatter(FORMATTERS["json"])
    handler.handle(record("%d", SECRETS[0]))
    said = json.loads(capsys.readouterr().err)
    assert "cannot be logged" in said["message"]
    assert SECRETS[0] not in str(said)


def test_what_is_said_again_and_again_is_said_once_a_second_with_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    # For that module alone: timers of this process go by the real clock.
    monkeypatch.setattr(logs, "time", SimpleNamespace(monotonic=lambda: now))
    seldom, said = logs.OnceASecond(), []
    for step in range(25):
        now = 100.0 + step / 10
        for text in ("cannot connect to %s", "discarding %s"):
            one = record(text, step)
            if seldom.filter(one):
                said.append(one.getMessage())
    assert said == [
        "cannot connect to 0",
        "discarding 0",
        "cannot connect to 10 (9 more before it)",
        "discarding 10 (9 more before it)",
        "cannot connect to 20 (9 more before it)",
        "discarding 20 (9 more before it)",
    ]
