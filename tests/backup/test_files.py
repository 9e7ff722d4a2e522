"""Backup files: written whole or not at all, and believed only when whole."""

import io
import json
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.backup.archive import DUMP, MANIFEST, Archive, ArchiveWriter, NotABackup
from tests.backup.conftest import cluster, is_well, names
from tests.smith_command import answer, refuse, smith, succeed


def test_the_file_is_its_owners_only_and_says_what_it_is(data_dir: Path, tmp_path: Path) -> None:
    made = answer(data_dir, "backup", tmp_path / "file")
    assert names(tmp_path) == ["file"]
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    with zipfile.ZipFile(tmp_path / "file") as archive:
        assert json.loads(archive.read("manifest.json")) == made["manifest"]
        archive.extractall(tmp_path)
    assert set(made["manifest"]) == {"format", "version", "schema_revision", "postgresql", "created_at"}
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True, capture_output=True)  # noqa: S607


def test_the_key_for_browsers_is_in_the_file_and_comes_back(data_dir: Path, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(data_dir, source)
    (source / "webpush.pem").write_bytes(b"the key")
    succeed(source, "backup", tmp_path / "file")
    with zipfile.ZipFile(tmp_path / "file") as archive:
        assert archive.read("webpush.pem") == b"the key"
    shutil.copytree(data_dir, target)
    (target / "webpush.pem").write_bytes(b"another")
    answer(target, "restore", tmp_path / "file")
    assert (target / "webpush.pem").read_bytes() == b"the key"
    assert stat.S_IMODE((target / "webpush.pem").stat().st_mode) == 0o600
    assert (target / "replaced" / "webpush.pem").read_bytes() == b"another"


@pytest.mark.thorough
def test_a_key_of_ones_own_is_in_the_file_and_a_restore_says_if_another_is_set(data_dir: Path, tmp_path: Path) -> None:
    own, other, source = tmp_path / "own.pem", tmp_path / "other.pem", tmp_path / "source"
    own.write_bytes(b"the key")
    other.write_bytes(b"another")
    shutil.copytree(data_dir, source)
    succeed(source, "backup", tmp_path / "file", SMITH_WEBPUSH_KEY_FILE=str(own))
    told = answer(source, "restore", tmp_path / "file", SMITH_WEBPUSH_KEY_FILE=str(own))
    assert told["note"] is None
    told = answer(source, "restore", tmp_path / "file", SMITH_WEBPUSH_KEY_FILE=str(other))
    assert f"{other} is not the key for browsers of the backup" in told["note"]
    assert other.read_bytes() == b"another"


def test_a_backup_without_the_key_that_is_set_is_refused(data_dir: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.pem"
    said = refuse(data_dir, "backup", tmp_path / "file", code=2, SMITH_WEBPUSH_KEY_FILE=str(missing))
    assert f"SMITH_WEBPUSH_KEY_FILE={missing} does not exist" in said
    assert names(tmp_path) == []


@pytest.mark.thorough
def test_a_backup_from_before_there_was_a_key_leaves_the_present_one(data_dir: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    shutil.copytree(data_dir, target)
    succeed(target, "backup", tmp_path / "file")
    (target / "webpush.pem").write_bytes(b"the key")
    succeed(target, "restore", tmp_path / "file")
    assert (target / "webpush.pem").read_bytes() == b"the key"


@pytest.mark.thorough
def test_a_file_is_not_overwritten_unless_told_to(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("dear to somebody")
    assert "--force" in refuse(data_dir, "backup", file, code=2)
    assert file.read_text() == "dear to somebody"
    succeed(data_dir, "backup", file, "--force")
    assert zipfile.is_zipfile(file)
    assert names(tmp_path) == ["file"]


@pytest.mark.thorough
def test_what_cannot_be_written_is_said_in_one_line_and_leaves_nothing(data_dir: Path, tmp_path: Path) -> None:
    assert "no folder" in refuse(data_dir, "backup", tmp_path / "no" / "file", code=2)
    assert "is a folder" in refuse(data_dir, "backup", tmp_path, code=2)
    assert "not a regular file" in refuse(data_dir, "backup", "/dev/null", "--force", code=2)
    empty = tmp_path / "empty"
    assert "SMITH_DATA_DIR" in refuse(empty, "backup", tmp_path / "file", code=2)
    assert not empty.exists(), "a wrong folder is not made into an empty server"
    with Path("/dev/full").open("wb") as full:
        assert "No space left on device" in refuse(data_dir, "backup", "-", code=1, stdout=full)
    assert "File name too long" in refuse(data_dir, "backup", tmp_path / ("n" * 300), code=2)
    assert "File name too long" in refuse(tmp_path / ("n" * 300), "backup", tmp_path / "file", code=1)
    assert smith(data_dir, "backup", "-", "--json").returncode == 2
    assert names(tmp_path) == []


def with_manifest(backup: Path, **changes: object) -> bytes:
    """The backup with a manifest that says something else."""
    written = io.BytesIO()
    with zipfile.ZipFile(backup) as source, ArchiveWriter(written) as archive:
        archive.add(MANIFEST, json.dumps(json.loads(source.read(MANIFEST)) | changes).encode())
        archive.add(DUMP, source.read(DUMP))
    return written.getvalue()


def without_sums(backup: Path) -> bytes:
    """As a backup that was given up half way."""
    written = io.BytesIO()
    with zipfile.ZipFile(backup) as source, zipfile.ZipFile(written, "w") as archive:
        for member in (MANIFEST, DUMP):
            archive.writestr(member, source.read(member))
    return written.getvalue()


def flipped(content: bytes, position: int) -> bytes:
    """One bit differs."""
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


SPOILT: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "cut off": (lambda backup: backup.read_bytes()[:-100], "its end is missing"),
    "cut in half": (lambda backup: backup.read_bytes()[: backup.stat().st_size // 2], "its end is missing"),
    "a flipped bit": (lambda backup: flipped(backup.read_bytes(), backup.stat().st_size // 2), "is damaged"),
    "given up": (without_sums, "not a complete backup"),
    "empty": (lambda _: b"", "not a backup"),
    "text": (lambda _: b"hello\n" * 1000, "not a backup"),
    "of a later format": (lambda backup: with_manifest(backup, format=2, version="9.9"), "version 9.9"),
    "nonsense": (lambda backup: with_manifest(backup, format="x"), "makes no sense"),
}
"""What reading the file tells."""
OF_ANOTHER_SCHEMA: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "of a schema from before the first release": (
        lambda backup: with_manifest(backup, schema_revision="0007"),
        "an older build first",
    ),
    "of a later schema": (lambda backup: with_manifest(backup, schema_revision="9999"), "9999"),
}
BAD = SPOILT | OF_ANOTHER_SCHEMA
IN_EVERY_RUN = "a flipped bit"
"""Each starts the command. It refuses every file of SPOILT in the same place; another schema is for thorough tests."""


@pytest.mark.parametrize("what", SPOILT)
def test_a_file_that_is_not_a_whole_backup_is_not_read(backup: Path, what: str) -> None:
    spoil, words = SPOILT[what]
    with pytest.raises(NotABackup, match=f"^it .*{words}"):
        Archive(io.BytesIO(spoil(backup)), "it")


@pytest.mark.parametrize(
    "what", [what if what == IN_EVERY_RUN else pytest.param(what, marks=pytest.mark.thorough) for what in BAD]
)
def test_a_file_that_is_not_a_whole_backup_is_refused_before_anything_is_touched(
    data_dir: Path, backup: Path, tmp_path: Path, what: str
) -> None:
    spoil, words = BAD[what]
    file = tmp_path / "bad"
    file.write_bytes(spoil(backup))
    before = cluster(data_dir), names(data_dir)
    line = refuse(data_dir, "restore", file, code=2)
    assert words in line
    assert str(file) in line
    assert (cluster(data_dir), names(data_dir)) == before
    assert is_well(data_dir)


def contents(content: bytes) -> list[bytes]:
    """What a restore would read."""
    archive = Archive(io.BytesIO(content), "it")
    return [b"".join(archive.pieces(member)) for member in (MANIFEST, DUMP)]


def test_every_truncation_is_noticed_and_no_flipped_bit_changes_what_is_restored(backup: Path) -> None:
    good = backup.read_bytes()
    intact, step, refused = contents(good), len(good) // 400, 0
    for position in [*range(0, len(good), step), *range(len(good) - 700, len(good))]:
        with pytest.raises(NotABackup):
            contents(good[:position])
        try:
            # The date of a member, for one, may say anything.
            assert contents(flipped(good, position)) == intact
        except NotABackup:
            refused += 1
    assert refused > 400


def test_a_file_that_is_not_there_is_named(data_dir: Path, tmp_path: Path) -> None:
    assert str(tmp_path / "no") in refuse(data_dir, "restore", tmp_path / "no", code=2)
    assert "Is a directory" in refuse(data_dir, "restore", tmp_path, code=2)
