"""The page that makes a browser a phone: `/phone/`. It needs no credentials to be loaded, and loads nothing from
another server but what notifications name: images, audio and video."""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache, partial
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.types import Receive, Scope

from gateway.app import Answer, Handler
from gateway.published import SAFE, Published

FOLDER = "/phone"
PAGE_PATH = f"{FOLDER}/"
PAGE, WORKER, VERSION = "index.html", "sw.js", "version.js"

REVALIDATE = "no-cache"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    # Senders name the images, sounds and videos of notifications: any host that speaks https.
    "img-src 'self' data: https:; media-src https:"
)
"""The device's secret is in this origin's storage: no script but our own runs here."""
OF_THE_PAGE = SAFE | {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
OF_THE_WORKER = SAFE | {
    # Images are those of the notifications that it shows.
    "content-security-policy": "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data: https:"
}

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


def phone() -> Mapping[str, Handler]:
    """What is published, by path. All links between the parts are relative: a proxy may show them below a path."""
    published: dict[str, Handler] = {FOLDER: to_the_page}
    for name in (*contents(), VERSION):
        path = PAGE_PATH if name == PAGE else f"{FOLDER}/{name}"
        published[path] = Published(partial(_read, name), TYPES[_ending(name)], REVALIDATE, _headers(name))
    return published


async def to_the_page(scope: Scope, receive: Receive) -> Answer:
    """The address as people type it, without the slash at its end, leads to the page."""
    return Answer(308, b"", {"location": "phone/", "cache-control": REVALIDATE}, b"text/plain")


@cache
def contents() -> Mapping[str, bytes]:
    """Every file that is published, by its path below the folder."""
    return dict(sorted(_below(files(__name__), "")))


def version() -> bytes:
    """A module that names each file with its digest.

    The worker keeps the files for when there is no network. It imports this module: a file that has changed makes it
    another worker, and so the browser gets all of them, and never some of one version and some of another.
    """
    digests = {name if name != PAGE else "": _digest(body) for name, body in contents().items() if name != WORKER}
    whole = hashlib.sha256(json.dumps({**digests, WORKER: _digest(contents()[WORKER])}).encode()).hexdigest()[:16]
    return f'export const VERSION = "{whole}"\nexport const FILES = {json.dumps(digests, indent=2)}\n'.encode()


def _read(name: str) -> bytes:
    return version() if name == VERSION else contents()[name]


def _headers(name: str) -> Mapping[str, str]:
    return {PAGE: OF_THE_PAGE, WORKER: OF_THE_WORKER}.get(name, SAFE)


def _digest(body: bytes) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(body).digest()).decode()}"


def _ending(name: str) -> str:
    return name[name.rindex(".") :]


def _below(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _below(entry, f"{prefix}{entry.name}/")
        elif "." in entry.name and _ending(entry.name) in TYPES:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found
