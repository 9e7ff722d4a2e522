"""`processes.json`: the id of each running process, for tests, operators and the next start."""

import logging
from collections.abc import Mapping
from pathlib import Path

from cli.up.data_folder import write_json

log = logging.getLogger(__name__)


class ProcessTable:
    """Keeps `processes.json` up to date."""

    def __init__(self, data_dir: Path, pids: Mapping[str, int] | None = None) -> None:
        """`pids` are those that the file has already."""
        self._path = data_dir / "processes.json"
        self._pids = dict(pids or {})

    def started(self, name: str, pid: int) -> None:
        """Adds a running process, unless the file has it."""
        if self._pids.get(name) == pid:
            return
        self._pids[name] = pid
        self._write()

    def ended(self, name: str) -> None:
        """Removes a process that has ended. Deletes the file with the last one."""
        del self._pids[name]
        self._write()

    def _write(self) -> None:
        try:
            if self._pids:
                write_json(self._path, self._pids)
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            # A full disk must not stop the processes.
            log.warning("cannot write %s: %s", self._path, error.strerror)
