"""Exports the workspace of the person who signs in into a file."""

import os
from pathlib import Path
from typing import Any, TextIO

import grpc
from smith.core.v1 import account_data_service_pb2, account_data_service_pb2_grpc

from cli.client.owner import Owner
from cli.client.session import in_words, signed_in
from cli.client.settings import ClientSettings
from cli.up.errors import CannotStart, Failed

END = '"complete": true}'
"""How a whole export ends."""


async def export_account(settings: ClientSettings, owner: Owner, target: Path) -> dict[str, Any]:
    """Writes the export to `target`, which only the calling user of the machine may read, and returns its `path` and
    `bytes`. Until it is whole it is called `target.part`.

    Raises CannotStart if there is such a file or it cannot be written; Failed if the export was interrupted: then there
    is no file.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        with _new_file(target, part) as file:
            await _write(settings, owner, file)
            file.flush()
            os.fsync(file.fileno())
        return {"path": str(target), "bytes": _finish(part, target)}
    except OSError as error:
        raise CannotStart(f"{part}: {error.strerror}") from error
    finally:
        _tidy(part)


def _new_file(target: Path, part: Path) -> TextIO:
    if target.exists():
        raise CannotStart(f"{target} exists: name another file with --output")
    return os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")


def _finish(part: Path, target: Path) -> int:
    part.rename(target)
    return target.stat().st_size


def _tidy(part: Path) -> None:
    part.unlink(missing_ok=True)


async def _write(settings: ClientSettings, owner: Owner, file: TextIO) -> None:
    async with signed_in(settings, owner) as session:
        stub = account_data_service_pb2_grpc.AccountDataServiceStub(session.channel)
        call = session.stream(stub.ExportAccount, account_data_service_pb2.ExportAccountRequest())
        last = ""
        try:
            async for piece in call:
                file.write(piece.content)
                last = (last + piece.content)[-len(END) - 1 :]
        except grpc.aio.AioRpcError as error:
            raise Failed(in_words(error)) from error
        if last.rstrip() != END:
            raise Failed("the export ended before it was complete")
