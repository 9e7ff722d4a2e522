"""Renders the icons of the page at `/phone/` from `gateway/phone/icons/icon.svg`, with the Chromium of the browser
tests."""

import subprocess
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
ICONS = ROOT / "gateway" / "phone" / "icons"
GROUND = "#ee6a33"
SQUARE = '<rect width="32" height="32" rx="9" fill="#ee6a33"/>'
BADGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="#fff" fill-rule="evenodd" '
    'd="M11 7h10a9 9 0 0 1 '
    '0 18H11a9 9 0 0 1 0-18Zm0 4.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Zm7.5 2.8v3.4h5.5v-3.4Z"/></svg>'
)
"""Android takes the shape and gives it a color."""


def main() -> None:
    """Writes the PNG files."""
    drawing = (ICONS / "icon.svg").read_text()
    # Phones round the corners themselves; what is cut off must be the ground.
    full = drawing.replace(SQUARE, "")
    if full == drawing:
        raise SystemExit("the drawing's ground has changed")
    pictures = {
        "icon-180.png": (full, 180, 1.0, GROUND),
        "icon-192.png": (drawing, 192, 1.0, ""),
        "icon-512.png": (drawing, 512, 1.0, ""),
        "maskable-512.png": (full, 512, 0.8, GROUND),
        "badge-96.png": (BADGE, 96, 1.0, ""),
    }
    finder = ROOT / "scripts" / "find_chromium.sh"
    found = subprocess.run([finder], capture_output=True, text=True, check=True)  # noqa: S603 - our own
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=["--no-sandbox"])
        page = browser.new_page()
        for name, (svg, size, share, ground) in pictures.items():
            inner = round(size * share)
            page.set_viewport_size({"width": size, "height": size})
            page.set_content(
                f"<style>body{{margin:0;width:{size}px;height:{size}px;display:grid;place-items:center;"
                f"background:{ground or 'transparent'}}}svg{{width:{inner}px;height:{inner}px}}</style>{svg}"
            )
            page.screenshot(path=ICONS / name, omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
