"""The app's own stylesheet, script and font: all files of `static/`, each named after its content."""

import hashlib
import json
import re
from functools import cache
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response

from admin_ui import texts

FOLDER = Path(__file__).parent / "static"
LOGO = (FOLDER / "logo.svg").read_text()
TYPES = {"css": "text/css", "js": "text/javascript"}
FONTS = FOLDER / "fonts"
FIRST = ("theme", "texts", "smith")
"""What the other files of the kind use."""


SCRIPT_TEXT = re.compile(r'\b_\(("(?:[^"\\]|\\.)*")')
"""A text in a script, as `texts.js` says."""
DARK = re.compile(r"^body\.body--dark \{([^{}]*--bg:[^{}]*)\}", re.MULTILINE)
"""The dark colors of the theme."""


@cache
def _bundle(kind: str) -> tuple[str, bytes]:
    """Path and content. What the other files of the kind use comes first."""
    files = sorted(FOLDER.glob(f"*.{kind}"), key=lambda file: (_place(file.stem), file.name))
    content = b"\n".join(file.read_bytes() for file in files)
    if kind == "js":
        content = _script_texts(content.decode()).encode() + content
    if kind == "css":
        content += dark_by_itself(content.decode()).encode()
        for font, path in _fonts().items():
            content = content.replace(f'"fonts/{font.name}"'.encode(), f'"{path}"'.encode())
    return f"/assets/smith.{_fingerprint(content)}.{kind}", content


def _place(name: str) -> int:
    return FIRST.index(name) if name in FIRST else len(FIRST)


def _script_texts(scripts: str) -> str:
    """What the scripts say, in the language of this server; nothing if that is English."""
    if texts.language() == texts.SOURCE:
        return ""
    found = {text: texts._(text) for text in map(json.loads, SCRIPT_TEXT.findall(scripts))}
    return (
        f"window.smithLanguage = {json.dumps(texts.language_tag())};\n"
        f"window.smithTexts = {json.dumps(found, ensure_ascii=False)};\n"
    )


@cache
def _fonts() -> dict[Path, str]:
    """The paths of the fonts' files, where the stylesheet finds them."""
    return {font: f"/assets/{font.stem}.{_fingerprint(font.read_bytes())}.woff2" for font in FONTS.glob("*.woff2")}


def _fingerprint(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def dark_by_itself(theme: str) -> str:
    """The theme's dark colors once more, for pages that follow the system without a script.

    Raises ValueError unless the theme has exactly one rule for its dark colors.
    """
    [colors] = DARK.findall(theme)
    return (
        "\nbody.body--auto { color-scheme: light dark; }"
        f"\n@media (prefers-color-scheme: dark) {{ body.body--auto {{{colors}}} }}\n"
    )


def head() -> str:
    """The HTML elements that load them into a page."""
    return f'<link rel="stylesheet" href="{_bundle("css")[0]}"><script src="{_bundle("js")[0]}" defer></script>'


def serve(app: FastAPI) -> None:
    """Serves them. Browsers may cache them without end: if the content changes, the name does."""
    for kind, media_type in TYPES.items():
        path, content = _bundle(kind)
        app.add_api_route(path, _answering(content, media_type), include_in_schema=False)
    for font, path in _fonts().items():
        app.add_api_route(path, _answering(font.read_bytes(), "font/woff2"), include_in_schema=False)


def _answering(content: bytes, media_type: str):  # type: ignore[no-untyped-def]
    async def answer() -> Response:
        return Response(
            content, media_type=media_type, headers={"cache-control": "public, max-age=31536000, immutable"}
        )

    return answer
