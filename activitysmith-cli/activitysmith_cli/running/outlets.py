"""What stands between a command's output and ours.

A stream that goes to a terminal gets a pseudo-terminal, so that the command writes as it always does there: line by
line, in color, with progress bars. A stream that goes elsewhere gets a pipe. If standard output and standard error are
the same thing they share one, so that what is written to them stays in order. Every byte is passed on as it is.
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
    """What the command writes to; closed once the command has it."""
    source: int
    """What we read from; -1 when closed."""

    def pass_on(self) -> bytes:
        """Reads what is there and writes it to our own stream. Empty at the end.

        Raises OSError if our own stream does not take it: the command is about to find out, for the outlet is closed.
        """
        try:
            data = os.read(self.source, CHUNK_BYTES)
        except OSError:
            # Linux says EIO when nobody has the other side of a pseudo-terminal any more.
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
        """Whoever writes to it from now on gets SIGPIPE (from a pseudo-terminal: EIO)."""
        if self.source >= 0:
            os.close(self.source)
            self.source = -1

    def close_inner(self) -> None:
        """To be called once the command has it."""
        os.close(self.inner)

    def take_window_size(self) -> None:
        """Makes a pseudo-terminal as large as the terminal."""
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetwinsize(self.source, termios.tcgetwinsize(self.target))


def open_outlets() -> list[Outlet]:
    """One for standard output and one for standard error, or one for both."""
    targets = [STDOUT] if os.path.sameopenfile(STDOUT, STDERR) else [STDOUT, STDERR]
    return [_open(target) for target in targets]


def fill_missing_streams() -> None:
    """Opens /dev/null for each of the three standard streams that is closed, lest something else get its number."""
    for handle in (0, STDOUT, STDERR):
        try:
            os.fstat(handle)
        except OSError:
            # The lowest free number is this one.
            os.open(os.devnull, os.O_RDWR)


def _open(target: int) -> Outlet:
    if not os.isatty(target):
        source, inner = os.pipe()
        return Outlet(target, inner, source)
    source, inner = os.openpty()
    outlet = Outlet(target, inner, source)
    attributes = termios.tcgetattr(inner)
    # The terminal itself makes "\r\n" of "\n"; twice would be once too often.
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
            # Whoever started us has made it so.
            select.select([], [handle], [])
