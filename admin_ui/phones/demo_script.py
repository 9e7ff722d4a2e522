"""What the demo for newcomers plays: twenty seconds with a push and each type of Live Activity but the legacy ones."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from admin_ui.texts import _

SECONDS = 22.0
"""How long the demo takes."""

State = Mapping[str, Any]


class Player(Protocol):
    """A phone on which the demo is played."""

    async def push(self, body: Mapping[str, Any]) -> None:
        """A push notification comes."""

    async def start(self, key: str, body: Mapping[str, Any]) -> None:
        """A Live Activity starts; the script calls it `key` from then on."""

    async def update(self, key: str, body: Mapping[str, Any]) -> None:
        """It changes."""

    async def end(self, key: str) -> None:
        """It ends, and leaves the screen at once."""

    async def lock(self, *, locked: bool) -> None:
        """The person locks or unlocks the phone."""


Deed = Callable[[Player], Any]


@dataclass(frozen=True)
class Scene:
    """Something that happens; with a title it is also explained."""

    at: float
    """Seconds after the beginning."""
    deeds: Sequence[Deed]
    title: str = ""
    words: str = ""


def _push(**body: Any) -> Deed:
    return lambda player: player.push(body)


def _start(key: str, action: State | None = None, **state: Any) -> Deed:
    body = {"content_state": state} | ({"action": action} if action else {})
    return lambda player: player.start(key, body)


def _update(key: str, alert: State | None = None, **state: Any) -> Deed:
    body = {"content_state": state} | ({"alert": alert} if alert else {})
    return lambda player: player.update(key, body)


def _end(key: str) -> Deed:
    return lambda player: player.end(key)


def _lock(*, locked: bool) -> Deed:
    return lambda player: player.lock(locked=locked)


def _deploy(step: int, subtitle: str, **more: Any) -> dict[str, Any]:
    return {
        "title": _("Deploy to production"),
        "subtitle": subtitle,
        "type": "segmented_progress",
        "number_of_steps": 4,
        "current_step": step,
        "color": "lime",
        **more,
    }


def _charge(percentage: int) -> dict[str, Any]:
    return {
        "title": _("Car is charging"), "subtitle": _("Garage"), "type": "progress", "percentage": percentage,
        "color": "green",
    }  # fmt: skip


def _server(cpu: int, jobs: int) -> dict[str, Any]:
    metrics = [
        {"label": "CPU", "value": cpu, "unit": "%"}, {"label": _("Memory"), "value": 63, "unit": "%"},
        {"label": _("Queue"), "value": jobs, "unit": _("jobs")}, {"label": _("Errors"), "value": 0},
    ]  # fmt: skip
    return {"title": _("Server health"), "subtitle": "web-1", "type": "metrics", "metrics": metrics, "color": "cyan"}


SALES = [
    {"label": _("Revenue"), "value": "$2,430"}, {"label": _("Orders"), "value": 37},
    {"label": _("Refunds"), "value": 1},
]  # fmt: skip

SCENES: tuple[Scene, ...] = (
    Scene(
        0.0,
        [_push(title=_("Order 1042 is paid"), message=_("Ada Lovelace, 3 items, $89."))],
        _("A push notification"),
        _("It says something once and stays until the person clears it."),
    ),
    Scene(
        2.5,
        [_start("deploy", **_deploy(1, _("Build")))],
        _("A Live Activity: steps"),
        _("One card that changes in place, instead of a push for every step."),
    ),
    Scene(4.0, [_update("deploy", **_deploy(2, _("Test")))]),
    Scene(
        5.0,
        [_start("charge", **_charge(35))],
        _("Progress"),
        _("How far something has come: a part of the whole."),
    ),
    Scene(6.5, [_update("charge", **_charge(80)), _update("deploy", **_deploy(3, _("Roll out")))]),
    Scene(
        7.5,
        [_end("charge"), _start("server", **_server(42, 12))],
        _("Metrics"),
        _("A few numbers that move. Up to 100 they have a bar."),
    ),
    Scene(9.0, [_update("server", **_server(88, 31))]),
    Scene(
        10.0,
        [
            _end("server"),
            _start("tea", title=_("Tea"), subtitle=_("Steeping"), type="timer", duration_seconds=300, color="orange"),
        ],
        _("Timer"),
        _("A clock that the phone counts by itself. For its seconds the server sends nothing."),
    ),
    Scene(
        12.0,
        [_start("sales", title=_("Sales today"), type="stats", metrics=SALES, color="purple")],
        _("Stats"),
        _("Numbers and words side by side."),
    ),
    Scene(
        14.0,
        [_end("sales"), _start("train", title=_("Next train"), subtitle=_("Platform 3"), type="value", value="14:32")],
        _("Value"),
        _("One number or text, large."),
    ),
    Scene(
        16.0,
        [
            _end("train"),
            _start(
                "release",
                action={"title": _("Open the release"), "type": "open_url", "url": "https://example.com/releases/214"},
                title=_("Approve the release?"),
                type="alert",
                message=_("Version 2.14 is built and tested."),
                color="blue",
            ),
        ],
        _("Alert"),
        _("A message on a card, with a button."),
    ),
    Scene(
        18.0,
        [_end("release"), _lock(locked=False)],
        _("The unlocked phone"),
        _("The cards are in the Dynamic Island now. Two share it."),
    ),
    Scene(
        19.5,
        [_update("deploy", alert={"title": _("Deployed"), "body": _("Live for all")}, **_deploy(4, _("Live for all")))],
        _("An update that rings"),
        _("With an alert, the card grows out of the island for a moment."),
    ),
)
EXPLAINED = tuple(scene for scene in SCENES if scene.title)


async def perform(player: Player, explain: Callable[[Scene], None]) -> None:
    """Plays it. `explain` is called with each scene that has a title."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for scene in SCENES:
        await asyncio.sleep(max(0.0, began + scene.at - loop.time()))
        # A slow server plays a longer demo, not scenes that are too short to read.
        began = max(began, loop.time() - scene.at)
        if scene.title:
            explain(scene)
        for deed in scene.deeds:
            await deed(player)
    await asyncio.sleep(max(0.0, began + SECONDS - loop.time()))
