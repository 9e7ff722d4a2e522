"""Files that a program writes and people commit: brings them up to date, or says that they are not."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def stale_among(files: Mapping[Path, str | bytes]) -> list[Path]:
    """Those that are missing, or do not hold what they should. Texts are UTF-8."""
    return [path for path, content in files.items() if not path.exists() or path.read_bytes() != _bytes(content)]


def write(files: Mapping[Path, str | bytes]) -> None:
    """Writes those that are stale, with the folders that they are in."""
    for path in stale_among(files):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_bytes(files[path]))


def refuse_stale(paths: Sequence[Path], command: str) -> None:
    """Ends the process if there are any: names them, and the command that brings them up to date."""
    if paths:
        sys.exit("\n  ".join([f"Stale, run `{command}`:", *(str(path.relative_to(ROOT)) for path in paths)]))


def write_or_check(files: Mapping[Path, str | bytes], *, check: bool, command: str) -> None:
    """Writes the files that are stale, or with `check` ends the process if any are, and writes nothing."""
    if check:
        refuse_stale(stale_among(files), command)
    else:
        write(files)


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
