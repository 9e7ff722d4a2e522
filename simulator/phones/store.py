"""Phones on disk: all records in one file, each phone's notifications and Live Activities in files of their own."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from simulator.files import replace_file
from simulator.phones.records import LiveActivitiesRecord, PhoneRecord, ScreenRecord

M = TypeVar("M", bound=BaseModel)


class _PhonesFile(BaseModel):
    phones: list[PhoneRecord] = []


class PhoneStore:
    """Reads and writes the files under a folder, readable by their owner only since they hold secrets."""

    def __init__(self, folder: Path) -> None:
        self._phones = folder / "phones.json"
        self._in_use = folder / "phones.in-use"
        self._screens = folder / "screens"
        self._activities = folder / "live_activities"
        for each in (self._screens, self._activities):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)

    def begin(self) -> bool:
        """Marks the files as in use. Returns whether they were marked already: the last run was killed. Raises
        OSError."""
        killed = self._in_use.exists()
        self._in_use.touch(mode=0o600)
        return killed

    def finish(self) -> None:
        """Removes the mark once everything is on disk. Raises OSError."""
        self._in_use.unlink(missing_ok=True)

    def load(self) -> list[tuple[PhoneRecord, ScreenRecord, LiveActivitiesRecord]]:
        """All phones with their screens. Raises ValueError naming a file that cannot be read."""
        if not self._phones.exists():
            return []
        records = _read(self._phones, _PhonesFile).phones
        return [(record, self._load_screen(record.id), self._load_activities(record.id)) for record in records]

    def save_phones(self, records: Iterable[PhoneRecord]) -> None:
        """Writes the phones' records. Blocks; raises OSError."""
        document = {"phones": [record.model_dump() for record in records]}
        replace_file(self._phones, json.dumps(document, indent=1).encode())

    def save_screen(self, phone_id: str, screen: ScreenRecord) -> None:
        """Writes a screen. Blocks; raises OSError."""
        document = {
            "badge": screen.badge,
            "stored": screen.stored.model_dump() if screen.stored else None,
            "notifications": [dict(notification) for notification in screen.notifications],
        }
        replace_file(self._screen_path(phone_id), json.dumps(document).encode())

    def save_activities(self, phone_id: str, document: str) -> None:
        """Writes Live Activities, given as JSON. Blocks; raises OSError."""
        replace_file(self._activities_path(phone_id), document.encode())

    def delete(self, phone_id: str) -> None:
        """Deletes the phone's files, if there are any."""
        self._screen_path(phone_id).unlink(missing_ok=True)
        self._activities_path(phone_id).unlink(missing_ok=True)

    def _load_screen(self, phone_id: str) -> ScreenRecord:
        path = self._screen_path(phone_id)
        return _read(path, ScreenRecord) if path.exists() else ScreenRecord()

    def _load_activities(self, phone_id: str) -> LiveActivitiesRecord:
        path = self._activities_path(phone_id)
        return _read(path, LiveActivitiesRecord) if path.exists() else LiveActivitiesRecord()

    def _activities_path(self, phone_id: str) -> Path:
        return self._activities / f"{phone_id}.json"

    def _screen_path(self, phone_id: str) -> Path:
        return self._screens / f"{phone_id}.json"


def _read(path: Path, model: type[M]) -> M:
    try:
        return model.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ValueError(f"{path} cannot be understood ({error.error_count()} mistakes)") from None
