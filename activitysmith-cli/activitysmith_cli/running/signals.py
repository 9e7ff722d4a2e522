"""Passes signals on to the command."""

import os
import signal
import subprocess
from collections.abc import Callable
from types import FrameType

FROM_TERMINALS = (signal.SIGINT, signal.SIGQUIT)
FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, *FROM_TERMINALS)


class Signals:
    """Passes signals on to the command while it runs. Afterwards Ctrl-C and SIGTERM raise KeyboardInterrupt."""

    def __init__(self, on_resize: Callable[[], None]) -> None:
        """From now on no signal ends this process. Signals before the command has started are kept for it."""
        self._command: subprocess.Popen[bytes] | None = None
        self._ended = False
        self._early: list[int] = []
        self._on_resize = on_resize
        self.wakeup, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for signum in FORWARDED:
            # Signals that were ignored before (nohup) stay ignored, for us and for the command.
            if signal.getsignal(signum) != signal.SIG_IGN:
                signal.signal(signum, self._forward)
        signal.signal(signal.SIGWINCH, self._resize)
        # Only wakes this process up: the command has ended.
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def started(self, command: subprocess.Popen[bytes]) -> None:
        """The command has started."""
        self._command = command
        for signum in self._early:
            command.send_signal(signum)

    def ended(self) -> None:
        """The command has ended."""
        self._ended = True

    def _forward(self, signum: int, _frame: FrameType | None) -> None:
        if self._ended:
            raise KeyboardInterrupt
        if signum in FROM_TERMINALS and _in_foreground():
            # A terminal sends it to the whole foreground group, so the command has it already.
            return
        if self._command is None:
            self._early.append(signum)
        else:
            self._command.send_signal(signum)

    def _resize(self, signum: int, _frame: FrameType | None) -> None:
        self._on_resize()
        if self._command is not None:
            # The command may have read the size before we changed it.
            self._command.send_signal(signum)


def _in_foreground() -> bool:
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
