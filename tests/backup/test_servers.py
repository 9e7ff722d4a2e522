"""`smith backup`, `restore` and `migrate` beside real servers: what was there is there again."""

import resource
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from core_service import migrations
from tests.backup.conftest import stopped_before
from tests.conftest import MakeStack
from tests.smith_command import answer, environment, refuse, smith, succeed
from tests.stack import SMITH, Stack
from tests.team import Phone, Team, push
from tests.waiting import LONG, eventually

pytestmark = pytest.mark.thorough


class Load:
    """Backends that push without a pause."""

    def __init__(self, key: httpx.Client) -> None:
        self._key = key
        self._stop = threading.Event()
        self.answered: list[str] = []

    def send(self) -> None:
        """Pushes until it is told to stop. Every push must be accepted."""
        while not self._stop.is_set():
            title = f"load {uuid.uuid4()}"
            assert push(self._key, title=title).status_code == 200
            self.answered.append(title)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs it as long as the block takes."""
        with ThreadPoolExecutor(3) as pool:
            sending = [pool.submit(self.send) for _ in range(3)]
            try:
                eventually("there is load", lambda: len(self.answered) > 20)
                yield
            finally:
                self._stop.set()
            for one in sending:
                one.result()


def everything(team: Team) -> dict[str, set[str]]:
    """The account as its owner sees it."""

    def ids(path: str, what: str) -> set[str]:
        return {one["id"] for one in team.ask("GET", f"{path}?page_size=1000")[what]}

    return {
        "keys": ids("/api/api-keys", "api_keys"),
        "channels": ids("/api/channels", "channels"),
        "devices": ids("/api/devices", "devices"),
    }


def apns_ids(team: Team, token: str) -> list[str]:
    """Of all pushes that APNs saw for the token."""
    return [str(seen["headers"]["apns-id"]) for seen in team.sent_to(token)]


def hold_back(team: Team, phone: Phone) -> None:
    """APNs takes nothing for this phone until it is healed."""
    token = phone.read()["push_token"]
    team.faults(tokens={token: [{"action": "reset"}] * 1000})


def test_a_backup_made_under_load_brings_back_what_was_there(make_stack: MakeStack, tmp_path: Path) -> None:
    file = tmp_path / "smith.backup"
    with make_stack() as stack:
        team = Team.of(stack)
        slug, channel = team.channel()
        phone, slow = team.phone(channel_id=channel), team.phone()
        owed_slug, owed_channel = team.channel()
        team.assign_device(owed_channel, slow)
        key, kept = team.key(slug), team.key(owed_slug)
        activity = kept.put("/api/live-activity/stream/nightly", json={"content_state": PROGRESS}).json()["activity_id"]
        slow.live(activity)
        hold_back(team, slow)
        assert push(kept, title="owed").json()["devices_queued"] == 1
        token = slow.read()["push_token"]
        [first_id] = set(apns_ids(team, token))

        load = Load(key)
        with load.running():
            before, answered = everything(team), list(load.answered)
            made = answer(stack.data_dir, "backup", file)
            while_it_was_made = len(load.answered) - len(answered)
        assert made["manifest"]["schema_revision"] == migrations.revisions()[-1]
        assert file.stat().st_size == made["bytes"]
        assert while_it_was_made > 0, "the server has served meanwhile"

        late = team.key()
        later, _ = team.channel()
        team.no_faults()
        assert slow.shows("owed", seconds=LONG)
        assert push(late, title="after the backup").status_code == 200
        assert "is in use by `smith up`" in refuse(stack.data_dir, "restore", file, code=2)
        assert push(late, title="undisturbed").status_code == 200
        assert stack.stop() == 0

        said = succeed(stack.data_dir, "restore", file)
        assert str(stack.data_dir / "replaced") in said
        stack.start()
        assert stack.quickstart.api_key, "the first key is still known"
        team = Team.of(stack)
        assert everything(team) == before
        assert push(late, title="x").status_code == 401, "made after the backup"
        assert later not in str(everything(team))
        # What APNs had taken after the backup is owed again, and is the same push.
        eventually("it is sent again", lambda: set(apns_ids(team, token)) == {first_id})
        assert slow.shows("owed")
        assert push(key, title="back at work").json()["devices_notified"] == 1
        assert phone.shows("back at work")
        assert (
            kept.put("/api/live-activity/stream/nightly", json={"content_state": PROGRESS | {"percentage": 80}}).json()[
                "activity_id"
            ]
            == activity
        )
        assert slow.shows_activity(activity, percentage=80)

        restored = {title for (title,) in stack.sql("SELECT title FROM notifications")}
        assert set(answered) <= restored, "what was answered before the backup began is in it"
        assert not {"after the backup", "undisturbed"} & restored
        orphans = stack.sql("""
            SELECT (SELECT count(*) FROM notifications n LEFT JOIN deliveries d ON d.notification_id = n.id
                    WHERE d.notification_id IS NULL),
                (SELECT count(*) FROM deliveries d LEFT JOIN notifications n ON d.notification_id = n.id
                    WHERE n.id IS NULL)
        """)
        assert orphans == [(0, 0)], "one moment: never a push without its deliveries"


PROGRESS = {"title": "Nightly backup", "type": "progress", "percentage": 40}


def test_a_lost_machine_is_replaced_by_another(make_stack: MakeStack, tmp_path: Path) -> None:
    with make_stack() as lost:
        team = Team.of(lost)
        push(team.key(), title="remember me")
        before, key, password = everything(team), lost.api_key, lost.owner_password
        assert lost.stop() == 0
        # Through a pipe, as to another machine.
        with (tmp_path / "copy").open("wb") as copy:
            succeed(lost.data_dir, "backup", "-", stdout=copy)
        assert lost.pids == {}, "what it has started for the purpose is stopped"
    with make_stack(start=False) as new, (tmp_path / "copy").open("rb") as copy:
        restored = smith(new.data_dir, "restore", "-", "--json", stdin=copy)
        assert restored.returncode == 0, restored.stderr
        assert b'"replaced": null' in restored.stdout
        new.start()
        assert (new.api_key, new.owner_password) == (key, password)
        found = everything(Team.of(new))
        assert found["keys"] == before["keys"]
        assert found["channels"] == before["channels"]
        # The simulated iPhone was on the lost machine; another one was paired in its place.
        assert found["devices"] > before["devices"]
        assert Phone(Team.of(new).simulator, new.phone_id).read()["device_id"] not in before["devices"]


def test_a_backup_of_an_older_release_is_upgraded_when_it_is_restored(fresh_database: str, tmp_path: Path) -> None:
    migrations.upgrade(fresh_database, "0008")
    account = uuid.uuid4()
    with psycopg.connect(fresh_database) as connection:
        connection.execute("INSERT INTO accounts (id, name, created_at) VALUES (%s, 'Old', now())", (account,))
    file, data_dir = tmp_path / "old", tmp_path / "var"
    made = answer(tmp_path / "none", "backup", file, SMITH_DATABASE_URL=fresh_database)
    assert made["manifest"]["schema_revision"] == "0008"
    assert not (tmp_path / "none").exists(), "the data folder of another database is left alone"
    assert "from schema 0008 to schema" in succeed(data_dir, "restore", file)
    assert answer(data_dir, "migrate", "--check")["before"] == migrations.revisions()[-1]


def test_a_database_of_ones_own_is_filled_if_it_is_empty(stack: Stack, fresh_database: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    made = answer(stack.data_dir, "backup", file)
    assert "does not exist" in refuse(
        tmp_path, "restore", file, code=1, SMITH_DATABASE_URL=fresh_database.replace("/own_", "/no_")
    )
    restored = answer(tmp_path, "restore", file, SMITH_DATABASE_URL=fresh_database)
    assert restored["schema_revision"] == made["manifest"]["schema_revision"]
    [[accounts]] = stack.sql("SELECT count(*) FROM accounts")
    with psycopg.connect(fresh_database) as connection:
        assert connection.execute("SELECT count(*) FROM accounts").fetchone() == (accounts,)
    assert "not empty" in refuse(tmp_path, "restore", file, code=2, SMITH_DATABASE_URL=fresh_database)


def test_migrate_tells_and_upgrades_whether_the_server_runs_or_not(
    stack: Stack, fresh_database: str, tmp_path: Path
) -> None:
    newest = migrations.revisions()[-1]
    up_to_date = {"before": newest, "after": newest, "newest": newest}
    assert answer(stack.data_dir, "migrate", "--check") == up_to_date
    assert answer(stack.data_dir, "migrate") == up_to_date

    theirs = {"SMITH_DATABASE_URL": fresh_database}
    migrations.upgrade(fresh_database, "0008")
    behind = smith(tmp_path, "migrate", "--check", **theirs)
    assert behind.returncode == 1
    assert f"has schema 0008, the newest is {newest}" in behind.stdout.decode()
    assert "from schema 0008 to schema" in succeed(tmp_path, "migrate", **theirs)
    assert "is the newest" in succeed(tmp_path, "migrate", "--check", **theirs)

    with psycopg.connect(fresh_database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert "newer release" in refuse(tmp_path, "migrate", code=2, **theirs)
    with psycopg.connect(fresh_database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0007'")
    assert "an older build first" in refuse(tmp_path, "migrate", code=2, **theirs)
    away = fresh_database.replace("host=", "host=/nowhere")
    assert "No such file" in refuse(tmp_path, "migrate", code=1, SMITH_DATABASE_URL=away)

    fresh = tmp_path / "fresh"
    looked = smith(fresh, "migrate", "--check")
    assert looked.returncode == 1
    assert "no schema yet" in looked.stdout.decode()
    assert not fresh.exists(), "looking makes nothing"
    assert answer(fresh, "migrate") == {"before": None, "after": newest, "newest": newest}


def test_smith_up_refuses_a_database_from_the_future_with_one_line(make_stack: MakeStack) -> None:
    with make_stack() as stack:
        stack.sql("UPDATE alembic_version SET version_num = '9999'")
        assert push(Team.of(stack).key(), title="still served").status_code == 200
        assert stack.stop() == 0
        assert stack.launch().wait(90) == 2
        assert "core: the database has schema 9999" in stack.stderr
        assert "smith up: server cannot start" in stack.stderr
        assert "Traceback" not in stack.stderr


def test_a_backup_that_fills_the_disk_leaves_nothing(stack: Stack, tmp_path: Path) -> None:
    """Files may not grow beyond a limit, which fails as a full disk does."""
    limit = 30_000
    assert answer(stack.data_dir, "backup", tmp_path / "enough")["bytes"] > limit
    done = subprocess.run(
        [SMITH, "backup", tmp_path / "file"], env=environment(stack.data_dir), check=False, capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)), timeout=3 * LONG,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.decode() == f"smith backup: cannot write {tmp_path / 'file'}: File too large\n"
    assert [path.name for path in tmp_path.iterdir()] == ["enough"]


def test_a_backup_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    data_dir, target = tmp_path / "var", tmp_path / "target"
    target.mkdir()
    succeed(data_dir, "migrate")
    process = stopped_before("pg_dump", data_dir, "backup", target / "file")
    assert (data_dir / "processes.json").exists(), "PostgreSQL is started for it"
    assert "in use by `smith backup`" in refuse(data_dir, "restore", "/dev/null", code=2)
    assert "in use by `smith backup`" in refuse(data_dir, "backup", target / "other", code=2)
    assert "in use by `smith backup`" in refuse(data_dir, "migrate", code=2)
    process.terminate()
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate(timeout=3 * LONG)
    assert process.returncode == 130, said
    assert list(target.iterdir()) == []
    assert not (data_dir / "processes.json").exists()
    assert not (data_dir / "postgres" / "postmaster.pid").exists()
