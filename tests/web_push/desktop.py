"""A desktop's notification area on a D-Bus of its own: browsers show notifications there, and tests click on them."""

import asyncio
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusDict, DBusInt32, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

Texts = Annotated[list[str], DBusSignature("as")]
FourTexts = Annotated[list[str], DBusSignature("ssss")]
TwoNumbers = Annotated[list[int], DBusSignature("uu")]
NumberAndText = Annotated[list[Any], DBusSignature("us")]

PERSON, PROGRAM = 2, 3
"""Who has closed a notification, as D-Bus says it."""


@dataclass
class OnDesktop:
    """A notification as the browser has handed it to the desktop."""

    id: int
    title: str
    body: str
    actions: dict[str, str]
    """The labels of what can be pressed, by the browser's keys."""
    is_silent: bool
    times: int = 1
    """How often it was handed over: once, and once for each replacement in place."""


class NotificationArea(ServiceInterface):
    """org.freedesktop.Notifications, as desktops have it."""

    def __init__(self) -> None:
        super().__init__("org.freedesktop.Notifications")
        self.shown: dict[int, OnDesktop] = {}
        self.history: list[OnDesktop] = []
        self._last = 0

    @dbus_method("GetCapabilities")
    def capabilities(self) -> Texts:
        """What it can show."""
        return ["actions", "body", "body-markup", "icon-static", "persistence", "body-images"]

    @dbus_method("GetServerInformation")
    def information(self) -> FourTexts:
        """Who it is."""
        return ["desktop of tests", "tests", "1", "1.2"]

    @dbus_method("Notify")
    def notify(  # noqa: PLR0917 - as D-Bus has it
        self, app: DBusStr, replaces: DBusUInt32, icon: DBusStr, title: DBusStr, body: DBusStr, actions: Texts,
        hints: DBusDict, timeout: DBusInt32,
    ) -> DBusUInt32:  # fmt: skip
        """Shows one, in the place of another if it is told so."""
        if not replaces:
            self._last += 1
        before = self.shown.get(replaces)
        number = replaces or self._last
        silent = hints.get("suppress-sound")
        note = OnDesktop(
            number, title, body, dict(zip(actions[::2], actions[1::2], strict=False)),
            is_silent=bool(silent and silent.value), times=before.times + 1 if before else 1,
        )  # fmt: skip
        self.shown[number] = note
        self.history.append(note)
        return number

    @dbus_method("CloseNotification")
    def close(self, number: DBusUInt32) -> None:
        """The browser takes one away."""
        if self.shown.pop(number, None):
            self.closed(number, PROGRAM)

    @dbus_signal("NotificationClosed")
    def closed(self, number: DBusUInt32, reason: DBusUInt32) -> TwoNumbers:
        """Tells browsers that one is gone."""
        return [number, reason]

    @dbus_signal("ActionInvoked")
    def invoked(self, number: DBusUInt32, key: DBusStr) -> NumberAndText:
        """Tells browsers what was pressed."""
        return [number, key]


class Desktop:
    """A private bus with a notification area on it."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="smith-desktop-"))
        self.address = f"unix:path={self._folder / 'bus'}"

    async def __aenter__(self) -> "Desktop":
        """Starts the bus."""
        self._daemon = await asyncio.create_subprocess_exec(
            "dbus-daemon", "--session", f"--address={self.address}", "--nofork", "--nopidfile", "--print-address",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self._daemon.stdout is not None
        # It listens once it has printed its address.
        assert await self._daemon.stdout.readline(), "dbus-daemon ended"
        self._bus = await MessageBus(bus_address=self.address).connect()
        self.area = NotificationArea()
        self._bus.export("/org/freedesktop/Notifications", self.area)
        await self._bus.request_name("org.freedesktop.Notifications")
        return self

    async def __aexit__(self, *_: Any) -> None:
        """Ends it."""
        self._bus.disconnect()
        self._daemon.terminate()
        await self._daemon.wait()
        shutil.rmtree(self._folder)

    def titled(self, title: str) -> list[OnDesktop]:
        """What is shown with this title, oldest first."""
        return [one for one in self.area.shown.values() if one.title == title]

    def ever(self, title: str) -> list[OnDesktop]:
        """What was ever shown with this title: each time that it was handed over."""
        return [one for one in self.area.history if one.title == title]

    def press(self, note: OnDesktop, label: str | None = None) -> None:
        """A person clicks on a button of it, or on the notification itself."""
        key = "default" if label is None else next(key for key, text in note.actions.items() if text == label)
        self.area.invoked(note.id, key)

    def dismiss(self, note: OnDesktop) -> None:
        """A person takes it away."""
        self.area.shown.pop(note.id, None)
        self.area.closed(note.id, PERSON)
