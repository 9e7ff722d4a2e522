"""Debian's Firefox, driven over its own WebDriver BiDi socket."""

import asyncio
import itertools
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

PREFERENCES: dict[str, Any] = {
    "dom.push.testing.allowInsecureServerURL": True,
    # Off under WebDriver, and on in a Firefox of a person.
    "dom.push.connection.enabled": True,
    "dom.push.retryBaseInterval": 500,
    "permissions.default.desktop-notification": 1,
    # Firefox asks whether the page's data may be kept: the person says yes.
    # The desktop's notification area, not windows of Firefox's own.
    "alerts.useSystemBackend": True,
    "remote.active-protocols": 1,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.disabledForTesting": True,
    "app.normandy.enabled": False,
    "extensions.update.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    # Otherwise processes with 50 threads wait for pages that the tests never open.
    "dom.ipc.processPrelaunch.enabled": False,
}
LISTENING = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")


def find_firefox() -> str:
    """The path of Firefox. Fails in one line if there is none."""
    found = shutil.which("firefox-esr") or shutil.which("firefox")
    assert found, "There is no Firefox. Install it; on Debian: apt-get install firefox-esr."
    return found


class Firefox:
    """A Firefox with a profile that outlives its restarts."""

    name = "firefox"

    def __init__(self, folder: Path, desktop_address: str, push_url: str) -> None:
        """`push_url` is the ws: address of its push service."""
        self._profile = folder / "firefox"
        self._profile.mkdir()
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SMITH_")},
            "DBUS_SESSION_BUS_ADDRESS": desktop_address,
            "HOME": str(folder),
        }
        preferences = {**PREFERENCES, "dom.push.serverURL": push_url}
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items())
        (self._profile / "user.js").write_text("\n".join(lines))
        self._numbers = itertools.count(1)

    async def start(self) -> None:
        """Starts it with an empty page."""
        self._process = await asyncio.create_subprocess_exec(
            find_firefox(), "--headless", "--remote-debugging-port=0", "--profile", str(self._profile), "about:blank",
            env=self._environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stderr is not None
        while not (found := LISTENING.search(line := await self._process.stderr.readline())):
            assert line, "Firefox ended"
        # An unread pipe would block it one day.
        self._reading = asyncio.create_task(self._process.stderr.read())
        self._socket = await connect(f"{found[1].decode()}/session", max_size=None, proxy=None, ping_interval=None)
        await self._call("session.new", capabilities={})
        self._page = (await self._call("browsingContext.getTree"))["contexts"][0]["context"]

    async def stop(self) -> None:
        """Closes it as a person does."""
        await self._call("browser.close")
        await self._socket.close()
        try:
            await asyncio.wait_for(self._process.wait(), 20)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def goto(self, url: str) -> None:
        """Opens a page."""
        await self._call("browsingContext.navigate", context=self._page, url=url, wait="complete")

    async def js(self, expression: str) -> Any:
        """What the expression, a promise or not, comes to; it must be JSON. As if a person had just clicked."""
        result = await self._call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self._page},
            awaitPromise=True,
            userActivation=True,
        )
        assert result["type"] == "success", result["exceptionDetails"]["text"]
        return json.loads(result["result"]["value"])

    async def allow(self, origin: str, *, allowed: bool) -> None:
        """The person gives, or takes back, the permission to notify."""
        state = "granted" if allowed else "denied"
        await self._call("permissions.setPermission", descriptor={"name": "notifications"}, state=state, origin=origin)

    async def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        async with asyncio.timeout(60):
            while True:
                answer = json.loads(await self._socket.recv())
                if answer.get("id") == number:
                    assert answer["type"] == "success", answer
                    return dict(answer["result"])
