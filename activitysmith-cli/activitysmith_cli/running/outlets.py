"""Passes a command's output on to our own.

If our stream is a terminal, the command gets a pseudo-terminal, so that it writes as usual: line by line, in color,
with progress bars. Otherwise it gets a pipe. If standard output and standard error are the same file, the command gets
one stream for both, so that output stays in order. All bytes are passed on unchanged.
"""

import contextlib
import os
import select
import termios
from dataclasses import dataclass

CHUNK_BYTES = 65_536
STDOUT, STDERR = 1, 2


@dataclass
class Outlet:
    """One stream on its way from the command to us."""

    target: int
    """Our own stream."""
    inner: int
    """The end that the command writes to; closed here once the command has it."""
    source: int
    """The end that we read from; -1 when closed."""

    def pass_on(self) -> bytes:
        """Reads available output, writes it to our own stream and returns it. Empty at the end.

        Raises OSError if our own stream cannot be written. Then the outlet is closed, so that the command notices it.
        """
        try:
            data = os.read(self.source, CHUNK_BYTES)
        except OSError:
            # Linux reports EIO when no process has the other side of a pseudo-terminal any more.
            data = b""
        try:
            _write(self.target, data)
        except OSError:
            self.close()
            raise
        if not data:
            self.close()
        return data

    def close(self) -> None:
        """Closes the reading end: the command gets SIGPIPE when it writes (with a pseudo-terminal: EIO)."""
        if self.source >= 0:
            os.close(self.source)
            self.source = -1

    def close_inner(self) -> None:
        """Closes the writing end. Call it once the command has it."""
        os.close(self.inner)

    def take_window_size(self) -> None:
        """Makes a pseudo-terminal as large as the terminal."""
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetwinsize(self.source, termios.tcgetwinsize(self.target))


def open_outlets() -> list[Outlet]:
    """Opens an outlet for standard output and one for standard error, or one for both."""
    targets = [STDOUT] if os.path.sameopenfile(STDOUT, STDERR) else [STDOUT, STDERR]
    return [_open(target) for target in targets]


def fill_missing_streams() -> None:
    """Opens /dev/null for each closed standard stream, so that no other file gets its number."""
    for handle in (0, STDOUT, STDERR):
        try:
            os.fstat(handle)
        except OSError:
            # `open` returns the lowest free number, which is this one.
            os.open(os.devnull, os.O_RDWR)


def _open(target: int) -> Outlet:
    if not os.isatty(target):
        source, inner = os.pipe()
        return Outlet(target, inner, source)
    source, inner = os.openpty()
    outlet = Outlet(target, inner, source)
    attributes = termios.tcgetattr(inner)
    # The terminal itself turns "\n" into "\r\n"; the pseudo-terminal must not do it as well.
    attributes[1] &= ~termios.OPOST
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(inner, termios.TCSANOW, attributes)
    outlet.take_window_size()
    return outlet


def _write(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(handle, left) :]
        except BlockingIOError:
            # The parent process has opened the stream as non-blocking.
            select.select([], [handle], [])
