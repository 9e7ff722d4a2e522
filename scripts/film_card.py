"""Films a card on the lock screen of a simulated iPhone: writes `docs/pictures/card.webp`, which README shows.

It needs Pillow. Call it with the folder of the data of a running server, whose simulated iPhone is empty:
`python -m scripts.film_card var`.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Locator

from scripts.admin_page import PICTURES, chromium, go, quickstart, signed_in

TARGET = PICTURES / "card.webp"
FRAME_MS = 120
LOOK_MS = 1400
"""How long a reader looks at a state, and how long a frame of a movement is shown."""
FRAMES_OF_A_MOVE = 6
QUALITY = 82
PART = 0.45
"""How much of the phone is filmed, from its bottom up."""

STEPS = ("Build", "Test", "Migrate", "Roll out", "Check")
DEPLOY: dict[str, Any] = {"title": "Deploy v2.14", "type": "segmented_progress", "number_of_steps": len(STEPS)}


def scenes(backend: httpx.Client) -> Iterator[None]:
    """Sends one request after the other; each has been answered when it yields."""
    stream = "/api/live-activity/stream/deploy"
    for number, step in enumerate(STEPS, 1):
        state = DEPLOY | {"current_step": number, "subtitle": step}
        backend.put(stream, json={"content_state": state}).raise_for_status()
        yield
    push = {"title": "Deploy v2.14 is live", "message": "5 steps in 4 minutes. Nothing to do."}
    backend.post("/api/push-notification", json=push).raise_for_status()
    yield
    backend.request("DELETE", stream).raise_for_status()


def main(data: Path) -> None:
    """Films it."""
    facts = quickstart(data)
    film: list[tuple[Image.Image, int]] = []
    headers = {"Authorization": f"Bearer {facts['api_key']}"}
    with (
        httpx.Client(base_url=facts["gateway_url"], headers=headers) as backend,
        chromium() as browser,
        signed_in(browser, facts, viewport={"width": 1100, "height": 1100}) as page,
    ):
        go(page, "/lock-screen")
        phone = page.locator(".iphone").first
        for _ in scenes(backend):
            film += [(frame(phone), FRAME_MS) for _ in range(FRAMES_OF_A_MOVE)]
            page.wait_for_timeout(LOOK_MS)
            film.append((frame(phone), LOOK_MS))
    pictures = [picture for picture, _ in film]
    durations = [shown for _, shown in film]
    pictures[0].save(
        TARGET, save_all=True, append_images=pictures[1:], duration=durations, loop=0, quality=QUALITY, method=6
    )


def frame(phone: Locator) -> Image.Image:
    """What the lower part of the phone shows now."""
    whole = Image.open(io.BytesIO(phone.screenshot())).convert("RGB")
    return whole.crop((0, int(whole.height * (1 - PART)), whole.width, whole.height))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
