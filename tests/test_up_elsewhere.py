"""`smith up` in places unlike a developer's: another address family, odd paths, foreign variables, full disks."""

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.stack import ANY_PORT, PATIENCE, Stack, answers
from tests.waiting import LONG, eventually

pytestmark = pytest.mark.thorough

DEAD_PROXY, NOWHERE = "http://127.0.0.1:9", "/nonexistent"
PROXIES = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "grpc_proxy"), DEAD_PROXY) | {
    # httpx cannot even make a client for it without another package.
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "all_proxy": "socks5h://127.0.0.1:9",
}
LIBPQ = {
    "PGHOST": "127.0.0.1", "PGHOSTADDR": "127.0.0.1", "PGPORT": "1", "PGUSER": "nemo", "PGDATABASE": "nemo",
    "PGSERVICE": "none", "PGOPTIONS": "-c nonsense=1", "PGCLIENTENCODING": "SQL_ASCII", "PGSSLMODE": "verify-full",
    "PGREQUIREPEER": "nemo", "PGTARGETSESSIONATTRS": "standby", "PGCHANNELBINDING": "require", "PGDATESTYLE": "German",
}  # fmt: skip
LIBRARIES = {
    "PGSERVER_POSTGRES_VERSION": "9", "NICEGUI_REDIS_URL": "redis://127.0.0.1:9", "NICEGUI_STORAGE_PATH": NOWHERE,
    "FORWARDED_ALLOW_IPS": "*", "WEB_CONCURRENCY": "4", "SSLKEYLOGFILE": f"{NOWHERE}/keys", "NETRC": NOWHERE,
    "PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "cpp", "PSYCOPG_IMPL": "python", "GRPC_ENABLE_FORK_SUPPORT": "1",
}  # fmt: skip
LANGUAGE = {"LC_ALL": "tr_TR.UTF-8", "PYTHONIOENCODING": "ascii:strict", "HOME": NOWHERE, "XDG_RUNTIME_DIR": NOWHERE}
IPV6 = {"SMITH_BIND_HOST": "[::1]", "SMITH_SIMULATOR_BIND_HOST": "::1"}

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL is run as another user by root only")


@pytest.fixture(scope="module")
def closed() -> Iterator[Path]:
    """A folder of somebody's that only they may enter, outside of what pytest keeps."""
    folder = Path(tempfile.mkdtemp(prefix="smith-closed-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def abroad(closed: Path) -> Iterator[Stack]:
    """One server with all of it at once."""
    folder = closed / "Acme, Inc" / "it's (für) here" / "var"
    environment = PROXIES | LIBPQ | LIBRARIES | LANGUAGE | IPV6 | PATIENCE
    with Stack(folder, SMITH_ADMIN_PORT=ANY_PORT, **environment) as stack:
        yield stack.start()


def accepted(stack: Stack, title: str) -> bool:
    """Sends a push, and returns whether the server took it."""
    return send(stack, title).status_code == 200


def send(stack: Stack, title: str) -> httpx.Response:
    return httpx.post(
        f"{stack.base_url}/api/push-notification",
        json={"title": title},
        headers={"Authorization": f"Bearer {stack.api_key}"},
        timeout=LONG,
        trust_env=False,
    )


def push(stack: Stack, title: str) -> None:
    """Sends one and sees it on the quickstart's phone."""
    assert send(stack, title).json()["devices_notified"] == 1

    def shown() -> bool:
        screen = httpx.get(f"{stack.simulator_url}/phones/{stack.phone_id}", trust_env=False, timeout=LONG).json()
        return title in [notification["title"] for notification in screen["notifications"]]

    eventually("the phone shows it", shown)


def refusal(stack: Stack) -> str:
    """The last line of a server that cannot start."""
    assert stack.launch().wait(120) in (1, 2), stack.stderr
    assert "Traceback" not in stack.stderr
    return stack.stderr.splitlines()[-1]


def test_a_push_arrives_whatever_the_environment_says_to_libraries(abroad: Stack) -> None:
    push(abroad, "abroad")


def test_every_address_of_ipv6_stands_in_brackets(abroad: Stack) -> None:
    told = abroad.quickstart
    assert told.gateway_url.startswith("http://[::1]:")
    assert told.simulator_url.startswith("http://[::1]:")
    assert told.webhook_sink_url.startswith("https://[::1]:")
    assert told.core_address.startswith("[::1]:")
    assert httpx.get(f"{abroad.admin_url}/sign-in", trust_env=False, timeout=LONG).status_code == 200


def test_the_printed_curl_works_in_a_path_with_special_letters(abroad: Stack) -> None:
    lines = abroad.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip().startswith("KEY="))
    command = "\n".join(lines[first : lines.index("", first)]).replace("curl ", "curl --globoff --noproxy '*' ")
    done = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True, timeout=3 * LONG)  # noqa: S607
    assert '"success":true' in done.stdout


@as_root
def test_a_folder_of_others_is_not_opened_for_postgresql(abroad: Stack, closed: Path) -> None:
    assert abroad.pids["postgres"]
    assert oct(closed.stat().st_mode & 0o777) == oct(0o700)


def test_a_killed_postgresql_is_found_and_replaced(abroad: Stack) -> None:
    old = abroad.kill("postgres")
    eventually("it is restarted", lambda: abroad.pids.get("postgres") not in (None, old))
    abroad.wait_answering()
    # The first connections that core tries may still lead to the one that was killed.
    eventually("a push is accepted", lambda: accepted(abroad, "after the kill"))


def test_a_second_start_repairs_what_a_copy_has_done_to_the_database(abroad: Stack) -> None:
    assert abroad.stop() == 0
    cluster = abroad.data_dir / "postgres"
    cluster.chmod(0o755)
    if os.geteuid() == 0:
        # `cp -r` as root.
        for path in (cluster, *cluster.rglob("*")):
            os.chown(path, 0, 0)
    abroad.start()
    assert oct(cluster.stat().st_mode & 0o777) == oct(0o700)
    push(abroad, "after the copy")


def test_listening_on_all_addresses_takes_ipv4_and_ipv6(closed: Path) -> None:
    with Stack(closed / "all" / "var", SMITH_BIND_HOST="::", SMITH_QUICKSTART="0") as stack:
        stack.start()
        port = stack.ports["SMITH_GATEWAY_PORT"]
        for host in ("127.0.0.1", "[::1]"):
            url = f"http://{host}:{port}/readyz"
            # The gateway gives core a second to say that it is ready, which a busy machine may not let it have.
            eventually(f"{url} says that it is ready", functools.partial(answers, url))


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("[::1]:8000", "must be an address or a host name, without a port"),
        ("2001:db8::77", "not an address of this machine"),
        ("no-such-host.invalid", "not an address of this machine"),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_named(tmp_path: Path, host: str, said: str) -> None:
    line = refusal(Stack(tmp_path / "var", SMITH_BIND_HOST=host))
    assert "SMITH_BIND_HOST" in line
    assert host in line
    assert said in line


@pytest.mark.parametrize("name", ['a "b" c', "price $HOME", "back\\slash", "line\nbreak"])
def test_a_path_that_initdb_cannot_be_told_is_refused_with_one_line(closed: Path, name: str) -> None:
    stack = Stack(closed / name / "var")
    line = refusal(stack)
    assert "cannot make its data with the path" in line
    assert "choose a folder without quotation marks" in line


MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'
FILLED = """
mount -t tmpfs -o size=300m tmpfs "$2" && cp -a "$1/." "$2"
dd if=/dev/zero of="$2/filler" bs=1M 2>/dev/null
shift 2 && exec "$@"
"""


def in_view(script: str, *arguments: str) -> list[str]:
    """The beginning of a command that has mounts of its own. Skips the test where that cannot be."""
    if subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], check=False).returncode != 0:  # noqa: S607
        pytest.skip("this system lets root mount nothing")
    return ["unshare", "--mount", "sh", "-c", script, "sh", *arguments]


@as_root
@pytest.mark.parametrize(
    ("where", "size", "said"),
    [
        ("data", "40m", "a new database needs 150 MB"),
        ("data", "16k", "No space left on device"),
        ("/dev/shm", "64k", "/dev/shm has no room for PostgreSQL"),  # noqa: S108 - the test's own view of it
    ],
)
def test_a_disk_without_room_is_named_in_one_line(closed: Path, where: str, size: str, said: str) -> None:
    folder = closed / size
    folder.mkdir()
    full = str(folder) if where == "data" else where
    assert said in refusal(Stack(folder / "var", within=in_view(MOUNT, size, full)))


@as_root
def test_a_later_start_on_a_full_disk_is_refused_with_one_line(abroad: Stack, closed: Path) -> None:
    assert abroad.stop() == 0
    folder = closed / "filled"
    folder.mkdir()
    line = refusal(Stack(folder, within=in_view(FILLED, str(abroad.data_dir), str(folder))))
    assert str(folder) in line
    assert "No space left on device" in line
