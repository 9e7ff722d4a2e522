"""The API's reference: `/api/openapi.json` for programs, `/api/docs` for people. Neither needs credentials, and
neither loads anything from another server."""

import gzip
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.resources import files

from gateway.openapi import document
from gateway.published import SAFE, Published
from gateway.routes import Route
from service_kit.json_mapping import dump

DOCUMENT_PATH = "/api/openapi.json"
PAGE_PATH = "/api/docs"

VIEWER = "scalar-api-reference-1.46.4.js"
"""Scalar's viewer, kept compressed. `scripts/vendor_reference_viewer.sh` writes it."""

REVALIDATE = "no-cache"
FOR_GOOD = "public, max-age=31536000, immutable"
"""For files whose name contains their version."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; "
    # The viewer's script sets its styles. The other directives forbid what a style could load.
    "style-src 'self' 'unsafe-inline'"
)
PAGE = SAFE | {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


def reference(routes: Sequence[Route], public_path: str = "") -> Mapping[str, Published]:
    """The published content by path; a proxy shows it under `public_path`. It is made at the first request for it."""
    return {
        DOCUMENT_PATH: Published(
            lambda: dump(document(list(routes), public_path)), "application/json", REVALIDATE, SAFE
        ),
        PAGE_PATH: Published(partial(_read, "page.html"), "text/html; charset=utf-8", REVALIDATE, PAGE),
        f"{PAGE_PATH}/page.js": Published(
            partial(_read, "page.js"), "text/javascript; charset=utf-8", REVALIDATE, SAFE
        ),
        f"{PAGE_PATH}/page.css": Published(partial(_read, "page.css"), "text/css; charset=utf-8", REVALIDATE, SAFE),
        f"{PAGE_PATH}/icon.svg": Published(partial(_read, "icon.svg"), "image/svg+xml", REVALIDATE, SAFE),
        f"{PAGE_PATH}/{VIEWER}": Published(_viewer, "text/javascript; charset=utf-8", FOR_GOOD, SAFE),
    }


def _read(name: str) -> bytes:
    return files(__name__).joinpath(name).read_bytes()


def _viewer() -> bytes:
    return gzip.decompress(_read(f"{VIEWER}.gz"))
