"""Prints answers to standard output, and everything else to standard error."""

import contextlib
import json
import os
from typing import Any, NoReturn

import typer

from activitysmith_cli.calls import Answer, Refused, Request, Unanswered, call
from activitysmith_cli.connection import Server

FAILED = 1


def call_and_print(command: str, server: Server, request: Request, *, as_json: bool) -> None:
    """Makes the call and prints the answer, for a `command` as it was typed. Ends the process with exit code 1 if the
    call fails."""
    try:
        answer = call(server, request)
    except Unanswered as error:
        fail(command, str(error))
    except Refused as refused:
        if as_json:
            _print(2, _as_it_is(refused.answer))
        else:
            head, facts = refusal(refused.answer)
            warn(command, head)
            _print(2, _lines(facts))
        raise typer.Exit(FAILED) from None
    try:
        _print(1, _as_it_is(answer) if as_json else _lines(answer.document or {}))
    except OSError as error:
        fail(command, f"the request was carried out, but the answer cannot be written: {error.strerror}")


def fail(command: str, line: str) -> NoReturn:
    """Prints an error line and ends the process with exit code 1."""
    warn(command, line)
    raise typer.Exit(FAILED)


def warn(command: str, line: str) -> None:
    """Prints a line to standard error."""
    _print(2, f"{command}: {one_line(line)}\n".encode())


def refusal(answer: Answer) -> tuple[str, dict[str, Any]]:
    """A refusal for people: the error with its reason in one line, and further facts."""
    document = dict(answer.document or {})
    if not document:
        return one_line(_no_json(answer)), {}
    head = f"{answer.status} {document.pop('error', '')}: {document.pop('message', '')}".rstrip(": ")
    facts = {"retry_after_seconds": answer.retry_after, "request_id": answer.headers.get("x-request-id")}
    document |= {name: fact for name, fact in facts.items() if fact is not None and name not in document}
    return one_line(head), document


def one_line(text: str) -> str:
    """The text without what could move a terminal's cursor or hide what it says."""
    return "".join(character if character.isprintable() else " " for character in text)


def _no_json(answer: Answer) -> str:
    if 300 <= answer.status < 400:
        return f"the server answered {answer.status} and points to {answer.headers.get('location')}: call it there"
    lines = answer.body[:1000].decode(errors="replace").split("\n")
    start = next((line.strip() for line in lines if line.strip()), "")
    return f"the server answered {answer.status} without JSON" + (f": {start[:100]}" if start else "")


def _as_it_is(answer: Answer) -> bytes:
    return answer.body if answer.body.endswith(b"\n") else answer.body + b"\n"


def _lines(document: dict[str, Any]) -> bytes:
    lines = [f"{name}: {_value(value)}\n" for name, value in document.items() if name != "success"]
    return "".join(one_line(line[:-1]) + "\n" for line in lines).encode(errors="replace")


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def _print(handle: int, data: bytes) -> None:
    # Not by print: an encoding without these characters, or a full disk at exit, would end in a stack trace.
    left = memoryview(data)
    with contextlib.suppress(OSError) if handle == 2 else contextlib.nullcontext():
        while left:
            left = left[os.write(handle, left) :]
