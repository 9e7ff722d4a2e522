"""Writes `admin_ui/static/icons.js`: the drawings of Lucide for the icon names that the admin and Quasar use.

Call it with the folder of the unpacked npm package `lucide-static` after adding a name to `DRAWN`.
"""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

TARGET = Path(__file__).parent.parent / "admin_ui" / "static" / "icons.js"
SVG = "{http://www.w3.org/2000/svg}"

DRAWN = {
    "account_circle": "circle-user-round",
    "add": "plus",
    "arrow_back": "arrow-left",
    "arrow_downward": "arrow-down",
    "arrow_drop_down": "chevron-down",
    "arrow_drop_up": "chevron-up",
    "arrow_forward": "arrow-right",
    "arrow_upward": "arrow-up",
    "attachment": "paperclip",
    "autorenew": "refresh-cw",
    "battery_full": "battery-full",
    "block": "ban",
    "bolt": "zap",
    "bookmark": "bookmark",
    "calendar_month": "calendar",
    "cancel": "circle-x",
    "check": "check",
    "check_circle": "circle-check",
    "chevron_left": "chevron-left",
    "chevron_right": "chevron-right",
    "close": "x",
    "code": "code",
    "computer": "monitor",
    "content_copy": "copy",
    "contrast": "contrast",
    "database": "database",
    "delete": "trash-2",
    "device_unknown": "monitor-smartphone",
    "devices": "monitor-smartphone",
    "dns": "server",
    "done": "check",
    "download": "download",
    "edit": "pencil",
    "error": "circle-alert",
    "error_outline": "circle-alert",
    "event": "calendar",
    "expand_less": "chevron-up",
    "expand_more": "chevron-down",
    "filter_list": "list-filter",
    "fingerprint": "fingerprint-pattern",
    "flashlight_on": "flashlight",
    "graphic_eq": "audio-lines",
    "group": "users",
    "help": "circle-question-mark",
    "history": "history",
    "home": "house",
    "http": "arrow-right-left",
    "image": "image",
    "info": "info",
    "insights": "chart-line",
    "key": "key-round",
    "keyboard_arrow_down": "chevron-down",
    "keyboard_arrow_up": "chevron-up",
    "language": "globe",
    "link": "link",
    "lock": "lock",
    "lock_open": "lock-open",
    "login": "log-in",
    "logout": "log-out",
    "mail": "mail",
    "menu": "menu",
    "menu_book": "book-open",
    "monitor_heart": "heart-pulse",
    "more_horiz": "ellipsis",
    "movie": "film",
    "notifications": "bell",
    "open_in_new": "external-link",
    "password": "rectangle-ellipsis",
    "pause": "pause",
    "person": "user-round",
    "person_add": "user-plus",
    "phone_iphone": "smartphone",
    "photo_camera": "camera",
    "play_arrow": "play",
    "power_settings_new": "power",
    "qr_code": "qr-code",
    "radio_button_unchecked": "circle",
    "receipt_long": "scroll-text",
    "refresh": "refresh-cw",
    "remove": "minus",
    "replay": "rotate-ccw",
    "rocket_launch": "rocket",
    "save": "save",
    "schedule": "clock",
    "science": "flask-conical",
    "search": "search",
    "search_off": "search-x",
    "security": "shield",
    "send": "send",
    "settings": "settings",
    "space_dashboard": "layout-dashboard",
    "stop": "square",
    "storage": "hard-drive",
    "sync_alt": "arrow-right-left",
    "swap_vert": "arrow-down-up",
    "tag": "hash",
    "terminal": "terminal",
    "timelapse": "activity",
    "timer": "timer",
    "touch_app": "pointer",
    "unfold_more": "chevrons-up-down",
    "verified_user": "shield-check",
    "visibility": "eye",
    "visibility_off": "eye-off",
    "warning": "triangle-alert",
    "webhook": "webhook",
    "widgets": "layout-grid",
    "wifi": "wifi",
    "wifi_off": "wifi-off",
}
"""The name in the source, which is the one of Material's icons as in NiceGUI and Quasar; the name at Lucide."""

HEADER = """// Thin icons in place of Material's font, for the same names. Written by scripts/draw_icons.py from Lucide.
// LICENSE-lucide.txt is its licence.
"use strict";

window.smithIcon = ((drawings) => (name) => {
  const drawing = drawings[name];
  return drawing && { icon: `${drawing}|0 0 24 24` };
})("""


def path_of(shape: ElementTree.Element) -> str:
    """The shape as the data of a path. Raises ValueError for a kind of shape that Lucide does not use."""

    def number(name: str, otherwise: float = 0) -> float:
        return float(shape.get(name, otherwise))

    kind = shape.tag.removeprefix(SVG)
    if kind == "path":
        return shape.attrib["d"]
    if kind in ("circle", "ellipse"):
        rx, ry = (number("r"),) * 2 if kind == "circle" else (number("rx"), number("ry"))
        left, middle = number("cx") - rx, number("cy")
        return f"M{left:g} {middle:g}a{rx:g} {ry:g} 0 1 0 {2 * rx:g} 0a{rx:g} {ry:g} 0 1 0 {-2 * rx:g} 0z"
    if kind == "line":
        return f"M{number('x1'):g} {number('y1'):g}L{number('x2'):g} {number('y2'):g}"
    if kind in ("polyline", "polygon"):
        return f"M{shape.attrib['points']}{'z' if kind == 'polygon' else ''}"
    if kind == "rect":
        x, y, wide, high = (number(name) for name in ("x", "y", "width", "height"))
        r = number("rx", number("ry"))
        arc = f"a{r:g} {r:g} 0 0 1"
        return (
            f"M{x + r:g} {y:g}h{wide - 2 * r:g}{arc} {r:g} {r:g}v{high - 2 * r:g}{arc} {-r:g} {r:g}"
            f"h{2 * r - wide:g}{arc} {-r:g} {-r:g}v{2 * r - high:g}{arc} {r:g} {-r:g}z"
        )
    raise ValueError(f"a shape of an unknown kind: {kind}")


def main(package: Path) -> None:
    """Writes the file from the package in this folder."""
    drawings = {}
    for name, drawn in DRAWN.items():
        svg = ElementTree.parse(package / "icons" / f"{drawn}.svg").getroot()  # noqa: S314 - of a package that was looked at
        drawings[name] = "&&".join(path_of(shape) for shape in svg)
    TARGET.write_text(f"{HEADER}{json.dumps(drawings, indent=2)});\n")
    (TARGET.parent / "LICENSE-lucide.txt").write_text((package / "LICENSE").read_text())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
